"""The pages say what the code does: links, generated references, words of screens, commands."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from vyzov.app import Settings, load_settings
from vyzov.core.agent import AgentState
from vyzov.core.call_value import CallState
from vyzov.core.campaign import CampaignSettings, CampaignState
from vyzov.core.contact import EntryState
from vyzov.core.eligibility import Gate
from vyzov.core.facts import FactKind
from vyzov.core.outcome import Outcome
from vyzov.core.pacing import PaceReason
from vyzov.dialer.lists import REASONS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
GUIDES = {"en": DOCS / "guide.md", "ru": DOCS / "ru" / "guide.md"}
READMES = (ROOT / "README.md", DOCS / "ru" / "README.md")
LANGUAGES = ("ru", "en")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def tool(name: str) -> ModuleType:
    """Loads a tool as it would be run: with its own folder to import from."""
    folder = str(ROOT / "tools")
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


# ---- links ---------------------------------------------------------------------------------------

FENCE = re.compile(r"^```.*?^```", flags=re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    return FENCE.sub("", text_of(path))


def anchors(path: Path) -> set[str]:
    """The names under which a page's headings can be linked to, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(path: Path) -> list[str]:
    broken: list[str] = []
    for target in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(path))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = path.parent / file if file else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(f"{name_of(path)}: {target}")
    return broken


def test_every_relative_link_leads_somewhere() -> None:
    assert [line for page in pages() for line in broken_links(page)] == []


def test_a_broken_link_and_a_broken_anchor_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# A title\n[a](#a-title) [b](gone.md) [c](page.md#gone) [d](page.md)\n")
    assert broken_links(page) == ["page.md: gone.md", "page.md: page.md#gone"]


# ---- generated pages -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kpi_doc", "settings_doc", "commands_doc"])
def test_a_generated_page_is_as_new_as_the_code(name: str) -> None:
    made = tool(name)
    assert text_of(made.PAGE) == made.page(), f"run: python tools/{name}.py"


def test_no_words_are_kept_for_settings_that_are_gone() -> None:
    made = tool("settings_doc")
    words = sys.modules["settings_words"]
    paths = set(made.campaign_rows())
    plain = {re.sub(r"^flow\.steps\.\w+\.", "flow.steps.*.", path) for path in paths}
    assert {name for name in words.CAMPAIGN if name not in paths | plain} == set()
    assert set(words.MAY_BE) | words.NEEDED <= paths
    assert set(words.INSTALLATION) == set(Settings.__dataclass_fields__) - {"data"}


def test_every_setting_a_campaign_writes_is_on_the_page() -> None:
    rows = tool("settings_doc").campaign_rows()
    written = CampaignSettings.from_json(tool("settings_doc").FULL).to_json()
    assert set(written) <= set(rows)


# ---- closed lists and the pages that tell them ---------------------------------------------------


def first_column(path: Path, *, after: str = "") -> set[str]:
    """Everything in backticks in the first column of a page's tables."""
    rows = re.findall(r"^\| ([^|]+) \|", text_of(path).partition(after)[2], flags=re.MULTILINE)
    return {name for cell in rows for name in re.findall(r"`([^`]+)`", cell)}


def test_every_kind_of_fact_is_in_the_formats() -> None:
    told = first_column(DOCS / "formats.md", after="Every kind, and what its")
    assert {kind.value for kind in FactKind} - told == set()


@pytest.mark.parametrize(
    ("title", "states"),
    [
        ("The call", CallState),
        ("A contact in a campaign", EntryState),
        ("The agent", AgentState),
        ("The campaign", CampaignState),
    ],
)
def test_every_state_is_a_column_of_its_table(
    title: str, states: type[CallState | EntryState | AgentState | CampaignState]
) -> None:
    part = text_of(DOCS / "reference" / "state-tables.md").partition(f"## {title}\n")[2]
    head = re.search(r"^\| event \| (.+) \|$", part, flags=re.MULTILINE)
    assert head is not None
    assert {state.value for state in states} <= set(head[1].split(" | "))


# ---- the words of the screens --------------------------------------------------------------------


def words(language: str) -> dict[str, str | dict[str, str]]:
    found: dict[str, str | dict[str, str]] = {}
    for path in sorted((ROOT / "ui" / "src" / "words" / language).glob("*.json")):
        found |= json.loads(text_of(path))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("room", "ids"),
    [
        ("outcome", [one.value for one in Outcome]),
        ("agent", [one.value for one in AgentState]),
        ("campaign_state", [one.value for one in CampaignState]),
        ("entry", [one.value for one in EntryState]),
        ("fact", [one.value for one in FactKind]),
        ("gate_name", [one.value for one in Gate]),
        ("why", [one.value for one in PaceReason]),
        ("row", list(REASONS)),
    ],
)
def test_whatever_the_code_can_say_has_words(language: str, room: str, ids: list[str]) -> None:
    known = words(language)
    assert [f"{room}.{one}" for one in ids if not known.get(f"{room}.{one}")] == []


def sayings(language: str) -> Iterator[str]:
    for entry in words(language).values():
        yield from [entry] if isinstance(entry, str) else entry.values()


