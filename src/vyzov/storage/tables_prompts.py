"""The table of an organisation's own prompts, beside those of `tables`.

The sound is a file (`prompt_files`); the row names it by its hash. Levels are tenths of a dBm0.
"""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, metadata, of_organisation, one_of, text

prompt = sa.Table(
    "prompt",
    metadata,
    text("id"),
    of_organisation(),
    text("name"),
    text("language"),
    text("origin"),
    text("file_name"),
    int_("ms"),
    int_("level_tenths"),
    int_("given_tenths"),
    int_("bytes"),
    text("sha256"),
    text("changed_by"),
    text("changed_at"),
    key("id"),
    one_of("origin", "uploaded", "recorded", "spoken"),
    sa.Index("uq_prompt_name", "organisation_id", "name", "language", unique=True),
)
