"""The tables that make the look-ahead quick, beside those of `tables`; truth for speed only.

`zone_bucket` numbers the sets of time zones an organisation's numbers may be in; a contact of a
campaign stands in the bucket of the number whose turn it is. Bucket 0 is "not sorted yet", bucket
-V "held back for good by version V of the campaign's settings". `campaign_tally` is what counting
the contacts and attempts of a campaign would give, `outcome_tally` what counting its attempts by
outcome would; both are kept by the transactions that change them.
"""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, metadata, of, of_organisation, text

zone_bucket = sa.Table(
    "zone_bucket",
    metadata,
    of_organisation(),
    int_("id"),
    text("zones"),
    key("id"),
    sa.Index("uq_zone_bucket_zones", "organisation_id", "zones", unique=True),
)

campaign_tally = sa.Table(
    "campaign_tally",
    metadata,
    of_organisation(),
    text("campaign_id"),
    int_("fresh"),
    int_("due"),
    int_("in_call"),
    int_("callback"),
    int_("closed"),
    int_("attempts"),
    int_("answered"),
    key("campaign_id"),
    of("campaign_id", "campaign"),
)

outcome_tally = sa.Table(
    "outcome_tally",
    metadata,
    of_organisation(),
    text("campaign_id"),
    text("outcome"),
    int_("attempts"),
    key("campaign_id", "outcome"),
    of("campaign_id", "campaign"),
)
