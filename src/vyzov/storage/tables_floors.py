"""The table of who owns which floor, beside those of `tables`."""

import sqlalchemy as sa

from vyzov.storage.columns import int_, key, metadata, of, of_organisation, text

# `address` is where the holder listens for the web process: unix:PATH.
floor_lease = sa.Table(
    "floor_lease",
    metadata,
    of_organisation(),
    text("floor_id"),
    int_("epoch"),
    text("holder"),
    text("lease_until"),
    text("address", default=""),
    key("floor_id"),
    of("floor_id", "floor"),
)
