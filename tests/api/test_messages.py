"""Each case of docs/reference/messages.md is brought about, and told by the id that stands there."""

import asyncio
import os
import runpy
import socket
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_floor_peer import FloorPeer
from api_site import Site, running
from api_town import Town
from sqlalchemy import event

from vyzov.cli.port_words import say_taken, taken_ports
from vyzov.settings import Settings
from vyzov.web.settings import WebSettings

ROOT = Path(__file__).resolve().parents[2]
DOC = runpy.run_path(str(ROOT / "tools" / "messages_doc.py"))
LANGUAGES = ("en", "ru")
Told = tuple[str, dict[str, str]]


def shown(site: Site, name: str, data: bytes) -> httpx.Response:
    manager = site.browser_of("manager")
    return manager.post("/lists?preview=true", files={"file": (name, data)}, timeout=30)


def note_of(site: Site, name: str, data: bytes, wanted: str) -> Told:
    """The note of a file's preview that is looked for."""
    answer = shown(site, name, data)
    assert answer.status_code == 200, answer.text
    [found] = [one for one in answer.json()["notes"] if one["id"] == wanted]
    return f"note.{found['id']}", {key: str(value) for key, value in found["args"].items()}


def workbook() -> bytes:
    """The smallest XLSX workbook: one sheet, one title, one number."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packed = "http://schemas.openxmlformats.org/package/2006/relationships"
    cells = "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for row, text in ((1, "Phone"), (2, "+70005550101"))
    )
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{packed}"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packed}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData>'
        "</worksheet>",
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    }
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        for name, text in parts.items():
            book.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return made.getvalue()


LINES = "Телефон;Имя;Город\n+70005550101;Анна Ветрова;Тверь\n+70005550102;Борис Лесной;Псков\n"


def workbook_named_csv(site: Site) -> Told:
    return note_of(site, "clients.csv", workbook(), "named_otherwise")


def large_list(site: Site) -> Told:
    """A list over the bound from which on waiting is announced; 200 MB are for `bench lists`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vyzov.dialer.lists.LARGE_BYTES", 1_000_000)
        data = (
            b"Phone,Name\n" + b"+70005550101,a name as long as names in real lists are\n" * 36_500
        )
        told, args = note_of(site, "large.csv", data, "list_large")
    assert args == {"mb": "2"}
    return told, {"mb": "200"}


def utf16_list(site: Site) -> Told:
    return note_of(site, "clients.csv", LINES.encode("utf-16"), "encoding_read")


def cp1251_list(site: Site) -> Told:
    return note_of(site, "clients.csv", (LINES * 20).encode("cp1251"), "encoding_read")


def title_twice(site: Site) -> Told:
    return note_of(site, "clients.csv", b"Phone,Phone\n+70005550101,+70005550102\n", "title_twice")


def sip_syntax(site: Site) -> Told:
    data = b"Phone,Name\nsip:70005550101@host;tag=1,Anna\n"
    [row] = shown(site, "clients.csv", data).json()["first_rows"]
    assert row["row"] == 2, "where"
    return f"row.{row['reason']}", {"value": row["args"]["value"]}


def too_large(site: Site) -> Told:
    small = replace(site.settings, list_max=1_000)
    with running(site.town, site.peer, small) as other:
        answer = shown(other, "clients.csv", b"Phone\n" + b"+70005550101\n" * 200)
    assert answer.status_code == 413
    return f"problem.{answer.json()['code']}", {}


