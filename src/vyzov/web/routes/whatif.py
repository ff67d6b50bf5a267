"""What if: an estimate from a campaign's own history of what a change would bring.

The estimate is made by a process of its own and takes minutes: it is asked for, and then looked at.
"""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from vyzov.dialer.access import Person
from vyzov.web.admission import In, Who, room
from vyzov.web.shapes import Asked, PathId, Shape
from vyzov.web.whatif_runs import Run, RunState

router = room("reports", under="/whatif")

SettingName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40}){0,3}$")]
SettingValue = bool | int | float | Annotated[str, Field(max_length=200)]


class WhatIfAsked(Asked):
    """A campaign, how many operators it would have, and settings by their path.

    Without `operators` there are as many as in the past; `days` is how far back to look."""

    campaign: PathId
    operators: Annotated[int, Field(ge=1, le=300)] | None = None
    settings: Annotated[dict[SettingName, SettingValue], Field(max_length=20)] = Field(
        default_factory=dict[SettingName, SettingValue]
    )
    days: Annotated[int, Field(ge=1, le=366)] = 30


class WhatIfShape(Shape):
    """The latest estimate, running or over.

    `state` is `none`, `running`, `done` or `failed`; `estimate` is what `vyzov whatif --json` prints
    (docs/formats.md), there once it is done; `said` tells why it failed."""

    state: RunState
    asked: dict[str, Any]
    since: datetime | None
    ended: datetime | None
    estimate: dict[str, Any] | None
    said: str


@router.post("", status_code=202, summary="Ask for an estimate")
async def ask(asked: WhatIfAsked, house: In, who: Who) -> WhatIfShape:
    """Begins an estimate; one at a time, `conflict` while another one is made."""
    campaign = who.door.campaign(asked.campaign)
    words = ["--campaign", campaign.id, "--days", str(asked.days)]
    if asked.operators is not None:
        words += ["--agents", str(asked.operators)]
    for name, value in asked.settings.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    told = {**asked.model_dump(mode="json"), "campaign_name": campaign.name}
    return _shape(house.whatif.start(_owner(who.person), told, words))


@router.get("", summary="The latest estimate")
async def latest(house: In, who: Who) -> WhatIfShape:
    """Gives the latest estimate of this organisation and how far it is."""
    return _shape(house.whatif.latest(_owner(who.person)))


def _owner(person: Person) -> str:
    return person.organisation


def _shape(run: Run) -> WhatIfShape:
    return WhatIfShape(
        state=run.state, asked=run.asked, since=run.since, ended=run.ended, estimate=run.estimate,
        said=run.said,
    )  # fmt: skip
