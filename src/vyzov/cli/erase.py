"""`vyzov erase`: erases a person from everything an installation holds, and prints the act of it.

The same acts as those of the API: `office_erasure` for the database, `erase_files` for the rest. The
act says what, when, by whom, how and where, in Russian and English, with the extract of the log that
order 179 of Roskomnadzor (28.10.2022) asks for; it names the person by ids only.
"""

import html
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from vyzov import __version__
from vyzov.app import Settings
from vyzov.cli.copies import BACKUPS
from vyzov.core.errors import InvalidRequest
from vyzov.core.instants import to_text
from vyzov.core.numbers import is_e164
from vyzov.dialer.audit_records import by_command
from vyzov.dialer.erasure import Person
from vyzov.dialer.runtime import SystemClock, SystemDice
from vyzov.storage.erase_files import Folders, Place, erase_files, search
from vyzov.storage.office import SqlOffice

REGISTER = "erasures.jsonl"


@dataclass(frozen=True, slots=True)
class Erased:
    """What one run of the command did."""

    act: str
    at: datetime
    by: str
    people: tuple[Person, ...]
    stop_listed: bool
    places: tuple[Place, ...]
    found: tuple[str, ...]
    backups: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Says whether nothing was left and nothing found afterwards."""
        return not self.found and not any(place.left for place in self.places)


def run(
    settings: Settings, *, contacts: tuple[str, ...], numbers: tuple[str, ...], by: str,
    act: Path | None, stop: bool, also: tuple[Path, ...], as_json: bool,
) -> int:  # fmt: skip
    """Erases; 0 where nothing is left, 1 where something could not be reached."""
    if not contacts and not numbers:
        raise InvalidRequest("Say who is to be erased.", "Give --contact ID or --number +E164.")
    for number in numbers:
        if not is_e164(number):
            raise InvalidRequest(
                f"{number} is no number.", "Write it as +, country code and number."
            )
    erased = erase(settings, contacts=contacts, numbers=numbers, by=by, stop=stop, also=also)
    if act is not None:
        text = act_of(erased)
        as_page = act.suffix.lower() in (".html", ".htm")
        act.write_text(_page(text) if as_page else text, encoding="utf-8")
    typer.echo(json.dumps(_as_json(erased)) if as_json else act_of(erased))
    return 0 if erased.is_whole else 1


def erase(
    settings: Settings, *, contacts: Sequence[str], numbers: Sequence[str], by: str, stop: bool,
    also: Sequence[Path] = (),
) -> Erased:  # fmt: skip
    """Erases contacts, and everybody with one of the numbers, from database and files."""
    office = SqlOffice(
        settings.database, clock=SystemClock(), randomness=SystemDice(), clock_id="erase"
    ).acting(by_command("erase"))
    folders = Folders(
        data=settings.data, database=settings.database, recordings=settings.recordings,
        journal=settings.journal, sip=settings.sip_trace, also=tuple(also),
    )  # fmt: skip
    try:
        people = _people(office, contacts, numbers)
        for person in people:
            office.erase_contact(person.organisation, person.contact, by=by, stop=stop)
        for organisation in office.organisations():
            for number in numbers:
                office.erase_number(organisation.id, number)
    finally:
        office.close()
    # A number may stand in files though no contact has it any more.
    searched = (*people, *(Person("", "", (number,), (), (), (), ()) for number in numbers))
    places = erase_files(searched, folders)
    erased = Erased(
        act=secrets.token_hex(8), at=datetime.now(UTC), by=by, people=people,
        stop_listed=stop, places=tuple(places),
        found=tuple(search(searched, folders)), backups=_backups(settings),
    )  # fmt: skip
    _register(settings, erased)
    return erased


def _people(
    office: SqlOffice, contacts: Sequence[str], numbers: Sequence[str]
) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    for organisation in office.organisations():
        ids = [
            *contacts,
            *(
                one
                for number in numbers
                for one in office.contacts_of_number(organisation.id, number)
            ),
        ]
        found = (office.person(organisation.id, one) for one in ids)
        people |= {person.contact: person for person in found if person is not None}
    for contact in contacts:
        if contact not in people:
            raise InvalidRequest(
                f"There is no contact {contact}.",
                "Look the id up on the contact's card, or use --number.",
            )
    for person in people.values():
        if person.live:
            raise InvalidRequest(
                f"Contact {person.contact} is on a call right now.",
                "Erase them once the call is over.",
            )
    return tuple(people.values())


def _backups(settings: Settings) -> tuple[str, ...]:
    """Names backups made before that are still there and hold the person; nothing rewrites one."""
    found = (one["file"] for one in _lines(settings.data / BACKUPS))
    return tuple(dict.fromkeys(str(file) for file in found if Path(str(file)).exists()))


def again(settings: Settings, *, by: str, as_json: bool) -> int:
    """Erases everybody of the register whom a backup put back brought back."""
    wanted = [
        str(contact) for line in _lines(settings.data / REGISTER) for contact in line["contacts"]
    ]
    office = SqlOffice(settings.database, clock=SystemClock(), randomness=SystemDice())
    try:
        back = tuple(one for one in dict.fromkeys(wanted) if _is_back(office, one))
    finally:
        office.close()
    if not back:
        typer.echo(json.dumps({"ok": True, "contacts": []}) if as_json else "Nobody came back.")
        return 0
    return run(
        settings, contacts=back, numbers=(), by=by, act=None, stop=True, also=(), as_json=as_json
    )


def _is_back(office: SqlOffice, contact: str) -> bool:
    for organisation in office.organisations():
        card = office.contact(organisation.id, contact)
        if card is not None:
            return card.erased_at is None
    return False


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def _register(settings: Settings, erased: Erased) -> None:
    """Notes who was erased, by ids alone, to be erased again after an older backup is put back."""
    line = {
        "act": erased.act,
        "at": to_text(erased.at),
        "by": erased.by,
        "contacts": [person.contact for person in erased.people],
        "stop_listed": erased.stop_listed,
    }
    with (settings.data / REGISTER).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _as_json(erased: Erased) -> dict[str, object]:
    return {
        "ok": erased.is_whole,
        "act": erased.act,
        "at": to_text(erased.at),
        "contacts": [person.contact for person in erased.people],
        "stop_listed": erased.stop_listed,
        "places": [
            {
                "name": place.name,
                "blanked": place.blanked,
                "removed": place.removed,
                "left": place.left,
            }
            for place in erased.places
        ],
        "found": list(erased.found),
        "backups": list(erased.backups),
    }


# ---- the act

_KINDS = (
    ("numbers", "телефонные номера", "telephone numbers"),
    ("words", "имя, поля карточки, заметки, строки загруженных файлов",
     "name, fields of the card, notes, rows of imported files"),
    ("recordings", "записи разговоров", "recordings of calls"),
    ("call_ids", "тексты сообщений SIP по вызовам", "texts of SIP messages of calls"),
)  # fmt: skip
_PLACES = {
    "recordings": ("файлы записей", "files of recordings"),
    "sip": ("лента SIP", "the SIP tape"),
    "journal": ("журнал залов", "the journal of floors"),
    "texts": ("журналы процессов и прочие текстовые файлы", "process logs and other text files"),
    "database": ("файл базы данных и её журнал", "the file of the database and its log"),
}


def act_of(erased: Erased) -> str:
    """Returns the act as a text to be printed and signed."""
    lines = [
        f"АКТ ОБ УНИЧТОЖЕНИИ ПЕРСОНАЛЬНЫХ ДАННЫХ № {erased.act}",
        f"ACT ON THE ERASURE OF PERSONAL DATA No. {erased.act}",
        "",
        "Основание: часть 7 статьи 21 Закона 152-ФЗ, приказ Роскомнадзора от 28.10.2022 № 179.",
        "Grounds: Federal Law 152-FZ, article 21; GDPR, article 17.",
        "",
        "Оператор / Operator: ____________________",
        f"Дата и время / Date and time: {to_text(erased.at)}",
        f"Уничтожил(а) / Erased by: {erased.by or '____________________'}",
        f"Информационная система / System: Vyzov {__version__}",
        "Способ / Method: удаление строк с затиранием, замена знаков в файлах, удаление файлов",
        "    deletion of rows with wiping, overwriting in files, removal of files",
        "Причина / Reason: обращение субъекта / request of the person",
        "",
    ]
    for person in erased.people:
        lines += [
            f"Субъект (контакт) / Person (contact): {person.contact}",
            *_destroyed(person),
            "",
        ]
    lines += ["Выгрузка из журнала / Extract of the log:"]
    for place in erased.places:
        russian, english = _PLACES[place.name]
        lines.append(
            f"  {to_text(erased.at)}  {russian} / {english}: "
            f"{place.removed} удалено/removed, {place.blanked} затёрто/blanked"
        )
        lines += [f"    НЕ ДОСТУПНО / NOT REACHED: {left}" for left in place.left]
    lines.append(
        f"  Поиск после уничтожения / Search afterwards: {len(erased.found)} найдено/found"
    )
    lines += [f"    НАЙДЕНО / FOUND: {path}" for path in erased.found]
    if erased.stop_listed:
        lines += [
            "  Номера внесены в стоп-лист в виде необратимых ссылок.",
            "  The numbers stay on the stop-list as irreversible references.",
        ]
    for name in erased.backups:
        lines.append(f"  Резервная копия до уничтожения / Backup from before: {name}")
    return "\n".join([*lines, "", "Подпись / Signature: ____________________", ""])


def _destroyed(person: Person) -> list[str]:
    return [
        f"  {russian} / {english}: {len(getattr(person, name))}"
        for name, russian, english in _KINDS
    ]


def _page(text: str) -> str:
    body = html.escape(text)
    return (
        '<!doctype html><html lang="ru"><meta charset="utf-8"><title>Акт / Act</title>'
        "<style>pre{font:14px/1.5 sans-serif;white-space:pre-wrap;max-width:46rem;margin:2rem auto}"
        f"</style><pre>{body}</pre></html>\n"
    )
