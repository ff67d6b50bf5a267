"""How fast a large list comes in, in how much memory, and whether every row of it is counted.

Makes a CSV of the size asked for, of invented people with two broken rows in a hundred, and knows
of each row what must become of it. Then `vyzov import` takes it, first as a dry run and then into a
new installation, in a process of its own whose memory and processor time the system counts. For
comparison a loop that does nothing but ask the library about as many numbers. With `--format xlsx`
the list is a workbook.

The numbers are of codes that no operator has but the library takes for valid, so that it works as
hard as on a real list; nobody dials them.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import phonenumbers

ROOT = Path(__file__).resolve().parent.parent
MEMORY_MB_MAX = 300
ROWS_PER_S_MIN = 5_000
LIBRARY_SAMPLE = 20_000
TITLES = ("Телефон", "ФИО", "Город", "Тариф", "Цена", "Договор до", "Комментарий")
SURNAMES = ("Ветрова", "Лесной", "Полева", "Ручьёв", "Снежина", "Туманов", "Заря", "Роса")
NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Ирина", "Кирилл")
CITIES = ("Дальний Ключ", "Северный Мыс", "Новая Заря", "Тихая Речка")
WORDS = ("просил", "звонить", "после", "обеда", "уже", "клиент", "тариф", "дорого", "подумает")


def number_of(index: int) -> str:
    """Gives each index a number of its own, spread over three codes that no operator has."""
    return str(9_440_000_000 + index * 7_919_171 % 30_000_000)


def rows(seed: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields rows without end, and the verdict that must become of each."""
    dice = random.Random(seed)
    given = 0
    while True:
        kind = dice.random()
        verdict = "ok"
        if kind < 0.02:
            phone, verdict = dice.choice(("", "нет", "12-34", "7,94412E+10")), "problem"
        elif kind < 0.03 and given:
            phone, verdict = f"8{number_of(dice.randrange(given))}", "duplicate"
        else:
            digits = number_of(given)
            phone = f"+7 {digits[:3]} {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
            given += 1
        yield (
            (
                phone,
                f"{dice.choice(SURNAMES)} {dice.choice(NAMES)}",
                dice.choice(CITIES),
                f"Домашний {dice.choice((100, 300, 500))}",
                str(dice.randint(300, 900)),
                f"{dice.randint(1, 28):02d}.12.2026",
                " ".join(dice.choices(WORDS, k=dice.randint(0, 6))),
            ),
            verdict,
        )


def write_csv(path: Path, size: int, seed: int) -> Counter[str]:
    """Writes a CSV of at least `size` bytes; returns how many rows must get each verdict."""
    told: Counter[str] = Counter()
    with path.open("wb") as file:
        file.write((";".join(TITLES) + "\r\n").encode())
        for cells, verdict in rows(seed):
            told[verdict] += 1
            file.write((";".join(cells) + "\r\n").encode())
            if told.total() % 1_000 == 0 and file.tell() >= size:
                return told
    raise AssertionError("the rows have an end")


def write_xlsx(path: Path, count: int, seed: int) -> Counter[str]:
    """Writes a workbook of `count` rows with its texts in the cells."""
    told: Counter[str] = Counter()
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    related = (
        '<Relationships xmlns="x"><Relationship Id="r1" Type="{0}/{1}" Target="{2}"/>'
        "</Relationships>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("_rels/.rels", related.format(office, "officeDocument", "xl/workbook.xml"))
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns:r="{office}"><sheets><sheet name="A" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", related.format(office, "worksheet", "sheet.xml")
        )
        with archive.open("xl/sheet.xml", "w", force_zip64=True) as part:
            part.write(b"<worksheet><sheetData>")
            part.write(_line(TITLES))
            for cells, verdict in rows(seed):
                told[verdict] += 1
                part.write(_line(cells))
                if told.total() == count:
                    break
            part.write(b"</sheetData></worksheet>")
    return told


def _line(cells: tuple[str, ...]) -> bytes:
    inner = "".join(
        f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' if cell else "<c/>" for cell in cells
    )
    return f"<row>{inner}</row>".encode()


def library_rows_per_s(seed: int) -> float:
    """How many numbers a second the library alone parses, validates and writes."""
    cells = []
    for cells_of, _ in rows(seed):
        cells.append(cells_of[0])
        if len(cells) == LIBRARY_SAMPLE:
            break
    began = time.process_time()
    for cell in cells:
        try:
            number = phonenumbers.parse(cell, "RU")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return LIBRARY_SAMPLE / (time.process_time() - began)


def imported(data: Path, file: Path, *more: str) -> dict[str, Any]:
    """Runs `vyzov import` and adds what the system counted of it."""
    command = [
        sys.executable,
        "-m",
        "vyzov",
        "import",
        str(file),
        "--data",
        str(data),
        "--json",
        *more,
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"vyzov import ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told: dict[str, Any] = json.loads(out)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "verdicts": told["verdicts"], "rows": told["rows"], "seconds": told["seconds"],
        "cpu_s": round(cpu, 1), "rows_per_s": round(told["rows"] / told["seconds"]),
        "rows_per_cpu_s": round(told["rows"] / cpu), "memory_mb": round(used.ru_maxrss / 1024),
    }  # fmt: skip


def make_home(data: Path) -> None:
    """Makes an installation without starting it."""
    sys.path.insert(0, str(ROOT / "src"))
    from vyzov.cli.serve import first_run
    from vyzov.settings import load_settings

    data.mkdir()
    first_run(load_settings(data), password="a password of a bench")


def counted(told: Counter[str], found: dict[str, Any]) -> bool:
    """Says whether every row has the verdict it must have."""
    return found["rows"] == told.total() and all(
        found["verdicts"][verdict] == told[verdict] for verdict in found["verdicts"]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mb", type=int, default=200, help="size of the CSV")
    parser.add_argument("--rows", type=int, default=200_000, help="rows of the workbook")
    parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dry", action="store_true", help="only look, write nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vyzov-lists-") as folder:
        file = Path(folder) / f"clients.{given.format}"
        if given.format == "csv":
            told = write_csv(file, given.mb * 1_000_000, given.seed)
        else:
            told = write_xlsx(file, given.rows, given.seed)
        library = library_rows_per_s(given.seed)
        runs = {"dry": imported(Path(folder) / "none", file, "--dry-run")}
        if not given.dry:
            make_home(Path(folder) / "home")
            runs["import"] = imported(Path(folder) / "home", file)
        held = all(
            counted(told, run)
            and run["memory_mb"] <= MEMORY_MB_MAX
            and run["rows_per_cpu_s"] >= ROWS_PER_S_MIN
            for run in runs.values()
        )
        report = {
            "ok": held, "format": given.format, "mb": round(file.stat().st_size / 1e6),
            "rows": told.total(), "expected": dict(told), "library_rows_per_cpu_s": round(library),
            "ratio": {
                name: round(run["rows_per_cpu_s"] / library, 3) for name, run in runs.items()
            },
            "runs": runs,
        }  # fmt: skip
    if given.json:
        print(json.dumps(report, ensure_ascii=False))
        return 0 if held else 1
    print(f"{report['rows']:,} rows, {report['mb']} MB; the library alone {library:,.0f} rows/s")
    for name, run in runs.items():
        whole = "every row counted" if counted(told, run) else "ROWS MISSING"
        print(
            f"{name:<7} {run['rows_per_s']:>7,} rows/s ({run['rows_per_cpu_s']:,} a second of"
            f" processor), {run['memory_mb']} MB, {whole}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
