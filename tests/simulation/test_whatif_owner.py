"""Whose campaign `vyzov whatif` is about where a database has several organisations."""

from types import SimpleNamespace
from typing import Any

from vyzov.cli import whatif


class Office:
    """Two organisations, the campaign is the second one's."""

    def organisations(self) -> tuple[Any, ...]:
        return SimpleNamespace(id="first"), SimpleNamespace(id="second")

    def campaign(self, organisation: str, campaign: str) -> object | None:
        return object() if (organisation, campaign) == ("second", "its id") else None


def test_a_campaign_named_by_id_is_found_in_its_own_organisation() -> None:
    settings: Any = SimpleNamespace(data="somewhere")
    office: Any = Office()
    assert whatif._organisation(office, settings, "its id") == "second"
    assert whatif._organisation(office, settings, "a name") == "first"
    assert whatif._organisation(office, settings, "") == "first"
