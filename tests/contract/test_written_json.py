"""JSON written by an encoder made once is what the library writes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from vyzov.storage.values import json_text, words_of, words_text, written_as

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)
SORTED = written_as(json.JSONEncoder(sort_keys=True))


@given(VALUES)
def test_an_encoder_made_once_writes_what_the_library_writes(value: object) -> None:
    assert SORTED(value) == json.dumps(value, sort_keys=True)
    assert json_text(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@given(st.lists(st.text()))
def test_a_list_of_words_comes_back(words: list[str]) -> None:
    assert words_of(words_text(words)) == tuple(words)
    assert words_text(iter(words)) == words_text(words)
