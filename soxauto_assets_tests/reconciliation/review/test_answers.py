"""Answers come back whole or not at all, bind to one control, and all imports stay."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from soxauto_assets.evidence import journal
from soxauto_assets.reconciliation.review.answers import (
    Answer,
    Import,
    history,
    keep,
    newest,
    standing,
)
from soxauto_assets.reconciliation.review.carry_over import fitting
from soxauto_assets.reconciliation.review.items import items
from soxauto_assets.reconciliation.review.layout import HEADER_ROW, position
from soxauto_assets.reconciliation.review.reading import (
    ForeignWorkbookError,
    OpenedWorkbook,
    RefusedWorkbookError,
    period_of,
    read_answers,
)
from soxauto_assets.reconciliation.review.reviewed import Reviewed
from soxauto_assets.reconciliation.review.workbook import workbook
from soxauto_assets.reconciliation.sign_off_rules import control_blockers
from soxauto_assets.store.local import LocalStore
from soxauto_assets.store.protocol import ObjectDamagedError
from soxauto_assets_tests.reconciliation.months import PERIOD, control, quiet_month
from soxauto_assets_tests.reconciliation.review.controls import (
    ADDRESS,
    MANIFEST,
    colourful,
    many,
    reviewed,
)

NOW = datetime(2024, 10, 3, 9, 0, tzinfo=UTC)
FULL = Answer("A. Person", "Booked in October, see JV-17.", "Reverse it", date(2024, 10, 31))
FIRST = HEADER_ROW + 2


@pytest.fixture(scope="module")
def one() -> Reviewed:
    """Small, for it is written and read again for every fault."""
    whole = colourful()
    lines = [line for line in whole.lines if line["company"] in ("EC_KE", "EC_NG")]
    return replace(whole, lines=tuple(lines), tables={})


@pytest.fixture(scope="module")
def written(one: Reviewed) -> bytes:
    return workbook(one, {})


def changed(content: bytes, change: Callable[[Workbook], object]) -> bytes:
    """The workbook as a person has changed and saved it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def fill(sheet: Worksheet, row: int, answer: Answer) -> None:
    for name in ("owner", "explanation", "action", "due"):
        cell = sheet.cell(row, position(name) + 1)
        cell.value = getattr(answer, name) or None
        if isinstance(cell.value, str):
            cell.data_type = "s"  # typed as text: the column says so


def read(content: bytes, of: Reviewed) -> dict[str, Answer]:
    return read_answers(OpenedWorkbook(content), of)


def test_two_hundred_answers_come_back_as_they_were_typed() -> None:
    big = many(23)
    asked = items(big)
    given = {
        item.id: Answer(
            f"Owner {number} é中",
            f"=cmd|' /C calc'!A{number}" if number % 3 else f"line one\nline two of {number}",
            "" if number % 5 else f"@action {number}, 50 %",
            None if number % 2 else date(2024, 10, 1) + timedelta(number),
        )
        for number, item in enumerate(asked)
    }
    assert len(given) > 200

    def type_all(book: Workbook) -> None:
        for row, item in enumerate(asked, FIRST):
            fill(book["Review"], row, given[item.id])

    filled = changed(workbook(big, {}), type_all)
    assert read(filled, big) == given
    assert read(workbook(big, given), big) == given


def test_rows_may_be_sorted(one: Reviewed, written: bytes) -> None:
    answers = {items(one)[1].id: FULL}

    def turn_round(book: Workbook) -> None:
        sheet = book["Review"]
        last = FIRST + len(items(one)) - 1
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(FIRST, last)]
        for number, row in enumerate(reversed(rows), FIRST):
            for column, value in enumerate(row, 1):
                sheet.cell(number, column).value = value

    content = changed(workbook(one, answers), turn_round)
    assert {k: v for k, v in read(content, one).items() if not v.is_empty} == answers


def _set(sheet: str, cell: str, value: object) -> Callable[[Workbook], object]:
    def change(book: Workbook) -> None:
        book[sheet][cell] = value

    return change


def _delete_row(book: Workbook) -> None:
    book["Review"].delete_rows(FIRST + 1)


def _delete_action(book: Workbook) -> None:
    book["Review"].delete_cols(position("action") + 1)


def _copy_row(book: Workbook) -> None:
    sheet = book["Review"]
    for cell in sheet[FIRST]:
        sheet.cell(FIRST + 1, cell.column).value = cell.value


