"""A campaign as a file (TOML): its name and its settings, to be kept, compared and brought in again.

Trunks and people stand in it by what they are called, for another installation gives them other ids;
the list of people to call is not of it. Who writes and reads files is decided elsewhere.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vyzov.core.campaign import CampaignSettings
from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.fields import Fields
from vyzov.core.toml_text import toml_of

FORMAT = 1
LONGEST = 1_000_000
"""Characters of a file at most: a campaign with a long script has a hundredth of it."""

NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class Directory:
    """What trunks and people of an installation are called: names and logins by their ids."""

    trunks: Mapping[str, str]
    agents: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CampaignFile:
    """What a file says: the campaign's name and its settings with the ids of this installation."""

    name: str
    settings: CampaignSettings


def write_campaign(name: str, settings: CampaignSettings, directory: Directory) -> str:
    """Returns the text of a campaign's file; what the directory does not know stays an id."""
    told = settings.to_json()
    told["trunks"] = [_name(directory.trunks, one) for one in settings.trunks]
    told["agents"] = [_name(directory.agents, one) for one in settings.agents]
    return toml_of({"vyzov_campaign": FORMAT, "name": name, "settings": told})


def read_campaign(text: str, directory: Directory) -> CampaignFile:
    """Reads a campaign's file; raises `InvalidRequest` that names whatever is wrong in it."""
    if len(text) > LONGEST:
        raise InvalidRequest(
            f"The file has more than {LONGEST:,} characters.", "Send the file of one campaign."
        )
    faults: list[Fault] = []
    fields = Fields(_parsed(text), "", faults)
    if fields.get("vyzov_campaign") != FORMAT:
        fields.fault("vyzov_campaign", f"must be {FORMAT}, as in a file of a campaign", "choice")
    name = fields.text("name", longest=NAME_MAX)
    inner = fields.inner("settings")
    settings: dict[str, Any] = dict(inner.source)
    for kind, known in (("trunks", directory.trunks), ("agents", directory.agents)):
        settings[kind] = _ids(inner, kind, known)
    fields.settle("The file of the campaign")
    return CampaignFile(name, CampaignSettings.from_json(settings))


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(
            f"The file is not TOML: {error}.", "Mend that line and send it again."
        ) from error


def _name(names: Mapping[str, str], which: str) -> str:
    """Returns what a thing is called, its id where two things are called so."""
    name = names.get(which, which)
    return name if list(names.values()).count(name) == 1 else which


def _ids(fields: Fields, kind: str, names: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for called in fields.texts(kind):
        meant = [key for key, name in names.items() if called in (key, name)]
        if len(meant) == 1:
            found += meant
        elif meant:
            fields.fault(kind, f"'{called}' is the name of {len(meant)} of them", "twice")
        else:
            fields.fault(kind, f"there is no '{called}' here", "gone")
    return found
