"""`vyzov trunk test`: looks at a trunk step by step and says in plain words what works and what not.

A trunk of this installation by its name, or any other by flags. It has an engine of its own, on
other ports than the one that runs, so that nobody's calls are touched.
"""

import asyncio
import json
from dataclasses import replace
from typing import Any

import typer
import uvloop

from vyzov.app import Settings
from vyzov.cli.trunk_words import FINDINGS, STEPS, VERDICTS
from vyzov.core.errors import InvalidRequest
from vyzov.core.numbers import is_e164, is_service_number
from vyzov.dialer.office_records import TrunkSettings
from vyzov.dialer.ports import SetTrunk
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.dialer.trunk_settings import check_trunk, verb_of_settings
from vyzov.storage.office import open_office
from vyzov.telephony.native.one_check import look_at, works
from vyzov.telephony.native.tls import TlsFiles
from vyzov.telephony.native.trunk_check import GOOD, Steps

WORKS, FAILS = 0, 1
LANGUAGES = ("en", "ru")


def find(settings: Settings, name: str) -> TrunkSettings:
    """Returns a trunk of this installation by its name or id."""
    if not settings.is_there():
        raise InvalidRequest(
            f"There is no Vyzov in {settings.data}.", "Name its folder with --data."
        )
    office = open_office(settings.database, clock=SystemClock(), randomness=SystemDice())
    trunks = [one for org in office.organisations() for one in office.trunks(org.id)]
    for one in trunks:
        if name in (one.id, one.settings.name):
            return one.settings
    known = ", ".join(repr(one.settings.name) for one in trunks) or "none"
    raise InvalidRequest(f"There is no trunk {name!r}; there are: {known}.", "Name one of them.")


def test(
    settings: Settings, trunk: TrunkSettings, *, number: str, caller_id: str, lang: str,
    talk_s: float, as_json: bool,
) -> int:  # fmt: skip
    """Looks at the trunk and prints what was found; 0 where all of it works."""
    if lang not in LANGUAGES:
        raise InvalidRequest(f"There are no words in {lang!r}.", "Use --lang en or --lang ru.")
    if number and not (is_e164(number) or is_service_number(number)):
        raise InvalidRequest(
            f"{number!r} is no number.", "Write + and the country code, as +12025550143."
        )
    check_trunk(trunk)
    # Probes would only repeat what the steps do one by one.
    verb = replace(verb_of_settings("trunk", trunk), probe_s=0.0)
    steps, call = _look(settings, verb, number, caller_id, talk_s)
    good = works(steps)
    if as_json:
        typer.echo(json.dumps(_told(trunk, steps, call, lang, good=good), ensure_ascii=False))
    else:
        _print(trunk, steps, lang, good=good)
    return WORKS if good else FAILS


def _look(
    settings: Settings, verb: SetTrunk, number: str, caller_id: str, talk_s: float
) -> tuple[Steps, dict[str, Any] | None]:
    def file(name: str) -> Any:
        return settings.data / name if name else None

    tls = TlsFiles(
        certificate=file(settings.tls_certificate),
        key=file(settings.tls_key),
        ca=file(settings.tls_ca),
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(
            look_at(
                verb, name_servers=settings.dns_servers, tls=tls,
                advertised_host=settings.advertised_host, number=number, caller_id=caller_id,
                talk_s=talk_s,
            )
        )  # fmt: skip


def _told(
    trunk: TrunkSettings, steps: Steps, call: dict[str, Any] | None, lang: str, *, good: bool
) -> dict[str, Any]:
    words = FINDINGS[lang]
    return {
        "works": good,
        "trunk": trunk.name,
        "steps": [
            {
                "step": step, "finding": finding, "good": finding in GOOD, "detail": detail,
                "what": words[finding].what, "do": words[finding].do,
            }
            for step, finding, detail in steps
        ],
        "call": call,
    }  # fmt: skip


def _print(trunk: TrunkSettings, steps: Steps, lang: str, *, good: bool) -> None:
    port = f":{trunk.port}" if trunk.port else ""
    typer.echo(f"{trunk.name}: {trunk.transport} {trunk.host}{port}")
    for step, finding, detail in steps:
        words = FINDINGS[lang][finding]
        mark = "+" if finding in GOOD else "!"
        seen = f" ({detail})" if detail else ""
        typer.echo(f"  {mark} {STEPS[lang][step]}: {words.what}{seen}")
        if words.do:
            typer.echo(f"      {words.do}")
    typer.echo(VERDICTS[lang][0 if good else 1])
