"""The tables of teams, reasons of pauses and second factors, beside those of `tables`.

A reason's id is what a pause carries into facts: it is never given to another reason, and one that is
out of use keeps its row, so that past pauses keep their name. Of a recovery code only a hash is kept.
"""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, maybe_text, metadata, of, of_organisation, text

team = sa.Table(
    "team",
    metadata,
    text("id"),
    of_organisation(),
    text("name"),
    text("created_at"),
    key("id"),
    sa.Index("uq_team_name", "organisation_id", "name", unique=True),
)

# `limit_s` 0 is no limit.
pause_reason = sa.Table(
    "pause_reason",
    metadata,
    text("id"),
    of_organisation(),
    text("name_ru"),
    text("name_en"),
    int_("paid"),
    int_("limit_s"),
    int_("position"),
    text("created_at"),
    maybe_text("ended_at"),
    key("id"),
)

recovery_code = sa.Table(
    "recovery_code",
    metadata,
    of_organisation(),
    text("user_id"),
    text("code_hash"),
    maybe_text("used_at"),
    key("user_id", "code_hash"),
    of("user_id", "user_account"),
)
