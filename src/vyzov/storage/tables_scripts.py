"""The tables of scripts, the walks of calls through them, and what was answered, beside those of
`tables`.

A version of a script is never overwritten. A walk and its answers name the version of the *campaign*
its call was made with: that holds the steps as they were, whatever became of the script since.
"""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, maybe_text, metadata, of, of_organisation, text

script = sa.Table(
    "script",
    metadata,
    text("id"),
    of_organisation(),
    text("name"),
    int_("version"),
    text("created_at"),
    text("changed_at"),
    maybe_text("archived_at"),
    key("id"),
)

script_version = sa.Table(
    "script_version",
    metadata,
    of_organisation(),
    text("script_id"),
    sa.Column("version", sa.Integer, nullable=False),
    text("steps"),
    text("saved_at"),
    text("saved_by"),
    key("script_id", "version"),
    of("script_id", "script"),
)

# `turn` counts the moves of a walk, `last_move` is a digest of the latest: asked again, it is known.
script_walk = sa.Table(
    "script_walk",
    metadata,
    of_organisation(),
    text("attempt_id"),
    int_("turn"),
    text("at_step"),
    text("path"),
    text("aside"),
    text("last_move"),
    text("changed_at"),
    key("attempt_id"),
    of("attempt_id", "attempt"),
)

# Personal: `value` is what a person said.
script_answer = sa.Table(
    "script_answer",
    metadata,
    of_organisation(),
    text("attempt_id"),
    text("step_id"),
    text("campaign_id"),
    int_("campaign_version"),
    text("contact_id"),
    text("agent_id"),
    text("kind"),
    text("value"),
    text("at"),
    key("attempt_id", "step_id"),
    of("attempt_id", "attempt"),
    sa.Index("ix_script_answer_campaign", "organisation_id", "campaign_id", "at"),
    sa.Index("ix_script_answer_contact", "organisation_id", "contact_id"),
)
