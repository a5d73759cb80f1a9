"""The verifier's own canonical JSON: it takes what the product writes, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.evidence.canonical import canonical_json
from soxauto_assets.verify.strict_json import UnreadableError, canonical, read_canonical

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
    max_leaves=20,
)


@given(_VALUES)
def test_what_the_product_writes_is_read_back(value: object) -> None:
    content = canonical_json(value)

    assert read_canonical(content) == value
    assert canonical(value) == content


@given(_VALUES)
def test_any_other_text_of_the_same_value_is_refused(value: object) -> None:
    other = json.dumps(value, indent=1).encode()
    if other != canonical_json(value):
        with pytest.raises(UnreadableError):
            read_canonical(other)


@pytest.mark.parametrize(
    "content",
    [b"1.0", b"1e2", b"NaN", b"-0", b"9007199254740992", b'"\xff"', b'"\\ud800"', b"{}{}", b" {}"],
)
def test_what_means_more_than_one_thing_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_canonical(content)
