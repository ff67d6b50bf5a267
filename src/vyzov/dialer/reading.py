"""Answers what a floor asks of its store about contacts, the same way wherever the floor lives."""

from datetime import datetime

from vyzov.dialer.effects import DueLoaded, LoadDue
from vyzov.dialer.floor_store import FloorStore


def read_due(store: FloorStore, ask: LoadDue, now: datetime) -> DueLoaded:
    """Reads who is due, or the one contact that is asked for."""
    campaign, limit, hours = ask.campaign, ask.limit, ask.hours
    if ask.only:
        one = store.contact(campaign, ask.only)
        return DueLoaded(campaign, (one,) if one else (), 0, None, None, ask.only)
    found = store.due(campaign, now, limit, ask.exclude, hours) if limit else []
    return DueLoaded(
        campaign, tuple(found), limit, store.next_due(campaign, now, hours),
        store.counts(campaign, now, hours),
    )  # fmt: skip
