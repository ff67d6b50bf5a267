"""The demo's lists and campaigns: invented people, numbers kept for fiction, two ways of calling.

Which number gets which list is settled here with the box's own town, so that people who press keys
hear an offer and most of the others are called for a live operator.
"""

import csv
import random
from pathlib import Path
from typing import Any

from vyzov.simulation.people import CalleeKind, town

Json = dict[str, Any]
KEY_PRESSERS = {
    CalleeKind.PRESSES_1,
    CalleeKind.PRESSES_2,
    CalleeKind.PRESSES_9,
    CalleeKind.PRESSES_NOTHING,
    CalleeKind.SILENT,
}
FOR_OPERATORS = {CalleeKind.ANSWERS_AND_SPEAKS, CalleeKind.CHALLENGE_401, CalleeKind.CHALLENGE_407}
AGENTLESS_SHARE = 0.85

NAMES_RU = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Ирина", "Кирилл")
SURNAMES_RU = ("Ветрова", "Лесной", "Полева", "Ручьёв", "Снежина", "Туманов", "Заря", "Роса")
NAMES_EN = ("Nora", "Owen", "Paula", "Quentin", "Rosa", "Simon", "Tessa", "Umar", "Vera", "Will")
SURNAMES_EN = ("Whitfield", "Brook", "Meadow", "Hill", "Rivers", "Frost", "Marsh", "Dale")
PLANS = ("Home 100", "Home 300", "Family 500")


def numbers_of(count: int) -> list[str]:
    """`count` numbers kept for fiction, +7 000 555-xx-xx."""
    if count > 10_000:
        raise ValueError("The range kept for fiction has 10,000 numbers; ask for fewer contacts.")
    return [f"+7000555{index:04d}" for index in range(count)]


def split(numbers: list[str], seed: int) -> tuple[list[str], list[str], list[str]]:
    """The numbers of the offer with keys, of the campaign for operators, and of a shaky crew's."""
    people = town(numbers, seed)
    dice = random.Random(f"{seed}/lists")
    offer: list[str] = []
    live: list[str] = []
    shaky: list[str] = []
    for number in numbers:
        kind = people[number].kind
        if kind in KEY_PRESSERS:
            offer.append(number)
        elif kind in FOR_OPERATORS:
            (shaky if len(shaky) < len(live) else live).append(number)
        else:
            (offer if dice.random() < AGENTLESS_SHARE else live).append(number)
    return offer, live, shaky


def write_list(path: Path, numbers: list[str], language: str, seed: int) -> None:
    """Writes a CSV as a customer would send it: their own headers, spaces in the numbers."""
    dice = random.Random(f"{seed}/{path.name}")
    russian = language == "ru"
    names, surnames = (NAMES_RU, SURNAMES_RU) if russian else (NAMES_EN, SURNAMES_EN)
    heads = (
        ("Телефон", "Имя", "Часовой пояс", "Язык", "Тариф", "Цена", "Договор до")
        if russian
        else ("Phone", "Name", "Timezone", "Language", "Plan", "Price", "Contract until")
    )
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, delimiter=";" if russian else ",")
        table.writerow(heads)
        for number in numbers:
            spaced = f"{number[:2]} {number[2:5]} {number[5:8]}-{number[8:10]}-{number[10:]}"
            table.writerow(
                (
                    spaced,
                    f"{dice.choice(names)} {dice.choice(surnames)}",
                    "Europe/Moscow",
                    language,
                    dice.choice(PLANS),
                    str(dice.choice((39, 49, 59))),
                    f"{dice.randint(1, 28):02d}.12.2026",
                )
            )


OFFER_FLOW: Json = {
    "start": "offer",
    "on_machine": "hang_up",
    "steps": {
        "offer": {
            "do": "announce",
            "prompt": "offer",
            "keys": {"1": "operator", "2": "later", "9": "stop"},
            "wait_s": 5,
            "repeats": 0,
            "on_silence": "bye",
        },
        "operator": {"do": "connect", "prompt": "please_wait", "wait_s": 12},
        "later": {"do": "callback", "after_s": 40, "prompt": "will_call_back"},
        "stop": {"do": "suppress", "prompt": "removed"},
        "bye": {"do": "hang_up", "prompt": "goodbye", "result": "no_key"},
    },
}

SCRIPT: list[Json] = [
    {
        "id": "hello",
        "title": {"ru": "Приветствие", "en": "Hello"},
        "text": {
            "ru": "Здравствуйте, {{name}}! Это «Северный ветер». Разговор записывается. Удобно?",
            "en": "Hello {{name}}, this is North Wind. The call is recorded. Is now a good time?",
        },
    },
    {
        "id": "need",
        "title": {"ru": "Потребность", "en": "Need"},
        "text": {
            "ru": "Вижу, у вас тариф «{{plan}}» за {{price}} $. Договор до {{contract_end}}. "
            "Сколько устройств дома вечером в сети?",
            "en": "I can see you are on {{plan}} at ${{price}}, until {{contract_end}}. "
            "How many devices are online at home in the evening?",
        },
        "question": {"kind": "number", "field": "devices"},
    },
    {
        "id": "offer",
        "title": {"ru": "Предложение", "en": "Offer"},
        "text": {
            "ru": "Тогда вам подойдёт «Семейный»: 500 Мбит/с. Подключаем?",
            "en": "Then the Family plan fits: 500 Mbit/s. Shall we switch you over?",
        },
        "question": {"kind": "yes_no"},
    },
    {
        "id": "dear",
        "title": {"ru": "«Дорого»", "en": "“Too dear”"},
        "text": {
            "ru": "Понимаю. Сейчас вы платите {{price}} $; «Семейный» впятеро быстрее за те же деньги.",
            "en": "I see. You pay ${{price}} now; Family is five times as fast for the same money.",
        },
        "objection": True,
    },
]


def settings_of(mode: str, trunk: str, agents: list[str], *, quick: bool) -> Json:
    """Settings of a demo campaign; `quick` shortens redials so that a short run sees them."""
    waits = {"no_answer": 25, "busy": 15, "rejected": 60, "congestion": 20, "unreachable": 60}
    usual = {name: seconds * (1 if quick else 8) for name, seconds in waits.items()}
    settings: Json = {
        "mode": mode,
        "purpose": "service",
        "caller_id": "+70005559999",
        "trunks": [trunk],
        "lines_max": 36 if mode == "agentless" else 14,
        "calls_per_second": 4,
        "ring_timeout_s": 16,
        "window": {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"},
        "redial": {
            "attempts_max": 2,
            "rules": {name: {"after_s": after} for name, after in usual.items()},
        },
        "connect_limit_s": 2,
        "wrap_up_s": 12,
        "agents": agents,
        "script": SCRIPT,
    }
    if mode == "agentless":
        settings["flow"] = OFFER_FLOW
    return settings
