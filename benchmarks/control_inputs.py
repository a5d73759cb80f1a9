"""Large months for the control's benchmark: current reports in stores, made by whole columns.

Every report has all of its declared columns, those that the control does not read null, and its
rows in the order of company and key, as the reports come (D26). The texts of entries fit their
sign but for one in fifty, and each has a number of its own. The month before is there too, with
the year's earlier entries, so that following and comparing is part of what is measured. The
ledger rolls forward; what operations say is drawn at will.

Here: the rows, and stores that hold them as current. Not here: the measuring (``control.py``).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.catalog.loader import load_entry, report_ids
from soxauto_assets.catalog.scope import CONTROL_ACCOUNTS, ROSTER
from soxauto_assets.evidence.current import move_current
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.inputs import deposit_jdash
from soxauto_assets.store.layout import MANIFEST, VALIDATED, AttemptAddress
from soxauto_assets.store.local import LocalStore
from soxauto_assets.warehouse.arrow import arrow_schema

PERIOD = Period(2024, 9)
VERSION = 2
"""To be raised with every change of the rows, so that no older folder is taken for these."""
_CODES = np.array(sorted(company.code for company in ROSTER))
_CHUNK = 250_000
_CREDITS = np.array(
    ["REFUND ORDER ", "COMMERCIAL GESTURE ", "PYT_PF ", "CXP apology to customer ", "monthly no. "]
)
_DEBITS = np.array(
    [
        "ITEM PRICE CREDIT ",
        "ITEM SHIPPING FEE ",
        "VOUCHER ACCRUAL 2024-08 ",
        "EXPR_RFN ",
        "EXPR_STR CRDT ",
        "MANUAL RND ",
        "PYT_ GTB 2024/09 ",
        "Voucher application to ",
        "correction of the account ",
        "itempricecredit NG ",
    ]
)
_USES = np.array(
    ["refund", "apology_v2", "jforce", "store_credit", "jpay_store_credit", "marketing"]
)
Chunks = Iterator[pl.DataFrame]
Open = Callable[[np.ndarray], np.ndarray]
"""Which of the numbers are open at the month's end."""
_MANIFEST_BYTES = b'{"stands for": "the manifest of a package"}'


