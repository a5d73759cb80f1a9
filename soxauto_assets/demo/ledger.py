"""The general ledger: what every event of operations books, and the ledger's own movements.

The embedded ledger agrees with operations: an event that adds to the balance which a report
finds open books the same amount to the group account of decision D4, with the sign of decision
D5, on the day of the event, and the event that closes it books it back. So the balance of an
account at any cut-off is the sign times the report's measure, until a difference is planted.

Here: postings, entries and their detailed entries. Not here: which events book
(``orders.py``, ``vouchers.py``, ...) and the balances (``balances.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from soxauto_assets.demo.companies import CODES, HOLDING, ROSTER_INDEX, ROSTER_SIZE
from soxauto_assets.demo.drawing import (
    DAY,
    MISSING,
    Whole,
    chance,
    constant,
    dates,
    days_of,
    flags,
    joined,
    keep,
    missing,
    nav_amounts,
    numbered,
    stamps,
    texts,
    where,
    wholes,
)
from soxauto_assets.demo.plan import RECLASSIFICATIONS, Cohort, chunks
from soxauto_assets.demo.rows import NAV, Sink

GROUP_ACCOUNTS: tuple[tuple[str, str], ...] = (
    ("13001", "Collection receivables - partners"),
    ("13002", "Collection receivables - other"),
    ("13003", "Customer AR - Trade"),
    ("13004", "Customer AR - Other"),
    ("13005", "Packages delivered not reconciled"),
    ("13009", "Customer AR - allowance for doubtful accounts"),
    ("13024", "Packages not reconciled - other"),
    ("18304", "Marketplace accrued revenues"),
    ("18317", "Marketplace refund liability"),
    ("18350", "Customer prepayments"),
    ("18412", "Voucher liabilities"),
    # Out of the control's scope, there to be left out.
    ("13006", "Other receivables"),
    ("13010", "Receivables - written off"),
    ("15010", "Vendor receivables - back margin"),
    ("30001", "Revenue"),
)
ACCOUNT = {number: index for index, (number, _) in enumerate(GROUP_ACCOUNTS)}
IN_SCOPE = 11
"""The first accounts of GROUP_ACCOUNTS are those of decision D4."""
_CHART_PREFIX = "5674478399556739"
"""The first digit of each company's local accounts: local numbers are not group numbers."""

INTEGRATION_USER = "JUMIA\\NAV31AFR.BATCH.SRVC"
USERS = (INTEGRATION_USER, "JUMIA\\A.OKONKWO", "JUMIA\\F.BENALI", "jumia/nav31afr.batch.srvc")
BATCH, PERSON, OTHER_PERSON, BATCH_LOWER_CASE = range(4)
DOCUMENT_TYPES = ("", "Invoice", "Credit Memo", "Payment", "Refund")
PLAIN, INVOICE, CREDIT_MEMO, PAYMENT, REFUND = range(5)
BALANCING = ("G/L Account", "Bank Account", "Customer", "")
BALANCING_LEDGER, BALANCING_BANK, BALANCING_CUSTOMER, BALANCING_NONE = range(4)
BUSLINES = ("RTL", "MPL", "rtl", "FOOD", "")
PARTNERS = ("", "P-DHL", "P-AGS", "p-dhl")
_NOTES = (
    "Reclass between local accounts",
    "BM accrual vendor, quarter to date",
    "BACKMARGIN rebate",
    "Please submit, then review",
    'Correction "see mail",\nsecond line',
    "إعادة تصنيف",
    "Écart d'arrondi, régularisé",
)


def local_account(company: int, account: int, variant: int) -> str:
    """The local number of a group account in a company; variant 1 is kept in foreign currency."""
    return f"{_CHART_PREFIX[company]}{GROUP_ACCOUNTS[account][0]}{variant}"


_LOCAL = tuple(
    local_account(company, account, variant)
    for company in range(len(CODES))
    for account in range(len(GROUP_ACCOUNTS))
    for variant in range(2)
)
_LOCAL_NAMES = tuple(f"{name} {kind}" for _, name in GROUP_ACCOUNTS for kind in ("LCY", "FCY"))