def is_on_a_screen(phrase: str, said: list[str]) -> bool:
    """True where a screen says exactly this, or this and then a figure."""
    return any(
        form == phrase or form.startswith((f"{phrase} {{", f"{phrase}, {{")) for form in said
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_guide_quotes_stands_on_the_screens(language: str) -> None:
    quoted = re.findall(r"\*\*(.+?)\*\*", prose(GUIDES[language]), flags=re.DOTALL)
    phrases = {" ".join(phrase.split()) for phrase in quoted}
    said = list(sayings(language))
    assert len(phrases) > 50
    assert sorted(phrase for phrase in phrases if not is_on_a_screen(phrase, said)) == []


# ---- the guide, in both languages ----------------------------------------------------------------


def blocks(path: Path, kind: str = "") -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", text_of(path), flags=re.DOTALL | re.MULTILINE)
    return [body for language, body in found if language == kind]


def test_both_guides_and_both_readmes_say_the_same_commands() -> None:
    for english, russian in (tuple(GUIDES.values()), READMES):
        for kind in ("", "json", "toml"):
            told = [
                [line.partition(" #")[0].rstrip() for block in blocks(page, kind) for line in
                 block.splitlines()]
                for page in (english, russian)
            ]  # fmt: skip
            assert told[0] == told[1], f"{name_of(english)} and {name_of(russian)}"


def test_both_guides_have_the_same_parts() -> None:
    counts = [
        (prose(page).count("\n## "), prose(page).count("\n| "), prose(page).count("!["))
        for page in GUIDES.values()
    ]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_offer_of_the_guide_is_one_the_code_takes(language: str) -> None:
    [change] = [json.loads(block) for block in blocks(GUIDES[language], "json")]
    base = {"purpose": "service", "caller_id": "+70005550180", "trunks": ["t"]}
    taken = CampaignSettings.from_json({**base, "mode": "agentless", **change["settings"]})
    assert taken.flow is not None
    assert taken.flow.to_json()["steps"].keys() == change["settings"]["flow"]["steps"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_offer_of_the_guide_is_what_a_new_campaign_begins_with(language: str) -> None:
    [change] = [json.loads(block) for block in blocks(GUIDES[language], "json")]
    source = text_of(ROOT / "ui" / "src" / "office" / "flow.ts")
    flow = source.partition("FIRST_FLOW = ")[2].partition("\n}\n")[0] + "\n}"
    flow = re.sub(r"(?<=[{\s])(\w+):", r'"\1":', flow.replace("'", '"'))
    assert json.loads(re.sub(r",(\s*[}\]])", r"\1", flow)) == change["settings"]["flow"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_has_every_key_of_the_desk(language: str) -> None:
    source = text_of(ROOT / "ui" / "src" / "desk" / "Help.tsx").partition("const KEYS")[2]
    caps = {
        cap for line in re.findall(r"\[\[(.+?)\],", source) for cap in re.findall("'(.)'", line)
    }
    assert len(caps) > 10
    told = set(re.findall(r"`([^`\n]+)`", prose(GUIDES[language])))
    assert caps - {"–"} - told == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_of_the_guide_is_one_the_code_reads(language: str, tmp_path: Path) -> None:
    [example] = blocks(GUIDES[language], "toml")
    (tmp_path / "vyzov.toml").write_text(example, encoding="utf-8")
    read = load_settings(tmp_path)
    assert {name: getattr(read, name) for name in tomllib.loads(example)} == {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in tomllib.loads(example).items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guide_has_every_setting_with_its_default(language: str) -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|", text_of(GUIDES[language]), re.MULTILINE)
    none = {"en": "none", "ru": "нет"}[language]
    plain = Settings(data=Path())
    toml = tool("settings_doc").toml
    told = {name: toml(getattr(plain, name)) for name in Settings.__dataclass_fields__}
    del told["data"]
    assert dict(rows) == {n: none if value == "none" else value for n, value in told.items()}


# ---- commands ------------------------------------------------------------------------------------

NAMING = (
    *READMES,
    *GUIDES.values(),
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "ARCHITECTURE", "CHANGELOG")),
)
# A word behind these that is no command is the file of one.
FILE_BEHIND = {"facts": "facts export"}
RUN = re.compile(r"(?:\./run|\bvyzov) ([a-z]+)((?: (?:--?[a-z][a-z-]*|[^\s`|,;#]+))*)")


def wrong_commands(text: str) -> list[str]:
    """The commands of a text that cannot be typed: an unknown word, an unknown option, no such name."""
    made = tool("commands_doc")
    known = made.commands()
    wrong: list[str] = []
    for found in RUN.finditer(text):
        word, rest = found.groups()
        typed = found[0]
        groups = {name.partition(" ")[0] for name in known if " " in name}
        words = made.words_of_run() if typed.startswith("./run") else {*known, *groups}
        if word not in words:
            wrong.append(typed)
            continue
        if word in groups:
            second = rest.split()[0] if rest.split() else ""
            whole = f"{word} {second}"
            word = whole if whole in known else FILE_BEHIND.get(word, whole)
            wrong += [typed] * (word not in known)
        if word in known:
            options = {name for one in known[word].params for name in one.opts}
            wrong += [typed for one in re.findall(r"--[a-z-]+", rest) if one not in options]
        elif word in ("verify", "bench") and rest and not rest.split()[0].isupper():
            prefix = "verify_" if word == "verify" else ""
            wrong += [typed] * (not (ROOT / "bench" / f"{prefix}{rest.split()[0]}.py").is_file())
    return wrong


def typed(path: Path) -> str:
    """What a page says in code, whole blocks and words in backticks."""
    text = text_of(path)
    return "\n".join([*FENCE.findall(text), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))])


@pytest.mark.parametrize("page", NAMING, ids=name_of)
def test_pages_name_only_commands_that_exist(page: Path) -> None:
    code = typed(page)
    assert RUN.search(code), "a page without commands need not be asked"
    assert wrong_commands(code) == []


def test_commands_that_do_not_exist_are_found() -> None:
    text = "./run dmeo\n./run demo --hedless\n`vyzov sing`\n./run bench warp --json\n./run demo --seed 7"
    assert len(wrong_commands(text)) == 4