def build(folder: Path, rows: int) -> Path:
    """The stores with ``rows`` ledger entries and as many order items; made once."""
    home = folder / f"control-{VERSION}-{rows}"
    if (home / "built").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    vouchers = max(rows // 5, 1_000)
    ledger = _Ledger(rows, vouchers)
    last = PERIOD.previous
    _publish(home, "cr_03", PERIOD, ledger.entries(PERIOD))
    _publish(home, "cr_03", last, ledger.entries(last))
    _publish(home, "cr_04", PERIOD, iter([ledger.balances(PERIOD)]))
    _publish(home, "cr_04", last, iter([ledger.balances(last)]))
    _publish(home, "cr_05", PERIOD, iter([_rates()]))
    _publish(home, "ipe_08", PERIOD, _vouchers(vouchers))
    _publish(home, "ipe_08_usage", PERIOD, _usage(vouchers // 2))
    for report, count, make in (
        ("ipe_12", rows * 3 // 5, _packages),
        ("ipe_10", rows // 5, _prepayments),
        ("ipe_34", rows // 5, _refunds),
        ("ipe_31", rows // 20, _collections),
        ("ipe_07", rows // 10, _customers),
    ):
        # One in ten was paid since the month before, and one in ten is new.
        total = count + count // 10
        _publish(home, report, PERIOD, make(total, lambda number: number % 11 != 0))
        _publish(home, report, last, make(total, lambda number: number % 11 != 10))
    _publish(home, "ipe_11", PERIOD, _accrued(rows // 10))
    for report in set(report_ids()) - {path.name for path in (home / "made").iterdir()}:
        _publish(home, report, PERIOD, iter([pl.DataFrame({"id_company": []})]))
    _jdash(home, vouchers // 2)
    shutil.rmtree(home / "made")
    (home / "built").touch()
    return home


def _publish(home: Path, report: str, period: Period, chunks: Chunks) -> None:
    """The rows as the month's current data, as an attempt that passed would have left them."""
    schema = arrow_schema(load_entry(report).columns)
    path = home / "made" / report / f"{period}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for chunk in chunks:
            given = chunk.to_arrow()
            columns = [
                given.column(field.name).cast(field.type)
                if field.name in given.column_names
                else pa.nulls(given.num_rows, field.type)
                for field in schema
            ]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=32_768)
    results, evidence, state = (
        LocalStore(home / name, name=name) for name in ("results", "evidence", "state")
    )
    address = AttemptAddress(report, period, f"20241002_080000Z-{period.month:08x}")
    receipt = results.create(address.key(VALIDATED), path)
    evidence.create(address.key(MANIFEST), _MANIFEST_BYTES)
    move_current(
        state,
        results,
        address,
        receipt,
        content_digest=receipt.sha256,
        manifest_sha256=hashlib.sha256(_MANIFEST_BYTES).hexdigest(),
    )


def _days(first: date, days: np.ndarray) -> pl.Series:
    return pl.Series(np.datetime64(first, "D") + days.astype("timedelta64[D]")).cast(pl.Date)


def _stamps(first: date, days: np.ndarray) -> pl.Series:
    return _days(first, days).cast(pl.Datetime("us"))


def _amount(cents: np.ndarray, scale: int = 4) -> pl.Series:
    return pl.Series(cents).cast(pl.Decimal(38, scale)) / pl.Series([100]).cast(pl.Decimal(38, 0))


def _company(numbers: np.ndarray, total: int) -> np.ndarray:
    """The place of the company of each of ``total`` numbers: one company after the other."""
    return numbers * len(_CODES) // total


def _companies(numbers: np.ndarray, total: int) -> pl.Series:
    return pl.Series(_CODES[_company(numbers, total)])


def _ranges(first: int, last: int) -> Iterator[np.ndarray]:
    for start in range(first, last, _CHUNK):
        yield np.arange(start, min(start + _CHUNK, last), dtype=np.int64)


class _Ledger:
    """Entries of the year, evenly over its days; half of them on the voucher account."""

    def __init__(self, rows: int, vouchers: int) -> None:
        self._rows = rows
        self._vouchers = vouchers
        self._days = (PERIOD.next_start - PERIOD.year_start).days

    def entries(self, period: Period) -> Chunks:
        """The year's entries up to the end of the month, in the order of number."""
        until = np.datetime64(period.next_start.date(), "D")
        for number in _ranges(1, self._rows + 1):
            chunk = self._chunk(number)
            yield chunk.filter(pl.col("posting_date") < pl.lit(until.astype(date)))

    def _chunk(self, number: np.ndarray) -> pl.DataFrame:
        random = np.random.default_rng(int(number[0]))
        count = len(number)
        company = _company(number - 1, self._rows)
        own = self._rows // len(_CODES)
        day = np.minimum((number - 1 - company * own) * self._days // own, self._days - 1)
        others = np.array([account for account in CONTROL_ACCOUNTS if account != "18412"])
        account = np.where(
            random.random(count) < 0.5, "18412", others[random.integers(0, len(others), count)]
        )
        per_company = self._vouchers // len(_CODES)
        voucher = random.integers(1, per_company - 1, count) + company * per_company
        cents = random.integers(-500_000, 500_000, count)
        batch = random.random(count) < 0.7
        reversing = random.random(count) < 0.02
        back = np.where(reversing & (number > 90), number - random.integers(1, 10, count), 0)
        text = np.where(
            (cents < 0) ^ (random.random(count) < 0.02),
            _CREDITS[random.integers(0, len(_CREDITS), count)],
            _DEBITS[random.integers(0, len(_DEBITS), count)],
        )
        return pl.DataFrame(
            {
                "id_company": _CODES[company],
                "entry_no": number,
                "document_no": pl.Series(number // 3).cast(pl.String).str.pad_start(9, "0"),
                "voucher_no": pl.Series(voucher).cast(pl.String),
                "posting_date": _days(PERIOD.year_start.date(), day),
                "document_type": np.where(random.random(count) < 0.05, "Credit Memo", " "),
                "group_coa_account_no": account,
                "document_description": pl.Series(text) + pl.Series(number).cast(pl.String),
                "amount": _amount(cents),
                "bal_account_type": np.where(
                    random.random(count) < 0.05, "Bank Account", "G/L Account"
                ),
                "reversed": reversing,
                "reversed_entry_no": back,
                "user_id": np.where(batch, "JUMIA/NAV31AFR.BATCH.SRVC", "JUMIA\\A.PERSON"),
                "g_l_creation_date": _stamps(PERIOD.year_start.date(), day),
            }
        )

    def balances(self, period: Period) -> pl.DataFrame:
        """Opening of zero, and what the entries add up to at the end of the month."""
        sums = (
            pl.concat(
                chunk.group_by("id_company", "group_coa_account_no").agg(pl.col("amount").sum())
                for chunk in self.entries(period)
            )
            .group_by("id_company", "group_coa_account_no")
            .agg(balance_at_date=pl.col("amount").sum())
        )
        closing = sums.with_columns(balance_role=pl.lit("closing"))
        opening = sums.with_columns(
            pl.lit(0).cast(sums.schema["balance_at_date"]).alias("balance_at_date"),
            balance_role=pl.lit("opening"),
        )
        return pl.concat([closing, opening])


def _rates() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "company_code": _CODES,
            "fx_rate": pl.Series([1500, 48, 130, 15, 600, 600, 3700, 134, 10]).cast(
                pl.Decimal(18, 8)
            ),
        }
    )


def _vouchers(count: int) -> Chunks:
    for number in _ranges(0, count):
        random = np.random.default_rng(1_000_003 + int(number[0]))
        rows = len(number)
        face = random.integers(100, 100_000, rows)
        used = np.where(random.random(rows) < 0.6, face, face // 3)
        off = _stamps(date(2024, 6, 1), random.integers(0, 200, rows))
        is_off = pl.Series(random.random(rows) < 0.1)
        yield pl.DataFrame(
            {
                "id_company": _companies(number, count),
                "id": pl.Series(number).cast(pl.String),
                "code": pl.Series(number).cast(pl.String) + "-C",
                "business_use": _USES[random.integers(0, len(_USES), rows)],
                "is_active": random.random(rows) < 0.5,
                "discount_amount": _amount(face),
                "from_date": _stamps(date(2023, 1, 1), random.integers(0, 600, rows)),
                "to_date": _stamps(date(2024, 1, 1), random.integers(0, 700, rows)),
                "created_at": _stamps(date(2023, 1, 1), random.integers(0, 600, rows)),
                "totalamountused": _amount(used),
                "totalremainingamount": _amount(face - used),
            }
        ).with_columns(voucher_inactive_date=pl.when(is_off).then(off))


def _usage(count: int) -> Chunks:
    for number in _ranges(0, count):
        random = np.random.default_rng(2_000_003 + int(number[0]))
        rows = len(number)
        yield pl.DataFrame(
            {
                "id_company": _companies(number, count),
                "code": pl.Series(2 * number).cast(pl.String) + "-C",
                "business_use": _USES[random.integers(0, len(_USES), rows)],
                "delivery_mth": 202401 + random.integers(0, 9, rows),
                "totalamountused": _amount(random.integers(100, 100_000, rows)),
            }
        )


def _items(
    total: int,
    open_now: Open,
    seed: int,
    more: Callable[[int, np.random.Generator], pl.DataFrame],
) -> Chunks:
    for number in _ranges(0, total):
        random = np.random.default_rng(seed + int(number[0]))
        rows = pl.DataFrame(
            {
                "id_company": _companies(number, total),
                "cod_oms_sales_order_item": pl.Series(number + 300_000_000).cast(pl.String),
            }
        ).hstack(more(len(number), random))
        yield rows.filter(pl.Series(open_now(number)))


def _since(rows: int, random: np.random.Generator) -> pl.Series:
    return _stamps(date(2024, 1, 1), random.integers(0, 240, rows))


def _packages(total: int, open_now: Open) -> Chunks:
    return _items(
        total,
        open_now,
        3_000_003,
        lambda rows, random: pl.DataFrame(
            {
                "balance_lcy": _amount(random.integers(100, 100_000, rows)),
                "delivered_date": _since(rows, random),
            }
        ),
    )


def _prepayments(total: int, open_now: Open) -> Chunks:
    return _items(
        total,
        open_now,
        4_000_003,
        lambda rows, random: pl.DataFrame(
            {
                "is_prepayment": np.ones(rows, dtype=bool),
                "balance_lcy": _amount(random.integers(100, 100_000, rows)),
                "finance_verified_date": _since(rows, random),
            }
        ),
    )


def _refunds(total: int, open_now: Open) -> Chunks:
    return _items(
        total,
        open_now,
        5_000_003,
        lambda rows, random: pl.DataFrame(
            {
                "case_type": np.full(rows, "refund without return"),
                "is_marketplace": random.random(rows) < 0.8,
                "amounttorefund": _amount(random.integers(-100_000, -100, rows)),
                "event_date": _since(rows, random),
            }
        ),
    )


def _collections(total: int, open_now: Open) -> Chunks:
    kinds = np.array(["Payment", "Transfer to", "Delivery", "Refund", "JForce Payout", "Other"])
    for number in _ranges(0, total):
        random = np.random.default_rng(6_000_003 + int(number[0]))
        yield pl.DataFrame(
            {
                "line_id": "1|" + pl.Series(number + 100_000_000).cast(pl.String),
                "id_company": _companies(number, total),
                "transaction_type": kinds[random.integers(0, len(kinds), len(number))],
                "amount": _amount(random.integers(-100_000, 100_000, len(number))),
                "event_date": _since(len(number), random),
            }
        ).filter(pl.Series(open_now(number)))


def _customers(total: int, open_now: Open) -> Chunks:
    for number in _ranges(0, total):
        random = np.random.default_rng(7_000_003 + int(number[0]))
        rows = len(number)
        customer = number // 2
        yield pl.DataFrame(
            {
                "id_company": _companies(number, total),
                "entry_no": number,
                "group_account": np.where(customer % 5 == 0, "13004", "13003"),
                "customer_no": "C" + pl.Series(customer).cast(pl.String),
                "customer_posting_group": np.where(random.random(rows) < 0.01, "LOAN", "B2C-NAT"),
                "busline_code": np.where(random.random(rows) < 0.01, "MPL", "RTL"),
                "rem_amt_lcy": _amount(random.integers(-100_000, 100_000, rows)),
                "posting_date": _since(rows, random).cast(pl.Date),
            }
        ).filter(pl.Series(open_now(number)))


def _accrued(count: int) -> Chunks:
    for number in _ranges(0, count):
        random = np.random.default_rng(8_000_003 + int(number[0]))
        yield pl.DataFrame(
            {
                "id_company": _companies(number, count),
                "sc_id_transaction": pl.Series(number).cast(pl.String),
                "sc_transaction_amount": _amount(random.integers(100, 100_000, len(number))),
            }
        )


def _jdash(home: Path, count: int) -> None:
    store = LocalStore(home / "inputs", name="inputs")
    number = np.arange(count, dtype=np.int64)
    random = np.random.default_rng(9_000_003)
    cents = random.integers(100, 100_000, count)
    rows = pl.DataFrame(
        {
            "company": _companies(number, count),
            "Voucher Id": pl.Series(2 * number).cast(pl.String),
            "Amount Used": _amount(cents, 2).cast(pl.Decimal(18, 2)),
            "Usage Date": _days(date(2023, 10, 1), random.integers(0, 365, count)),
        }
    )
    at = datetime(2024, 10, 2, tzinfo=UTC) + timedelta(hours=1)
    for code in _CODES:
        content = rows.filter(pl.col("company") == code).drop("company").write_csv().encode()
        deposit_jdash(store, content, PERIOD, str(code), who="benchmark", at=at)
