"""Re-performance: the packaged query run again, and every difference explained to the cent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from soxauto_assets.evidence import journal
from soxauto_assets.evidence.journal import RecordKind
from soxauto_assets.evidence.outbox import Alert, enqueue
from soxauto_assets.evidence.personal_data import (
    DROP,
    PSEUDONYMISE,
    PersonalData,
    PseudonymKeyError,
)
from soxauto_assets.evidence.reperformance.comparing import CLASSES, compare
from soxauto_assets.evidence.reperformance.packaged import PackageUnusableError
from soxauto_assets.evidence.reperformance.performing import (
    Means,
    NoCurrentPackageError,
    Reperformance,
    reperform,
)
from soxauto_assets.store.protocol import StoreFullError
from soxauto_assets.verify import Verification, verify_package
from soxauto_assets.warehouse.protocol import SourceError, SourceUnavailableError, Warehouse
from soxauto_assets_tests.support import ledger
from soxauto_assets_tests.support.ledger import CUSTOMERS, ENTRIES, MAY, MOVEMENTS, REPORT, Ledger
from soxauto_assets_tests.support.logs import verified
from soxauto_assets_tests.support.packages import COLUMNS, ROWS, SEALING, Row, spooled, total
from soxauto_assets_tests.support.workshop import Workshop

SCHEMA = Path(__file__).parents[2] / "docs" / "schema" / "reperformance-1.schema.json"
SETTLED, LATER = (21, 22), (23, 24)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Planted:
    """A change at the source, and what a re-performance must make of it."""

    entry: int
    sql: tuple[str, ...]
    kind: str
    columns: str = ""


def _entry(number: int, change: str) -> str:
    return f'UPDATE {ENTRIES} SET {change} WHERE "Entry No_" = {number}'


def _move(number: int, amount: str, day: str = "2024-05-31") -> str:
    return (
        f'INSERT INTO {MOVEMENTS} (id_company, "Entry No_", "Cust_ Ledger Entry No_", '
        '"Customer No_", "Posting Date", "Amount (LCY)") '
        f"VALUES ('EC_NG', {2000 + number}, {number}, 'C{number}', '{day}', {amount})"
    )


def _new(number: int) -> tuple[str, ...]:
    return (
        f'INSERT INTO {ENTRIES} SELECT * REPLACE ({number} AS "Entry No_", '
        f"'C{number}' AS \"Customer No_\", DATE '2024-05-30' AS \"Posting Date\") "
        f'FROM {ENTRIES} WHERE "Entry No_" = 25',
        _move(number, "3.33", "2024-05-30"),
    )


OF = '"Cust_ Ledger Entry No_"'
PLANTED = (
    # Added later: booked into May after its close, one way or another.
    Planted(31, _new(31), "added"),
    Planted(32, _new(32), "added"),
    Planted(21, (f'DELETE FROM {MOVEMENTS} WHERE {OF} = 21 AND "Amount (LCY)" < 0',), "added"),
    Planted(22, (_move(22, "0.01"),), "added"),
    Planted(
        23,
        (
            _entry(23, "\"Posting Date\" = '2024-05-31'"),
            f"UPDATE {MOVEMENTS} SET \"Posting Date\" = '2024-05-31' WHERE {OF} = 23",
        ),
        "added",
    ),
    # Removed: gone from the ledger, settled, or moved out of the month or the accounts.
    Planted(1, (f'DELETE FROM {ENTRIES} WHERE "Entry No_" = 1',), "removed"),
    Planted(2, (_move(2, "-102.10"),), "removed"),
    Planted(3, (_entry(3, "\"Posting Date\" = '2024-06-01'"),), "removed"),
    Planted(4, (_entry(4, "\"Customer Posting Group\" = 'XXX'"),), "removed"),
    Planted(5, (f"DELETE FROM {MOVEMENTS} WHERE {OF} = 5",), "removed"),
    # Changed: amounts, texts, days, a null, and what the master shows today.
    Planted(6, (_move(6, "-50.05"),), "changed", "rem_amt_lcy, customer_balance_lcy"),
    Planted(7, (_move(7, "-999.99"),), "changed", "rem_amt_lcy, customer_balance_lcy"),
    Planted(
        8,
        (_entry(8, '"Original Amount" = 1.5, "Original Amount (LCY)" = 1.5'),),
        "changed",
        "original_amount, original_amount_lcy",
    ),
    Planted(
        9,
        (f"UPDATE {CUSTOMERS} SET Name = 'Other' WHERE No_ = 'C9'",),
        "changed",
        "customer_name",
    ),
    Planted(
        10, (_entry(10, "\"Due Date\" = '2024-01-01'"),), "changed", "due_date, ageing_bucket"
    ),
    Planted(11, (_entry(11, "\"Description\" = 'invoice'"),), "changed", "description"),
    Planted(12, (_entry(12, "\"Document No_\" = 'D12'"),), "changed", "document_no"),
    Planted(13, (_entry(13, '"Description" = NULL'),), "changed", "description"),
    Planted(14, (_entry(14, "\"Posting Date\" = '2024-04-30'"),), "changed", "posting_date"),
    Planted(15, (_entry(15, "\"Reason Code\" = 'R'"), _move(15, "0.01")), "changed",
            "reason_code, rem_amt_lcy, customer_balance_lcy"),
)  # fmt: skip


def means(workshop: Workshop, warehouse: Callable[[], Warehouse] | None = None) -> Means:
    def alert(told: Alert) -> None:
        enqueue(workshop.state, told)

    return Means(
        state=workshop.state,
        results=workshop.results,
        evidence=workshop.evidence,
        warehouse=warehouse or workshop.warehouse,
        sealing=SEALING,
        scratch=workshop.folder / "scratch",
        tries=1,
        who="ada@host",
        settings={"SOXAUTO_STORE": "local"},
        alert=alert,
    )


@dataclass
class Closed:
    """A closed month of the ledger, in a folder that a test copies."""

    folder: Path
    ledger: Ledger
    workshop: Workshop

    def folder_of(self, found: Reperformance) -> Path:
        return self.folder / "shop" / "evidence" / found.made.address.prefix


@pytest.fixture(scope="module")
def closed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed")
    source = Ledger(folder / "source", 25, settled=SETTLED, later=LATER)
    outcome = Workshop(folder / "shop", source.warehouse).attempt(REPORT, MAY)
    assert outcome.cause is None
    return folder


@pytest.fixture
def closed(closed_once: Path, tmp_path: Path) -> Closed:
    folder = shutil.copytree(closed_once, tmp_path / "closed")
    source = Ledger.__new__(Ledger)
    source._folder = folder / "source"
    source._files = {p.stem: p for p in (folder / "source").glob("*.duckdb")}
    return Closed(folder, source, Workshop(folder / "shop", source.warehouse))


def records(workshop: Workshop) -> list[dict[str, object]]:
    return [
        dict(record.fields)
        for record in journal.read(workshop.state)
        if record.kind is RecordKind.REPERFORMANCE
    ]


def test_twenty_planted_changes_are_classified_and_their_amounts_add_up(closed: Closed) -> None:
    assert len(PLANTED) == 20
    closed.ledger.run(*(sql for planted in PLANTED for sql in planted.sql))

    found = reperform(REPORT, MAY, means(closed.workshop))

    comparison, folder = found.made.comparison, closed.folder_of(found)
    assert comparison is not None
    rows = pq.read_table(folder / "differences.parquet").to_pylist()
    assert {row["key_entry_no"]: (row["class"], row["changed_columns"]) for row in rows} == {
        planted.entry: (planted.kind, planted.columns) for planted in PLANTED
    }
    amounts = {kind: comparison.classes[kind].amounts["rem_amt_lcy"] for kind in CLASSES}
    assert amounts == {
        "added": Decimal("3.33") * 2 + ledger.amount_of(21) + CENT + ledger.amount_of(23),
        "removed": -sum(ledger.amount_of(n) for n in range(1, 6)),
        "changed": Decimal("-50.05") + Decimal("-999.99") + CENT,
    }
    assert sum(amounts.values()) == comparison.change("rem_amt_lcy")
    assert (comparison.before.rows, comparison.after.rows, comparison.unchanged) == (21, 21, 6)
    assert comparison.classes["added"].last_event == date(2024, 5, 31)
    assert found.made.outcome == "DIFFERS"
    answer = verify_package(folder)
    assert (answer.first_difference, answer.verdict) == (None, Verification.VERIFIED)
    assert "rows that are listed and do not differ so" in {f.name for f in answer.checks}
    sample = (folder / "sample.json").read_text()
    assert json.loads(sample)["masked_columns"] == []  # the key is no personal data
    statement = json.loads((folder / "manifest.json").read_bytes())
    Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(statement)


def test_where_nothing_changed_it_says_so_and_the_log_has_its_beginning_and_end(
    closed: Closed,
) -> None:
    # Another catalogue changes nothing: what is run is the package's own query.
    workshop = Workshop(closed.folder / "shop", closed.ledger.warehouse, catalog=closed.folder)

    found = reperform(REPORT, MAY, means(workshop))

    assert found.made.outcome == "SAME"
    folder = closed.folder_of(found)
    assert verify_package(folder).verdict is Verification.VERIFIED
    begun, ended = records(workshop)
    assert (begun["stage"], ended["stage"], ended["outcome"]) == ("begun", "ended", "SAME")
    assert ended["envelope_sha256"] == found.envelope.sha256
    told = {f.name: f.found for f in verified(closed.folder / "shop/evidence/log").report.checks}
    assert told[f"re-performance {found.made.address.id} of {REPORT} {MAY}"] == (
        f"SAME, envelope {found.envelope.sha256}"
    )
    assert workshop.alerts() == []


def test_pseudonyms_are_compared_with_the_same_key_and_dropped_columns_not_at_all(
    closed: Closed,
) -> None:
    key = b"a key of a test, of forty characters...."
    rename = f"UPDATE {CUSTOMERS} SET Name = Name || ' Ltd' WHERE No_ = 'C9'"
    source, shop = closed.ledger.warehouse, closed.folder / "shop"
    Workshop(shop, source, personal=PersonalData(PSEUDONYMISE, key)).attempt(REPORT, MAY)
    closed.ledger.run(rename)

    with pytest.raises(PseudonymKeyError):
        reperform(REPORT, MAY, means(closed.workshop))
    found = reperform(REPORT, MAY, replace(means(closed.workshop), pseudonym_key=key))

    assert found.made.comparison is not None
    assert found.made.comparison.changed_columns == {"customer_name": 1}
    assert verify_package(closed.folder_of(found)).first_difference is None
    assert "Ltd" not in str(pq.read_table(closed.folder_of(found) / "data/reperformed.parquet"))
    Workshop(shop, source, personal=PersonalData(DROP)).attempt(REPORT, MAY)
    closed.ledger.run(rename)
    dropped = reperform(REPORT, MAY, means(closed.workshop))
    assert dropped.made.outcome == "SAME"
    folder = closed.folder_of(dropped)
    assert verify_package(folder).first_difference is None
    assert "NOT COMPARED, not in the package: customer_name" in (folder / "README.txt").read_text()


def test_a_row_that_came_twice_is_told_of_as_a_key_used_twice(closed: Closed) -> None:
    closed.ledger.run(f'INSERT INTO {ENTRIES} SELECT * FROM {ENTRIES} WHERE "Entry No_" = 6')

    found = reperform(REPORT, MAY, means(closed.workshop))

    comparison, folder = found.made.comparison, closed.folder_of(found)
    assert comparison is not None
    assert (comparison.before.duplicate_keys, comparison.after.duplicate_keys) == (0, 1)
    assert "KEYS USED TWICE: 0 in the package, 1 today" in (folder / "README.txt").read_text()
    # The copy is new; its twin changed, for the customer's balance now counts it twice.
    assert {kind: comparison.classes[kind].rows for kind in CLASSES} == {
        "added": 1,
        "removed": 0,
        "changed": 1,
    }
    assert verify_package(folder).first_difference is None


def test_nothing_is_begun_where_no_attempt_has_passed(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, lambda: pytest.fail("the source was asked"))

    with pytest.raises(NoCurrentPackageError):
        reperform(REPORT, MAY, means(workshop))

    assert (records(workshop), workshop.alerts()) == ([], [])


class Down:
    """A source that cannot be reached."""

    name, is_demonstration = "down", True

    def open(self, purpose: object) -> None:
        raise SourceUnavailableError("The source is down.", remedy="Start it.")


def _damage(closed: Closed) -> None:
    (extract,) = (closed.folder / "shop/evidence/attempts").rglob("extract.parquet")
    extract.chmod(0o644)
    extract.write_bytes(extract.read_bytes()[:-1] + b"x")


def _drop_column(closed: Closed) -> None:
    closed.ledger.change(f"{ledger.NAV}.dbo.Customer Ledger Entries", 'DROP COLUMN "Reason Code"')


@pytest.mark.parametrize(
    ("break_it", "warehouse", "error"),
    [
        (_damage, None, PackageUnusableError),
        (_drop_column, None, SourceError),
        (lambda closed: None, Down, SourceUnavailableError),
    ],
    ids=["damaged package", "column gone", "source down"],
)
def test_what_was_begun_and_failed_is_packed_logged_and_alerted(
    closed: Closed,
    break_it: Callable[[Closed], None],
    warehouse: Callable[[], Warehouse] | None,
    error: type[Exception],
) -> None:
    break_it(closed)

    with pytest.raises(error):
        reperform(REPORT, MAY, means(closed.workshop, warehouse))

    begun, ended = records(closed.workshop)
    assert (begun["stage"], ended["outcome"]) == ("begun", "FAILED")
    assert error.__name__ in str(ended["reason"])
    (alert,) = closed.workshop.alerts()
    assert alert.attempt == ended["id"]
    assert error.__name__ in "".join(alert.body)
    folder = closed.folder / "shop/evidence/reperformances" / REPORT / str(MAY) / str(ended["id"])
    answer = verify_package(folder)
    assert answer.first_difference is None
    assert answer.claim is not None
    assert answer.claim.verdict == "FAILED"
    Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(
        json.loads((folder / "manifest.json").read_bytes())
    )


def test_a_pack_that_breaks_half_way_ends_in_a_failed_one_that_lists_what_it_left(
    closed: Closed, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = means(closed.workshop)
    create = ours.evidence.create

    def full(key: str, source: Path | bytes, **more: object) -> object:
        if key.endswith("/differences.parquet"):
            raise StoreFullError("The disk is full.", remedy="Make room.")
        return create(key, source)

    monkeypatch.setattr(ours.evidence, "create", full)
    with pytest.raises(StoreFullError):
        reperform(REPORT, MAY, ours)

    ended = records(closed.workshop)[-1]
    folder = closed.folder / "shop/evidence/reperformances" / REPORT / str(MAY) / str(ended["id"])
    assert (folder / "failed" / "README.txt").exists()
    assert verify_package(folder).first_difference is None
    assert ended["outcome"] == "FAILED"


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("differences.parquet", "file differences.parquet"),
        ("manifest.dsse.json", "manifest.dsse.json, "),
        ("sql/catalogue/query.sql", "file sql/catalogue/query.sql"),
    ],
)
def test_a_re_performance_that_was_changed_is_told(closed: Closed, name: str, finding: str) -> None:
    folder = closed.folder_of(reperform(REPORT, MAY, means(closed.workshop)))
    path = folder / name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"~")

    answer = verify_package(folder)

    assert answer.verdict is Verification.DIFFERS
    assert str(answer.first_difference).startswith(finding)


AMOUNTS = st.decimals(min_value=-(10**17), max_value=10**17, places=20, allow_nan=False)
ENTRY = st.tuples(
    st.sampled_from(["EC_NG", "ec_ng ", "EC_KE"]),
    st.integers(1, 4),
    st.dates(date(2024, 1, 1), date(2024, 9, 30)),
    st.none() | st.sampled_from(["Ada", "ada", ""]),
    AMOUNTS,
    st.none() | st.just(datetime(2024, 9, 2)),
    st.none() | st.booleans(),
)


@settings(max_examples=10)
@given(before=st.lists(ENTRY, max_size=8), after=st.lists(ENTRY, max_size=8))
def test_the_classes_always_add_up_whatever_the_rows(before: list[Row], after: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        found = compare(
            spooled(scratch / "before.parquet", tuple(before)).path,
            spooled(scratch / "after.parquet", tuple(after)).path,
            COLUMNS,
            key=("id_company", "entry_no"),
            amounts=("amount_lcy",),
            event_date="posting_date",
            differences=scratch / "differences.parquet",
            scratch=scratch,
        )
        listed = pq.read_table(scratch / "differences.parquet").num_rows

    sides = (found.before, before), (found.after, after)
    for side, rows in sides:
        assert (side.rows, side.totals["amount_lcy"]) == (len(rows), total(tuple(rows)))
    assert found.change("amount_lcy") == _difference(total(tuple(after)), total(tuple(before)))
    assert listed == sum(found.classes[kind].rows for kind in CLASSES)
    same = sorted(map(repr, before)) == sorted(map(repr, after))
    assert found.differs or same


def _difference(one: Decimal, other: Decimal) -> Decimal:
    return total((replace_amount(one), replace_amount(other.copy_negate())))


def replace_amount(amount: Decimal) -> Row:
    return (*ROWS[0][:4], amount, *ROWS[0][5:])
