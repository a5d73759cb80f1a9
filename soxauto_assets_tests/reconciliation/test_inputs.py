"""Input files: what is malformed or foreign is refused with its row and column (D23)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.period import Period
from soxauto_assets.reconciliation.inputs import (
    ForeignInputError,
    MalformedInputError,
    content_of,
    deposit_jdash,
    newest_jdash,
    read_jdash,
)
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import ObjectDamagedError

PERIOD = Period(2024, 9)
HEADER = "Voucher Id,Amount Used,Usage Date,Order Id\n"
GOOD = HEADER + '7,10.50,2024-09-03,1\n"8",0,2024-09-30 23:59:59,\n8,12,2023-01-01T00:00:00,2\n'
AT = datetime(2024, 10, 2, 8, tzinfo=UTC)


def read(text: str | bytes) -> list[tuple[object, ...]]:
    content = text if isinstance(text, bytes) else text.encode()
    return read_jdash(content, PERIOD, "EC_KE").rows()


def test_a_good_file_is_read_exactly() -> None:
    assert read(GOOD) == [
        ("7", Decimal("10.50"), datetime(2024, 9, 3)),
        ("8", Decimal(0), datetime(2024, 9, 30, 23, 59, 59)),
        ("8", Decimal(12), datetime(2023, 1, 1)),
    ]
    assert read(b"\xef\xbb\xbf" + GOOD.encode()) == read(GOOD)
    assert read(GOOD.replace("\n", "\r\n")) == read(GOOD)
    assert read("amount,USAGE_DATE,id\n1,2024-09-01,9\n") == [("9", 1, datetime(2024, 9, 1))]


def test_a_file_with_a_header_alone_says_that_nothing_was_used() -> None:
    assert read(HEADER) == []


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("", None, None),
        (b"Voucher Id\xff", None, None),
        ("Voucher Id,Amount Used,Usage Date,amount used\n", 1, "Amount Used"),
        ("Voucher Id,Amount Used,Usage Date,id\n", 1, "id"),
        ("Voucher Id,Usage Date\n", 1, "amount used"),
        (HEADER + '7,"1.234,50",2024-09-03,1\n', 2, "Amount Used"),
        (HEADER + "7,1,2024-09-03,1\n7,1e3,2024-09-03,1\n", 3, "Amount Used"),
        (HEADER + "7,-1,2024-09-03,1\n", 2, "Amount Used"),
        (HEADER + "7,,2024-09-03,1\n", 2, "Amount Used"),
        (HEADER + "7,1.23456,2024-09-03,1\n", 2, "Amount Used"),
        (HEADER + "7,1,,1\n", 2, "Usage Date"),
        (HEADER + "7,1,03/09/2024,1\n", 2, "Usage Date"),
        (HEADER + "7,1,2024-09-31,1\n", 2, "Usage Date"),
        (HEADER + " ,1,2024-09-03,1\n", 2, "Voucher Id"),
        (HEADER + "7,1,2024-09-03,1,2\n", 2, None),
    ],
)
def test_a_malformed_file_is_refused_with_row_and_column(
    text: str | bytes, row: int | None, column: str | None
) -> None:
    with pytest.raises(MalformedInputError) as caught:
        read(text)
    assert (caught.value.row, caught.value.column) == (row, column)
    assert not isinstance(caught.value, ForeignInputError)


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        (HEADER + "7,1,2024-08-03,1\n7,1,2024-08-31,1\n7,1,2024-08-30,1\n", 3, "Usage Date"),
        (HEADER + "7,1,2024-10-01,1\n", 2, "Usage Date"),
        (
            "Id,Amount,Usage Date,Company\n7,1,2024-09-03,ec_ke\n7,1,2024-09-03,EC_NG\n",
            3,
            "Company",
        ),
        ("Id,Amount,Usage Date,Period\n7,1,2024-09-03,2024-08\n", 2, "Period"),
    ],
)
def test_a_file_of_another_month_or_company_is_refused(text: str, row: int, column: str) -> None:
    with pytest.raises(ForeignInputError) as caught:
        read(text)
    assert (caught.value.row, caught.value.column) == (row, column)


def test_the_newest_file_counts_and_none_is_lost(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, name="inputs")
    assert newest_jdash(store, PERIOD, "EC_KE") is None
    first = deposit_jdash(store, GOOD.encode(), PERIOD, "EC_KE", who="a@b", at=AT)
    later = AT + timedelta(hours=1)
    second = deposit_jdash(store, HEADER.encode(), PERIOD, "EC_KE", who="c@d", at=later)
    assert newest_jdash(store, PERIOD, "EC_KE") == second
    assert newest_jdash(store, PERIOD, "EC_NG") is None
    assert newest_jdash(store, Period(2024, 8), "EC_KE") is None
    assert content_of(store, first) == GOOD.encode()
    assert (second.who, second.brought_at) == ("c@d", later)


def test_a_refused_file_is_not_stored(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, name="inputs")
    with pytest.raises(MalformedInputError):
        deposit_jdash(store, b"x,y\n", PERIOD, "EC_KE", who="a@b", at=AT)
    assert list(store.list("")) == []


def test_a_file_that_was_changed_is_not_used(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, name="inputs")
    file = deposit_jdash(store, GOOD.encode(), PERIOD, "EC_KE", who="a@b", at=AT)
    path = store.local_path(file.key)
    path.chmod(0o644)
    path.write_bytes(GOOD.replace("10.50", "10.51").encode())
    newest = newest_jdash(store, PERIOD, "EC_KE")
    assert newest is not None
    with pytest.raises(ObjectDamagedError):
        content_of(store, newest)