@dataclass
class Entries:
    """Ledger entries before they have numbers, a column each; amounts as in ``drawing``.

    ``reversed_by`` and ``reverses`` hold the position of another entry of the same batch;
    ``created`` the day on which NAV made the entry (None: that of its posting).
    """

    company: Whole
    account: Whole
    day: Whole
    units: Whole
    description: pa.Array
    document: pa.Array
    tail: Whole | None = None
    variant: Whole | None = None
    voucher: pa.Array | None = None
    document_type: Whole | None = None
    user: Whole | None = None
    balancing: Whole | None = None
    busline: Whole | None = None
    partner: Whole | None = None
    reversed_by: Whole | None = None
    reverses: Whole | None = None
    created: Whole | None = None


@dataclass
class Postings:
    """Amounts that operations book, to be gathered into one entry a day, company and account."""

    company: list[Whole] = field(default_factory=list)
    account: list[Whole] = field(default_factory=list)
    day: list[Whole] = field(default_factory=list)
    units: list[Whole] = field(default_factory=list)
    tail: list[Whole] = field(default_factory=list)

    def book(
        self,
        company: Whole,
        account: Whole | int,
        moment: Whole,
        units: Whole,
        tail: Whole | None = None,
    ) -> None:
        """Book ``units`` on the day of ``moment``; rows where either is null book nothing.

        ``tail`` adds units of the twentieth decimal.
        """
        tails = constant(len(company), 0) if tail is None else tail
        due = (moment != MISSING) & (units != MISSING) & ((units != 0) | (tails != 0))
        accounts = account if isinstance(account, np.ndarray) else constant(len(company), account)
        self.company.append(company[due])
        self.account.append(accounts[due])
        self.day.append(days_of(moment[due]))
        self.units.append(units[due])
        self.tail.append(tails[due])

    def open_between(
        self, company: Whole, account: Whole | int, enters: Whole, leaves: Whole, units: Whole
    ) -> None:
        """Book an amount that is open from one moment until another (null: for ever).

        A row that leaves before it enters, or never enters, books nothing.
        """
        opens = (enters != MISSING) & ((leaves == MISSING) | (leaves > enters))
        self.book(company, account, keep(enters, opens), units)
        self.book(company, account, keep(leaves, opens), -units)

    def entries(self, subject: str) -> Entries:
        """One entry for each company, account and day, described by ``subject``."""
        company, account = np.concatenate(self.company), np.concatenate(self.account)
        day, units = np.concatenate(self.day), np.concatenate(self.units)
        key = (day * 100 + company) * 100 + account
        keys, position = np.unique(key, return_inverse=True)
        totals, tails = constant(len(keys), 0), constant(len(keys), 0)
        np.add.at(totals, position, units)
        np.add.at(tails, position, np.concatenate(self.tail))
        entry_day = keys // 10_000
        return Entries(
            company=keys // 100 % 100,
            account=keys % 100,
            day=entry_day,
            units=totals,
            tail=tails,
            description=joined(f"{subject} ", _day_text(entry_day)),
            document=numbered(f"{subject[:3].upper()}-", keys),
            variant=where(keys % 7 == 0, 1, 0),
            busline=where(keys % 100 == ACCOUNT["13024"], 1, keys % 11 % 3),
        )


def _day_text(day: Whole) -> pa.Array:
    return pa.array(day.astype("datetime64[D]").astype(str).tolist(), pa.string())