def _lose(book: Workbook) -> None:
    del book["Lines"]


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (
            _delete_row,
            ["Review, row 7, column M (Id): the row of EC_KE 18350 (TO INVESTIGATE) was deleted."],
        ),
        (
            _delete_action,
            [
                "Review, row 5, column K: the column 'Action' is missing; 'Due date' stands in "
                "its place.",
                "Review, row 5, column L: the column 'Due date' is missing; 'Id' stands in its "
                "place.",
                "Review, row 5, column M: the column 'Id' is missing; nothing stands in its place.",
            ],
        ),
        (
            _copy_row,
            [
                "Review, row 7, column M (Id): group stands in row 6 too.",
                "Review, row 7, column M (Id): the row of EC_KE 18350 (TO INVESTIGATE) was "
                "deleted.",
            ],
        ),
        (_lose, ["Lines: there is no such sheet."]),
        (
            _set("Review", "G7", -1.0),
            ["Review, row 7, column G (Amount, USD): this cell is locked; it held '-10000.00', "
             "and now '-1'."],
        ),
        (
            _set("Review", "A7", "no"),
            ["Review, row 7, column A (Answer needed): this cell is locked; it held 'yes', and "
             "now 'no'."],
        ),
        (
            _set("Review", "L7", "31/10/2024"),
            ["Review, row 7, column L (Due date): '31/10/2024' is no date; type it as 2024-10-31."],
        ),
        (
            _set("Review", "L7", True),
            ["Review, row 7, column L (Due date): 'True' is no date; type it as 2024-10-31."],
        ),
        (
            _set("Review", "L7", date(2023, 10, 31)),
            ["Review, row 7, column L (Due date): 2023-10-31 is before the month's end."],
        ),
        (
            _set("Review", "J7", "=1+1"),
            ["Review, row 7, column J (Explanation): holds a formula; type text."],
        ),
        (
            _set("Review", "I7", "x" * 121),
            ["Review, row 7, column I (Owner): has 121 characters; 120 fit."],
        ),
        (
            _set("Lines", "F4", 12.0),
            ["Lines, row 4, column F: this cell is locked; it held '0', and now '12'."],
        ),
        (
            _set("Summary", "B6", 12.0),
            ["Summary, row 6, column B: this cell is locked; it held '10500.0', and now '12'."],
        ),
        (lambda book: None, ["Review, row 6: there is no answer in it."]),
    ],
)  # fmt: skip
def test_a_workbook_in_which_more_than_answers_was_changed_is_refused(
    change: Callable[[Workbook], object], faults: list[str], one: Reviewed, written: bytes
) -> None:
    with pytest.raises(RefusedWorkbookError) as refused:
        read(changed(written, change), one)
    assert [str(fault) for fault in refused.value.faults] == faults
    assert "soxauto review export 2024-09" in refused.value.remedy


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            _set("Notes", "B7", "4e" * 32),
            f"Notes, row 7, column B: it answers the control with the manifest '{'4e' * 32}', and "
            f"the newest one is {MANIFEST}.",
        ),
        (
            _set("Notes", "B4", "soxauto-review-0"),
            "Notes, row 4, column B: 'soxauto-review-0' is another version of the workbook; this "
            "one reads soxauto-review-1.",
        ),
        (
            _set("Notes", "B5", "2024-08"),
            "Notes, row 5, column B: '2024-08' is not 2024-09, the newest control of the month.",
        ),
    ],
)
def test_a_workbook_of_another_control_is_refused(
    change: Callable[[Workbook], object], fault: str, one: Reviewed, written: bytes
) -> None:
    with pytest.raises(ForeignWorkbookError) as refused:
        read(changed(written, change), one)
    assert [str(found) for found in refused.value.faults] == [fault]


def test_the_visible_digest_alone_does_not_make_a_workbook_ours(
    one: Reviewed, written: bytes
) -> None:
    later = replace(one, manifest_sha256="4e" * 32)
    with pytest.raises(ForeignWorkbookError, match=r"property soxauto\.manifest_sha256 says"):
        read(changed(written, _set("Notes", "B7", "4e" * 32)), later)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"id,owner\n1,me\n"])
def test_a_file_that_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedWorkbookError, match="no Excel workbook"):
        OpenedWorkbook(content)


def test_a_workbook_says_of_which_month_it_is(written: bytes) -> None:
    assert period_of(OpenedWorkbook(written)) == PERIOD
    with pytest.raises(RefusedWorkbookError, match="'September' is no month"):
        period_of(OpenedWorkbook(changed(written, _set("Notes", "B5", "September"))))


@pytest.fixture
def stores(tmp_path: Path) -> tuple[LocalStore, LocalStore]:
    return tuple(LocalStore(tmp_path / name, name=name) for name in ("inputs", "state"))  # type: ignore[return-value]