def full_disk(site: Site) -> Told:
    """SQLite itself is left no page more than it has, as a full disk would leave it."""

    def bounded(connection: Any, _record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    office = site.town.office
    event.listen(office._writer, "connect", bounded)
    office._writer.dispose()
    try:
        manager = site.browser_of("manager", "own")
        answer = httpx.Response(200)
        for number in range(400):
            body = {"number": f"+7000555{number:04}", "reason": "asked " + "x" * 190}
            answer = manager.post("/stop-list", json=body, timeout=30)
            if not answer.is_success:
                break
    finally:
        event.remove(office._writer, "connect", bounded)
        office._writer.dispose()
    assert answer.status_code == 507, answer.text
    assert answer.json()["next_step"]
    return f"problem.{answer.json()['code']}", {}


def no_sound(site: Site) -> Told:
    form = {"name": "offer", "language": "ru"}
    file = {"file": ("offer.wav", b"This is a letter, no sound.\n" * 40)}
    answer = site.browser_of("manager").post("/prompts", data=form, files=file, timeout=30)
    assert answer.status_code == 422, answer.text
    [fault] = answer.json()["fields"]
    assert fault["field"] == "file", "where"
    return f"fault.{fault['reason']}", {}


def port_in_use(site: Site) -> Told:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        settings = Settings(data=Path("nowhere"), web_port=port, sip_port=0)
        [taken] = taken_ports(settings)
    assert list(taken_ports(settings)) == []
    for language in LANGUAGES:
        said = say_taken(taken, language)
        assert f"{port} " in said
        assert f"--port {port + 1}" in said
        assert "web_port" in said
    args = {"what": taken.what, "host": taken.host, "setting": taken.setting, "flag": taken.flag}
    return "start.port_in_use", {**args, "port": "8080", "other": "8081"}


def wrong_trunk_password(site: Site) -> Told:
    sys.path.append(str(ROOT / "tests" / "telephony"))
    try:
        from scripted_carrier import Request, ScriptedCarrier
    finally:
        sys.path.pop()
    from typer.testing import CliRunner

    from vyzov.cli import app

    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256'

    def script(request: Request) -> list[bytes]:
        status = "401 No" if request.method == "REGISTER" else "200 OK"
        return [request.reply(status, challenge)]

    async def typed(language: str) -> str:
        async with ScriptedCarrier(script) as carrier:
            words = [
                "trunk", "test", "--host", "127.0.0.1", "--port", str(carrier.port), "--user",
                "me", "--password", "bad", "--register", "--lang", language,
                "--data", str(site.town.path.parent / "empty"),
            ]  # fmt: skip
            result = await asyncio.to_thread(CliRunner().invoke, app, words)
            assert result.exit_code == 1
            return result.stdout

    case = next(one for one in DOC["CASES"] if one.id == "finding.login_refused")
    for language in LANGUAGES:
        what, next_step = DOC["words_of"](case, language)
        told = asyncio.run(typed(language))
        assert what in told
        assert next_step in " ".join(told.split())
    return case.id, {}


BROUGHT: tuple[Callable[[Site], Told], ...] = (
    workbook_named_csv, large_list, too_large, utf16_list, cp1251_list, title_twice, sip_syntax,
    wrong_trunk_password, port_in_use, full_disk, no_sound,
)  # fmt: skip


@pytest.mark.parametrize(
    ("bring", "case"),
    list(zip(BROUGHT, DOC["CASES"], strict=True)),
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_case_is_told_by_the_id_and_values_of_its_row(
    site: Site, bring: Callable[[Site], Told], case: Any
) -> None:
    assert bring(site) == (case.id, dict(case.args))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_case_says_what_and_what_next_in_every_language(language: str) -> None:
    for case in DOC["CASES"]:
        what, next_step = DOC["words_of"](case, language)
        assert what, case.id
        assert next_step, case.id
        assert "{" not in what + next_step, case.id


def test_the_words_of_a_list_are_those_of_its_screen() -> None:
    """The preview and the file for download must not name one thing in two ways."""
    for case in DOC["CASES"]:
        if case.id.startswith(("note.", "row.")):
            for language in LANGUAGES:
                shown_there = DOC["on_screen"](case.id, language).format_map(dict(case.args))
                what, next_step = DOC["words_of"](case, language)
                assert what.rstrip(".") in f"{shown_there}. {next_step}", case.id


def test_the_page_of_messages_is_not_stale() -> None:
    page = (ROOT / "docs" / "reference" / "messages.md").read_text(encoding="utf-8")
    assert page == DOC["page"](), "run tools/messages_doc.py"


def test_a_disk_full_for_files_is_told_as_one_full_for_the_database(
    town: Town, peer: FloorPeer, settings: WebSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(type(town.office), "campaigns", full)
    with running(town, peer, settings) as site:
        answer = site.browser_of("manager").get("/campaigns", timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