class Ledger:
    """Numbers the entries of one cohort and writes them with their detailed entries."""

    def __init__(self, cohort: Cohort, sink: Sink) -> None:
        self._cohort = cohort
        self._sink = sink
        self._entries = cohort.first_number
        self._details = cohort.first_number
        self._batches = 0

    def write(self, entries: Entries) -> None:
        """Write the entries; each has a detailed entry of its amount, some are then settled."""
        rows = len(entries.company)
        if rows == 0:
            return
        number = self._entries + 1 + np.arange(rows, dtype=np.int64)
        self._entries += rows
        random = self._cohort.random("ledger", self._batches)
        self._batches += 1
        variant = constant(rows, 0) if entries.variant is None else entries.variant
        company = texts(CODES, entries.company)
        local = texts(
            _LOCAL, (entries.company * len(GROUP_ACCOUNTS) + entries.account) * 2 + variant
        )
        user = _or_constant(entries.user, rows, BATCH)
        balancing = _or_constant(entries.balancing, rows, BALANCING_LEDGER)
        busline = _or_constant(entries.busline, rows, 0)
        reversed_by = _or_constant(entries.reversed_by, rows, MISSING)
        reverses = _or_constant(entries.reverses, rows, MISSING)
        links = where((reversed_by != MISSING) | (reverses != MISSING), 1, 0)
        amount = nav_amounts(entries.units, entries.tail)
        partner = _or_constant(entries.partner, rows, 0)
        no_text = texts(("", None), random.integers(0, 2, rows))
        created = entries.day if entries.created is None else entries.created
        self._sink.add(
            NAV + "G_L Entries",
            {
                "id_company": company,
                "Entry No_": wholes(number),
                "Document No_": entries.document,
                "External Document No_": numbered("EXT", keep(number, number % 3 == 0)),
                "Voucher No_": texts(("",), constant(rows, 0))
                if entries.voucher is None
                else entries.voucher,
                "Posting Date": dates(entries.day),
                "Document Date": dates(entries.day),
                "Document Type": texts(
                    DOCUMENT_TYPES, _or_constant(entries.document_type, rows, PLAIN)
                ),
                "Chart of Accounts No_": local,
                "Account Name": texts(_LOCAL_NAMES, entries.account * 2 + variant),
                "Document Description": entries.description,
                "Amount": amount,
                "Busline Code": texts(BUSLINES, busline),
                "Department Code": no_text,
                "Bal_ Account Type": texts(BALANCING, balancing),
                "Bal_ Account No_": numbered("", keep(number % 89 + 10_010, balancing < 2)),
                "Bal_ Account Name": texts(
                    ("Revenue, gross", "Banque de l'Habitat", "بنك مصر"), balancing % 3
                ),
                "Reason Code": no_text,
                "Source Code": texts(("GENJNL", "SALES", "genjnl"), number % 3),
                "Reversed": flags(links),
                "Reversed by Entry No_": _link(number, reversed_by, 0),
                "Reversed Entry No_": _link(number, reverses, MISSING),
                "User ID": texts(USERS, user),
                "G_L Creation Date": stamps(created * DAY + number % DAY // 10 * 10),
                "Destination Code": no_text,
                "Partner Code": texts(PARTNERS, keep(partner, (partner != 0) | (number % 2 == 0))),
                "System-Created Entry": flags(where(user == BATCH, 1, 0)),
                "Source Type": texts(("", "Customer", "Vendor"), number % 3),
                "Source No": numbered("C", keep(number % 9_973, number % 3 == 1)),
                "IC Partner Code": texts(("", None, "IC-DE"), number % 50 // 24),
                "VendorTag Code": no_text,
                "CustomerTag Code": no_text,
                "Service_Period": texts(("", "2024"), number % 2),
            },
        )
        self._detail(company, number, local, entries.day, amount)
        settled = chance(random, rows, 0.25)
        if settled.any():
            back = -entries.units[settled]
            half = chance(random, len(back), 0.5)
            tail = None if entries.tail is None else where(half, 0, -entries.tail[settled])
            keeper = pa.array(settled)
            self._detail(
                company.filter(keeper),
                number[settled],
                local.filter(keeper),
                entries.day[settled] + random.integers(0, 60, len(back)),
                nav_amounts(where(half, back // 2, back), tail),
            )

    def _detail(
        self, company: pa.Array, entry: Whole, local: pa.Array, day: Whole, amount: pa.Array
    ) -> None:
        number = self._details + 1 + np.arange(len(entry), dtype=np.int64)
        self._details += len(entry)
        self._sink.add(
            NAV + "Detailed G_L Entry",
            {
                "id_company": company,
                "Entry No_": wholes(number),
                "Gen_ Ledger Entry No_": wholes(entry),
                "Posting Date": dates(day),
                "G_L Account No_": local,
                "Amount": amount,
            },
        )


def _or_constant(column: Whole | None, rows: int, value: int) -> Whole:
    return constant(rows, value) if column is None else column


def _link(number: Whole, position: Whole, none: int) -> pa.Array:
    return wholes(where(position == MISSING, none, number[0] + position))


def write_own_movements(cohort: Cohort, ledger: Ledger) -> None:
    """Reclassifications inside a group account, which net to zero, and accounts out of scope.

    Reclassifications leave every balance by group account alone, and no voucher account is
    among them, for its entries are classified one by one.
    """
    candidates = np.array(
        [index for index in range(IN_SCOPE) if index != ACCOUNT["18412"]], dtype=np.int64
    )
    for chunk, first, pairs in chunks(cohort.ledger_count(RECLASSIFICATIONS)):
        random = cohort.random("reclassifications", chunk)
        company = random.integers(0, HOLDING, pairs)
        account = candidates[random.integers(0, len(candidates), pairs)]
        day = days_of(random.integers(cohort.start, cohort.next_start, pairs))
        units = random.integers(-50_000_000, 50_000_000, pairs)
        tail = random.integers(0, 10**16, pairs)
        entry = first + np.arange(pairs, dtype=np.int64)
        note = texts(_NOTES, random.integers(0, len(_NOTES), pairs))
        document = numbered("RCL-", cohort.first_number + entry)
        busline = random.integers(0, len(BUSLINES), pairs)
        reversal = chance(random, pairs, 0.1)
        position = np.arange(pairs, dtype=np.int64)
        ledger.write(
            Entries(
                company=np.tile(company, 2),
                account=np.tile(account, 2),
                day=np.tile(day, 2),
                units=np.concatenate([units, -units]),
                tail=np.concatenate([tail, -tail]),
                # A reversal books back to the account it came from; others change the account.
                variant=np.concatenate([constant(pairs, 0), where(reversal, 0, 1)]),
                description=_twice(note),
                document=_twice(document),
                user=np.tile(random.integers(0, len(USERS), pairs), 2),
                busline=np.tile(busline, 2),
                partner=np.tile(random.integers(0, len(PARTNERS), pairs), 2),
                reversed_by=np.concatenate([keep(position + pairs, reversal), missing(pairs)]),
                reverses=np.concatenate([missing(pairs), keep(position, reversal)]),
            )
        )
    _write_out_of_scope(cohort, ledger)
    _write_edges(cohort, ledger)


def _write_out_of_scope(cohort: Cohort, ledger: Ledger) -> None:
    """Entries of other accounts; the consolidated holding has no entries but these."""
    rows = cohort.count(150)
    random = cohort.random("ledger out of scope")
    company = random.integers(0, HOLDING + 1, rows)
    company[0] = HOLDING
    ledger.write(
        Entries(
            company=company,
            account=random.integers(IN_SCOPE, len(GROUP_ACCOUNTS), rows),
            day=days_of(random.integers(cohort.start, cohort.next_start, rows)),
            units=random.integers(-90_000_000, 90_000_000, rows),
            description=texts(("BM Q1", "Management fee", "Loyer, bureaux"), np.arange(rows) % 3),
            document=numbered("OOS-", cohort.first_number + np.arange(rows, dtype=np.int64)),
        )
    )


def _write_edges(cohort: Cohort, ledger: Ledger) -> None:
    """On the month's last day and the next month's first day, a pair that nets to zero each.

    Also entries of zero, for every company of the roster.
    """
    days = (cohort.next_start // DAY - 1, cohort.next_start // DAY)
    amounts = ((123_400, 5), (-123_400, -5), (0, 0))
    for day in days:
        for units, tail in amounts:
            ledger.write(
                Entries(
                    company=ROSTER_INDEX,
                    account=constant(ROSTER_SIZE, ACCOUNT["13003"]),
                    day=constant(ROSTER_SIZE, day),
                    units=constant(ROSTER_SIZE, units),
                    tail=constant(ROSTER_SIZE, tail),
                    description=texts(("Cut-off, l'heure d'après ",), constant(ROSTER_SIZE, 0)),
                    document=numbered("CUT-", day * 100 + ROSTER_INDEX),
                    user=constant(ROSTER_SIZE, PERSON),
                )
            )


def _twice(column: pa.Array) -> pa.Array:
    return pa.concat_arrays([column, column])