def test_every_import_stays_and_the_newest_counts(
    one: Reviewed, stores: tuple[LocalStore, LocalStore]
) -> None:
    inputs, state = stores
    id = items(one)[1].id
    assert newest(inputs, one) is None
    first = keep(inputs, state, one, {id: FULL}, b"first", who="a@b", at=NOW)
    better = replace(FULL, owner="B. Person")
    second = keep(
        inputs,
        state,
        one,
        {id: better, "line/EC_KE/18412": Answer()},
        b"second",
        who="c@d",
        at=NOW + timedelta(microseconds=1),
    )
    other = replace(one, manifest_sha256="4e" * 32)
    foreign = keep(
        inputs, state, other, {id: FULL}, b"other", who="a@b", at=NOW + timedelta(days=1)
    )
    assert history(inputs, PERIOD) == (first, second, foreign)
    assert newest(inputs, one) == second
    assert second.answers == {id: better}
    assert inputs.read(f"{first.stem}.xlsx") == b"first"
    kept = [entry for entry in journal.read(state) if entry.kind is journal.RecordKind.REVIEW]
    assert [entry.fields["workbook_sha256"] for entry in kept] == [
        made.workbook_sha256 for made in (first, second, foreign)
    ]
    inputs.create(f"{second.stem}-changed.json", b"{}")
    with pytest.raises(ObjectDamagedError, match="cannot be read"):
        newest(inputs, one)


def test_what_needs_an_answer_blocks_until_it_has_an_owner_and_an_explanation(
    one: Reviewed, stores: tuple[LocalStore, LocalStore]
) -> None:
    inputs, state = stores
    assert standing(inputs, one).blockers == (
        "all all (GROUP THRESHOLD) lacks owner and explanation.",
        "EC_KE 18350 (TO INVESTIGATE) lacks owner and explanation.",
        "EC_NG 18412 (INCOMPLETE) lacks owner and explanation.",
    )
    given = {
        "group": FULL,
        "line/EC_KE/18350": replace(FULL, explanation=""),
        "line/EC_NG/18412": FULL,
    }
    keep(inputs, state, one, given, b"x", who="a@b", at=NOW)
    assert standing(inputs, one).blockers == ("EC_KE 18350 (TO INVESTIGATE) lacks explanation.",)
    later = replace(one, manifest_sha256="4e" * 32)
    assert len(standing(inputs, later).blockers) == 3


def test_a_month_that_agrees_asks_nothing(stores: tuple[LocalStore, LocalStore]) -> None:
    quiet = reviewed(control(quiet_month()))
    assert standing(stores[0], quiet).blockers == ()
    assert not any(item.needed for item in items(quiet))


def test_what_was_explained_may_be_signed_off_and_what_is_missing_may_not(
    one: Reviewed, stores: tuple[LocalStore, LocalStore]
) -> None:
    inputs, state = stores
    given = {item.id: FULL for item in items(one) if item.needed}
    keep(inputs, state, one, given, b"x", who="a@b", at=NOW)
    assert control_blockers(one, inputs) == ("The check complete failed: 1 finding.",)
    only = ({"name": "explained", "verdict": "FAIL", "title": "x", "cause": "1 finding"},)
    assert control_blockers(replace(one, checks=only), inputs) == ()
    unanswered = replace(one, checks=only, manifest_sha256="4e" * 32)
    assert len(control_blockers(unanswered, inputs)) == 3


def test_answers_to_what_is_unchanged_are_offered_again_and_no_others() -> None:
    earlier = colourful()
    same, other = "line/EC_KE/18350", "line/EC_NG/18412"
    given = Import(
        PERIOD,
        ADDRESS.attempt,
        MANIFEST,
        "ab" * 32,
        "a.person@office",
        NOW,
        {same: FULL, other: FULL},
    )
    lines = tuple(
        {**line, "missing": "another reason"}
        if (line["company"], line["pool"]) == ("EC_NG", "18412")
        else line
        for line in earlier.lines
    )
    later = replace(earlier, lines=lines, manifest_sha256="4a" * 32)
    found = fitting(given, earlier, later)
    assert found is not None
    assert (found.answers, found.asked_again) == ({same: FULL}, 1)
    content = workbook(later, {}, found)
    # It is no answer until somebody has brought it back.
    assert read(content, later)[same] == FULL
    cell = openpyxl.load_workbook(io.BytesIO(content))["Review"].cell(
        FIRST + [item.id for item in items(later)].index(same), position("owner") + 1
    )
    assert "To be confirmed" in cell.comment.text
    assert "a.person@office" in cell.comment.text


def test_an_answer_that_is_confirmed_as_it_stood_is_kept_as_carried_over(tmp_path: Path) -> None:
    inputs, state = (LocalStore(tmp_path / name, name=name) for name in ("inputs", "state"))
    one = colourful()
    same, other = "line/EC_KE/18350", "line/EC_NG/18412"
    changed_answer = replace(FULL, explanation="Another explanation")
    made = keep(
        inputs,
        state,
        one,
        {same: FULL, other: changed_answer},
        b"workbook",
        who="b.person@office",
        at=NOW,
        offered={same: FULL, other: FULL},
    )
    assert made.carried == (same,)
    assert history(inputs, PERIOD) == (made,)
