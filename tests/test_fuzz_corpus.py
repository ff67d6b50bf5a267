"""Everything ever kept of fuzzing is read again: each target over its corpus, seeds and noise.

`./run verify fuzz` looks for new inputs; this holds the old ones, without its machinery.
"""

import random
import sys
from pathlib import Path
from typing import Any

import pytest

FUZZ = Path(__file__).resolve().parent.parent / "fuzz"
CORPUS_BYTES_MAX = 300_000
NAMES = (
    "digits", "engine_wire", "live_socket", "rtcp", "rtp", "sdp", "sip_agent", "sip_digest",
    "sip_message", "sip_stream",
)  # fmt: skip


@pytest.fixture(scope="module")
def targets() -> dict[str, Any]:
    sys.path.insert(0, str(FUZZ))
    from targets import TARGETS

    return TARGETS


def test_every_target_has_a_corpus_and_every_corpus_a_target(targets: dict[str, Any]) -> None:
    assert sorted(targets) == list(NAMES)
    assert sorted(path.name for path in (FUZZ / "corpus").iterdir()) == list(NAMES)
    sizes = [path.stat().st_size for path in (FUZZ / "corpus").rglob("*") if path.is_file()]
    assert len(sizes) > 100
    assert sum(sizes) < CORPUS_BYTES_MAX


@pytest.mark.parametrize("name", NAMES)
def test_what_fuzzing_found_once_is_read_without_harm(name: str, targets: dict[str, Any]) -> None:
    target = targets[name]
    kept = [path.read_bytes() for path in sorted((FUZZ / "corpus" / name).iterdir())]
    assert kept
    for data in (*target.seeds(), *kept, b""):
        target.run(data)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_with_any_byte_changed_is_read_without_harm(
    name: str, targets: dict[str, Any]
) -> None:
    target, dice = targets[name], random.Random(name)
    for seed in target.seeds():
        for _ in range(20):
            data = bytearray(seed)
            data[dice.randrange(len(data))] = dice.randrange(256)
            target.run(bytes(data[: dice.randint(0, len(data))] if dice.random() < 0.3 else data))


def test_json_is_changed_as_json(targets: dict[str, Any]) -> None:
    import orjson
    from text_targets import engine_seeds, mutate_json

    seed, dice = engine_seeds()[1], random.Random(7)
    changed = [mutate_json(seed, dice) for _ in range(200)]
    assert all(one is not None and orjson.loads(one) is not seed for one in changed)
    assert len(set(changed)) > 50
    assert mutate_json(b"no json", dice) is None
