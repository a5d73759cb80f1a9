"""The inputs store: files that people bring, each of one kind, month and company (D23, 2.15).

``jdash/<YYYY-MM>/<company>/<stamp>-<digest>.csv``, create-only: a newer file is the one that
counts, and none is ever lost. Who brought it and when stand in its metadata. A file that is
malformed, or of another month or company, is refused before it is stored, with its row and
column; a month without a file is incomplete, never empty.

Here: reading, storing and finding input files. Not here: what they are used for
(``bridge_vouchers.py``).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from soxauto_assets.errors import PermanentError
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.bridge_rules import JDASH
from soxauto_assets.store.protocol import ObjectDamagedError

if TYPE_CHECKING:
    from soxauto_assets.store.protocol import ObjectStore

JDASH_COLUMNS: dict[str, tuple[str, ...]] = {
    "voucher_id": ("voucher id", "voucher_id", "voucherid", "id", "voucher"),
    "amount_used": ("amount used", "amount_used", "amountused", "amount", "ordered amount"),
    "usage_date": ("usage date", "usage_date"),
}
"""The columns that are needed, with the headers that each may have, in lower case."""
_OWN = {"company": ("company", "id_company"), "period": ("period", "month")}
"""Columns that a file may have; where it has them, every row must name this company or month."""
JDASH_SCHEMA = {
    "voucher_id": pl.String(),
    "amount_used": pl.Decimal(38, 4),
    "usage_date": pl.Datetime("us"),
}
_AMOUNT = r"^[0-9]{1,18}(\.[0-9]{1,4})?$"
_DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_KEY = re.compile(
    r"(?P<kind>[a-z]+)/(?P<period>[0-9]{4}-[0-9]{2})/(?P<company>[A-Z_]+)/"
    r"(?P<at>[0-9]{8}_[0-9]{6}Z)-[0-9a-f]{8}\.csv"
)
_REMEDY = "Nothing was stored. Export it again as comma separated UTF-8 text and give it once more."


class MalformedInputError(PermanentError):
    """A file cannot be read as what it is said to be. ``row`` is 1 for the header."""

    def __init__(self, problem: str, *, row: int | None = None, column: str | None = None) -> None:
        where = "" if row is None else f"Row {row}" + (f", column {column!r}" if column else "")
        super().__init__(f"{where}: {problem}" if where else problem, remedy=_REMEDY)
        self.row = row
        self.column = column


class ForeignInputError(MalformedInputError):
    """A file is of another month or company than it is given for."""


@dataclass(frozen=True)
class InputFile:
    """A stored input file. ``brought_at`` is aware UTC; ``who`` is ``user@host``."""

    key: str
    period: Period
    company: str
    sha256: str
    who: str
    brought_at: datetime


def deposit_jdash(
    store: ObjectStore, content: bytes, period: Period, company: str, *, who: str, at: datetime
) -> InputFile:
    """Store the Jdash file of a month and company, once it has been read without fault.

    ``at`` is aware. Raises MalformedInputError, ForeignInputError and StoreError.
    """
    read_jdash(content, period, company)
    sha256 = hashlib.sha256(content).hexdigest()
    stamp = f"{at.astimezone(UTC):%Y%m%d_%H%M%SZ}"
    key = f"{JDASH}/{period}/{company}/{stamp}-{sha256[:8]}.csv"
    store.create(key, content, metadata={"sha256": sha256, "who": who})
    return InputFile(key, period, company, sha256, who, at)


def newest_jdash(store: ObjectStore, period: Period, company: str) -> InputFile | None:
    """The file that counts: the newest of the month and company, or None where there is none."""
    keys = [listed.key for listed in store.list(f"{JDASH}/{period}/{company}/")]
    matches = [match for key in keys if (match := _KEY.fullmatch(key))]
    if not matches:
        return None
    newest = max(matches, key=lambda match: match["at"])
    info = store.info(newest[0])
    assert info is not None  # it was listed, and nothing is ever removed
    at = datetime.strptime(newest["at"], "%Y%m%d_%H%M%SZ").replace(tzinfo=UTC)
    return InputFile(
        newest[0],
        period,
        company,
        info.metadata.get("sha256", ""),
        info.metadata.get("who", "unknown"),
        at,
    )


def content_of(store: ObjectStore, file: InputFile) -> bytes:
    """The bytes of the file; raises ObjectDamagedError where they are not those brought."""
    content = store.read(file.key)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ObjectDamagedError(
            f"The input file {file.key} is not what {file.who} has brought.",
            remedy="Find out who or what changed it; bring the file again.",
        )
    return content


def read_jdash(content: bytes, period: Period, company: str) -> pl.DataFrame:
    """The rows of a Jdash file: ``voucher_id``, ``amount_used`` (LCY), ``usage_date``.

    Comma separated, in UTF-8, one header. Raises MalformedInputError for a header that is
    missing or twice, a row of another width, a voucher, amount or date that is none; amounts are
    plain decimals of at least zero. Raises ForeignInputError where a row names another month or
    company, and where no use lies in the month although there are rows.
    """
    header = _header(content)
    positions = _positions(header)
    try:
        rows = pl.read_csv(
            io.BytesIO(content),
            has_header=False,
            skip_rows=1,
            infer_schema=False,
            new_columns=[f"c{n}" for n in range(len(header))],
            schema={f"c{n}": pl.String for n in range(len(header))},
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise _ragged(content, len(header)) from error
    named = rows.select(
        pl.col(f"c{position}").str.strip_chars().alias(name) for name, position in positions.items()
    )
    shown = {name: header[position] for name, position in positions.items()}

    def refuse(wrong: pl.Expr, name: str, problem: str, kind: type[MalformedInputError]) -> None:
        found = named.select(wrong.fill_null(True).arg_true()).to_series()
        if len(found):
            at = int(found[0])
            value = named[name][at]
            raise kind(
                problem.format(value=repr(None if value is None else value[:40])),
                row=at + 2,
                column=shown[name],
            )

    amount, day = pl.col("amount_used"), pl.col("usage_date")
    moment = pl.coalesce(day.str.to_datetime(form, strict=False, time_unit="us") for form in _DATES)
    refuse(pl.col("voucher_id") == "", "voucher_id", "there is no voucher.", MalformedInputError)
    refuse(
        ~amount.str.contains(_AMOUNT),
        "amount_used",
        "{value} is no amount: plain digits and a point, at least zero, as 1234.50.",
        MalformedInputError,
    )
    refuse(
        moment.is_null(),
        "usage_date",
        "{value} is no date: 2024-09-30, or 2024-09-30 23:59:59.",
        MalformedInputError,
    )
    if "company" in positions:
        refuse(
            pl.col("company").str.to_uppercase() != company,
            "company",
            f"{{value}} is not {company}.",
            ForeignInputError,
        )
    if "period" in positions:
        refuse(
            pl.col("period") != str(period),
            "period",
            f"{{value}} is not {period}.",
            ForeignInputError,
        )
    typed = named.select(
        "voucher_id",
        amount.cast(JDASH_SCHEMA["amount_used"]),
        moment.alias("usage_date"),
    )
    _require_month(typed, period, shown["usage_date"])
    return typed


def _require_month(rows: pl.DataFrame, period: Period, column: str) -> None:
    at = pl.col("usage_date")
    if (
        rows.is_empty()
        or rows.select(at.is_between(period.start, period.next_start, "left").any()).item()
    ):
        return
    last = rows["usage_date"].arg_max()
    assert last is not None
    raise ForeignInputError(
        f"the last use is of {rows['usage_date'][last]:%Y-%m-%d}, and none is in {period}: this is "
        "the file of another month.",
        row=int(last) + 2,
        column=column,
    )


def _header(content: bytes) -> list[str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedInputError(f"The file is not UTF-8 (byte {error.start}).") from error
    header = next(csv.reader(io.StringIO(text)), None)
    if header is None:
        raise MalformedInputError("The file is empty: it has no header.")
    return [name.strip() for name in header]


def _positions(header: list[str]) -> dict[str, int]:
    """Where each column stands; refuses a header that is there twice, under any of its names."""
    lowered = [name.lower() for name in header]
    for name in header:
        if lowered.count(name.lower()) > 1:
            raise MalformedInputError("the header stands there twice.", row=1, column=name)
    positions: dict[str, int] = {}
    for column, names in (JDASH_COLUMNS | _OWN).items():
        found = [position for position, name in enumerate(lowered) if name in names]
        if len(found) > 1:
            raise MalformedInputError(
                f"it means the same as {header[found[0]]!r}.", row=1, column=header[found[1]]
            )
        if found:
            positions[column] = found[0]
        elif column in JDASH_COLUMNS:
            raise MalformedInputError("there is no such header.", row=1, column=names[0])
    return positions


def _ragged(content: bytes, width: int) -> MalformedInputError:
    """Which row has another width than the header; read again only where reading has failed."""
    for number, row in enumerate(csv.reader(io.StringIO(content.decode("utf-8-sig"))), start=1):
        if len(row) != width:
            return MalformedInputError(
                f"there are {len(row)} values, and {width} headers.", row=number
            )
    return MalformedInputError("The file is not comma separated text.")
