"""One value has one canonical text, and no other text is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soxauto_assets.evidence.canonical import (
    NotCanonicalError,
    canonical_json,
    parse_canonical,
    parse_utc,
    utc_text,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=15,
)


@settings(max_examples=40)
@given(VALUES)
def test_a_value_comes_back_from_its_text(value: object) -> None:
    assert parse_canonical(canonical_json(value)) == value


@settings(max_examples=30)
@given(st.dictionaries(TEXTS, VALUES, max_size=8), st.randoms())
def test_the_order_in_which_keys_were_set_does_not_show(
    value: dict[str, object], random: object
) -> None:
    keys = list(value)
    random.shuffle(keys)  # type: ignore[attr-defined]
    assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)


def test_the_text_is_bare_and_exact() -> None:
    value = {
        "text": 'é "quoted" \\ \n \x01 \x7f €',
        "amounts": (Decimal("1.10"), Decimal("-0.00000000000000000001"), Decimal("1E+3")),
        "b": None,
        "a": [True, False, 9007199254740991],
    }
    assert (
        canonical_json(value)
        == (
            '{"a":[true,false,9007199254740991],'
            '"amounts":["1.10","-0.00000000000000000001","1000"],'
            '"b":null,"text":"é \\"quoted\\" \\\\ \\n \\u0001 \x7f €"}'
        ).encode()
    )


def test_keys_are_in_the_order_of_rfc_8785() -> None:
    # The example of section 3.2.3: by UTF-16 code units, so the smiley comes before U+FB33.
    names = ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]
    text = canonical_json(dict.fromkeys(reversed(names), 0))
    assert list(parse_canonical(text)) == names


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (1.5, r"\$ is a float"),
        ({"a": [0, {"b": 2.0}]}, r"\$\.a\[1\]\.b is a float"),
        (float("nan"), "float"),
        (2**53, "a whole number beyond"),
        (-(2**53), "a whole number beyond"),
        (Decimal("NaN"), "an amount that is no number"),
        (Decimal("Infinity"), "an amount that is no number"),
        ({1: "a"}, "a key of type int"),
        (b"bytes", "a bytes"),
        ({1, 2}, "a set"),
        (datetime(2024, 1, 1, tzinfo=UTC), "a datetime"),
        ("half \ud800", "surrogate"),
        ({"half \ud800": 1}, "surrogate"),
    ],
)
def test_what_has_no_exact_form_is_refused_by_its_place(value: object, problem: str) -> None:
    with pytest.raises(NotCanonicalError, match=problem):
        canonical_json(value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b" {}",
        b"{}\n",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"[1.0]",
        b"[1e2]",
        b"[-0]",
        b"[NaN]",
        b"[Infinity]",
        b"[9007199254740992]",
        b'["\\u0061"]',
        b'["\\/"]',
        b'["\\ud800"]',
        b'["\xff"]',
        b"\xef\xbb\xbf[]",
        '["\u00e9"]'.encode("utf-16"),
        b"[" * 100_000,
    ],
)
def test_a_text_that_is_not_the_canonical_one_is_refused(content: bytes) -> None:
    with pytest.raises(NotCanonicalError):
        parse_canonical(content)


@given(st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC)))
def test_a_stamp_comes_back_from_its_text(moment: datetime) -> None:
    assert parse_utc(utc_text(moment)) == moment


def test_a_stamp_is_written_in_utc_with_microseconds_and_never_naive() -> None:
    lagos = timezone(timedelta(hours=1))
    assert utc_text(datetime(2024, 10, 1, 0, 30, tzinfo=lagos)) == "2024-09-30T23:30:00.000000Z"
    with pytest.raises(ValueError, match="aware"):
        utc_text(datetime(2024, 10, 1))
    with pytest.raises(ValueError, match="does not match"):
        parse_utc("2024-10-01T00:00:00Z")
