"""Cash collection: deposits, transactions, reallocations, packlists; and what they book.

Here: drawn and scripted rows of cash reconciliation. Not here: their tables (``deposits.py``,
``packlists.py``, ``cash_transactions.py``), partners and banks (``dimensions.py``).
"""

from __future__ import annotations

import numpy as np

from soxauto_assets.demo.cash_transactions import (
    CASH,
    TRANSACTION_TYPES,
    write_reallocations,
    write_transactions,
)
from soxauto_assets.demo.companies import CODES, PRICES, ROSTER_INDEX, ROSTER_SIZE, shares
from soxauto_assets.demo.deposits import CANCELLED, SPELLINGS, Deposits, write_deposits
from soxauto_assets.demo.drawing import (
    DAY,
    MISSING,
    chance,
    constant,
    datetime_grid,
    keep,
    later,
    missing,
    moments_between,
    prices,
    share_of,
    where,
)
from soxauto_assets.demo.ledger import ACCOUNT, Ledger, Postings
from soxauto_assets.demo.packlists import Lists, Settlements, write_lists
from soxauto_assets.demo.plan import CASH_TRANSACTIONS, PACKLISTS, Cohort, chunks
from soxauto_assets.demo.rows import Sink


def write_collections(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """Draw the month's cash collection, write it and book it."""
    # Lists and transactions name deposits of their own chunk.
    for chunk, first, rows in chunks(cohort.count(PACKLISTS)):
        random = cohort.random("collections", chunk)
        deposits = _draw_deposits(random, cohort, first, rows)
        lists, settlements = _draw_lists(random, cohort, deposits)
        postings = Postings()
        write_deposits(deposits, sink, postings)
        write_lists(lists, settlements, SPELLINGS, sink, postings)
        _book_applications(deposits, lists, settlements, postings)
        per_list = CASH_TRANSACTIONS // PACKLISTS
        _draw_transactions(random, cohort, deposits, lists, per_list * first, sink, postings)
        _draw_reallocations(random, cohort, first, rows, sink, postings)
        ledger.write(postings.entries("Cash collection of"))
    _write_edges(cohort, sink, ledger)


def _draw_deposits(random: np.random.Generator, cohort: Cohort, first: int, rows: int) -> Deposits:
    company = random.choice(len(CODES), rows, p=shares()).astype(np.int64)
    moment = moments_between(random, rows, cohort.start, cohort.next_start)
    fate = random.random(rows)
    closing = where(fate < 0.05, 1, where(fate < 0.08, 2, where(fate < 0.13, 3, 0)))
    return Deposits(
        company=company,
        number=cohort.first_number + first + 1 + np.arange(rows, dtype=np.int64),
        kind=random.integers(0, 2, rows),
        moment=moment,
        reversed=keep(later(random, moment, 1.0, 40.0), chance(random, rows, 0.1)),
        partner=random.integers(0, len(SPELLINGS), rows),
        units=prices(random, PRICES[company] * 20),
        charges=keep(prices(random, PRICES[company] // 5 + 1), chance(random, rows, 0.6)),
        status=random.choice(5, rows, p=(0.2, 0.5, 0.15, 0.05, 0.1)).astype(np.int64),
        closing=closing,
        closes=keep(later(random, moment, 5.0, 60.0), (closing == 1) | (closing == 3)),
    )


def _book_applications(
    deposits: Deposits, lists: Lists, settlements: Settlements, postings: Postings
) -> None:
    """A payment that settles a list is that much less in progress, until it is closed."""
    deposit = settlements.deposit
    applies = (
        (settlements.reconciled != MISSING)
        & (settlements.status != CANCELLED)
        & deposits.counts[deposit]
    )
    postings.open_between(
        settlements.company,
        ACCOUNT["13002"],
        keep(np.maximum(lists.created[settlements.listing], settlements.moment), applies),
        deposits.closes[deposit],
        settlements.total,
    )


def _draw_lists(
    random: np.random.Generator, cohort: Cohort, deposits: Deposits
) -> tuple[Lists, Settlements]:
    """A list for each deposit, settled by it and sometimes by a part of the next one."""
    rows = len(deposits.number)
    fate = random.random(rows)
    # Never in an older month, whose rows must not depend on this one.
    before = deposits.moment - random.integers(0, 6 * DAY, rows)
    created = datetime_grid(np.maximum(before, cohort.start))
    total = deposits.units + where(deposits.charges == MISSING, 0, deposits.charges)
    # Settled to the cent, in part, or over-applied (the rest is negative).
    received = where(
        fate < 0.5,
        total,
        where(
            fate < 0.95,
            total + share_of(random, total, 0.0, 0.4),
            share_of(random, total, 0.6, 0.95),
        ),
    )
    settlements = _draw_settlements(random, deposits)
    settled = constant(rows, 0)
    np.add.at(settled, settlements.listing, where(settlements.reconciled == MISSING, 0, 1))
    force = random.random(rows)
    closing = where(force < 0.06, 1, where(force < 0.09, 2, 0))
    lists = Lists(
        company=deposits.company,
        number=deposits.number,
        partner=deposits.partner,
        created=created,
        received=received,
        status=random.choice(6, rows, p=(0.25, 0.45, 0.12, 0.08, 0.05, 0.05)).astype(np.int64),
        closing=closing,
        closes=keep(later(random, deposits.moment, 1.0, 50.0), closing == 1),
        settled=settled > 0,
    )
    return lists, settlements


def _draw_settlements(random: np.random.Generator, deposits: Deposits) -> Settlements:
    """One payment of each list by its own deposit, for some a second one."""
    rows = len(deposits.number)
    of = np.concatenate([np.arange(rows), np.flatnonzero(chance(random, rows, 0.3))])
    second = np.arange(len(of)) >= rows
    units = deposits.units[of]
    part = where(second, share_of(random, units, 0.01, 0.2), share_of(random, units, 0.3, 0.8))
    whole = ~second & chance(random, len(of), 0.6)
    return Settlements(
        number=deposits.number[of] * 2 + where(second, 1, 0),
        company=deposits.company[of],
        listing=of.astype(np.int64),
        deposit=of.astype(np.int64),
        moment=deposits.moment[of],
        status=deposits.status[of],
        reconciled=keep(where(whole, units, part), chance(random, len(of), 0.9)),
        charges=keep(deposits.charges[of], ~second),
        deposit_number=deposits.number[of],
    )


def _draw_transactions(
    random: np.random.Generator,
    cohort: Cohort,
    deposits: Deposits,
    lists: Lists,
    first: int,
    sink: Sink,
    postings: Postings,
) -> None:
    rows = len(deposits.number) * (CASH_TRANSACTIONS // PACKLISTS)
    deposit = random.integers(0, len(deposits.number), rows)
    kind = random.choice(
        len(TRANSACTION_TYPES), rows, p=(0.15, 0.15, 0.05, 0.35, 0.1, *(0.2 / 7,) * 7)
    ).astype(np.int64)
    created = moments_between(random, rows, cohort.start, cohort.next_start)
    units = prices(random, PRICES[deposits.company[deposit]] * 3)
    fate = random.random(rows)
    write_transactions(
        number=cohort.first_number + first + 1 + np.arange(rows, dtype=np.int64),
        kind=kind,
        created=created,
        deposit=deposit,
        deposits=deposits,
        units=where(fate < 0.02, 0, where(fate < 0.1, -units, units)),
        # On a list of transactions, on one that waits, or on none.
        listed=keep(later(random, created, 0.5, 35.0), chance(random, rows, 0.97)),
        on_list=chance(random, rows, 0.7),
        waiting=lists.waits[deposit] & chance(random, rows, 0.5),
        sink=sink,
        postings=postings,
    )


def _draw_reallocations(
    random: np.random.Generator,
    cohort: Cohort,
    first: int,
    rows: int,
    sink: Sink,
    postings: Postings,
) -> None:
    company = random.choice(len(CODES), rows, p=shares()).astype(np.int64)
    original = moments_between(random, rows, cohort.start, cohort.next_start)
    moved = later(random, original, 0.5, 50.0)
    units = prices(random, PRICES[company] * 2)
    write_reallocations(
        number=cohort.first_number + first + 1 + np.arange(rows, dtype=np.int64),
        company=company,
        original=original,
        moved=keep(moved, chance(random, rows, 0.98)),
        units=where(chance(random, rows, 0.1), -units, units),
        sink=sink,
        postings=postings,
    )


def _write_edges(cohort: Cohort, sink: Sink, ledger: Ledger) -> None:
    """For each company of the roster: transactions and reallocations around the cut-off."""
    postings, size = Postings(), ROSTER_SIZE
    number = cohort.first_number + 90_000_000
    nothing = constant(size, 0)
    deposits = Deposits(
        company=ROSTER_INDEX,
        number=number + ROSTER_INDEX,
        kind=nothing,
        moment=constant(size, cohort.last_moment),
        reversed=missing(size),
        partner=ROSTER_INDEX,
        units=constant(size, 2_500_000),
        charges=missing(size),
        status=nothing,
        closing=nothing,
        closes=missing(size),
    )
    write_deposits(deposits, sink, postings)
    # created, list date (null: on no list), units
    script = (
        (cohort.last_moment, MISSING, 310_000),
        (cohort.next_start, cohort.next_start + DAY, 320_000),
        (cohort.start, cohort.last_moment, 330_000),
        (cohort.start, cohort.next_start, 340_001),
    )
    for step, (created, listed, units) in enumerate(script):
        write_transactions(
            number=number + step * size + ROSTER_INDEX,
            kind=constant(size, CASH),
            created=constant(size, created),
            deposit=ROSTER_INDEX,
            deposits=deposits,
            units=constant(size, units),
            listed=constant(size, listed),
            on_list=constant(size, listed) != MISSING,
            waiting=constant(size, 0) == 1,
            sink=sink,
            postings=postings,
        )
    for step, (original, moved) in enumerate(
        (
            (cohort.last_moment, cohort.next_start),
            (cohort.next_start, cohort.next_start + DAY),
            (cohort.start, cohort.last_moment),
        )
    ):
        write_reallocations(
            number=number + step * size + ROSTER_INDEX,
            company=ROSTER_INDEX,
            original=constant(size, original),
            moved=constant(size, moved),
            units=constant(size, 410_000 + step),
            sink=sink,
            postings=postings,
        )
    ledger.write(postings.entries("Cash collection of"))
