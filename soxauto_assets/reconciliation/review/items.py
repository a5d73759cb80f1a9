"""What a review asks: one item for everything that a person has to explain, or may.

The list is complete by construction: every line of the summary is an item, and so is every
movement that the control has listed; whether an answer is needed follows from the figures alone.

Here: the items. Not here: the workbook that shows them (``workbook.py``), their answers
(``answers.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from soxauto_assets.reconciliation.amounts import shown
from soxauto_assets.reconciliation.control import Status
from soxauto_assets.reconciliation.mapping import FAMILIES
from soxauto_assets.reconciliation.movements import MovementVerdict
from soxauto_assets.reconciliation.review.reviewed import Reviewed, Row

GROUP = "group"
_OPEN = (Status.INCOMPLETE.value, Status.TO_INVESTIGATE.value)
_SEVERITY = [
    Status.TO_INVESTIGATE.value,
    Status.INCOMPLETE.value,
    Status.EXPLAINED.value,
    Status.RECONCILED.value,
]


@dataclass(frozen=True)
class Item:
    """One thing to be answered; ``needed`` says whether a sign-off waits for the answer.

    ``amount_usd`` is what it is about, rounded as shown; None where it cannot be known.
    """

    id: str
    needed: bool
    company: str
    accounts: str
    family: str
    subject: str
    why: str
    amount_usd: Decimal | None
    threshold_usd: Decimal | None

    @property
    def texts(self) -> dict[str, str]:
        """What stands in its locked cells of text, by the name of the column."""
        return {
            "needed": "yes" if self.needed else "no",
            "company": self.company,
            "accounts": self.accounts,
            "family": self.family,
            "subject": self.subject,
            "why": self.why,
        }


def items(reviewed: Reviewed) -> tuple[Item, ...]:
    """Every item of the control: those that need an answer first, the gravest first."""
    found = [
        *_group(reviewed),
        *(_of_line(line) for line in reviewed.lines),
        *_movements(reviewed),
    ]
    return tuple(sorted(found, key=_order))


def _order(item: Item) -> tuple[bool, int, Decimal, str]:
    grave = _SEVERITY.index(item.subject) if item.subject in _SEVERITY else len(_SEVERITY)
    if item.id == GROUP:
        grave = -1
    return (not item.needed, grave, -abs(item.amount_usd or Decimal(0)), item.id)


def _group(reviewed: Reviewed) -> list[Item]:
    """The group's own item, where all that is unexplained together is too much (D22)."""
    total, threshold = reviewed.unexplained_usd, reviewed.group_threshold
    if total < threshold:
        return []
    return [
        Item(
            GROUP,
            True,
            "all",
            "all",
            "All families",
            "GROUP THRESHOLD",
            "What is unexplained in all lines together is at or over the group threshold.",
            shown(total),
            shown(threshold),
        )
    ]


def _movements(reviewed: Reviewed) -> list[Item]:
    """A company and family whose balance moved too much against one of two earlier months."""
    table = reviewed.table("movements")
    if table is None:
        return []
    found: dict[tuple[str, str], list[Row]] = {}
    for row in table.filter(verdict=MovementVerdict.TO_EXPLAIN.value).to_dicts():
        found.setdefault((row["company"], row["family"]), []).append(row)
    return [
        Item(
            id=f"movement/{company}/{family}",
            needed=True,
            company=company,
            accounts="+".join(
                str(line["pool"])
                for line in reviewed.lines
                if (line["company"], line["family"]) == (company, family)
            ),
            family=FAMILIES[family],
            subject="MOVED",
            why="; ".join(
                f"{row['moved_usd']:,.2f} USD against {row['against_period']} "
                f"(from {shown(row['balance_before']):,.2f} to {shown(row['balance']):,.2f} "
                f"{row['currency']})"
                for row in rows
            )
            + ".",
            amount_usd=max((row["moved_usd"] for row in rows), key=abs),
            threshold_usd=rows[0]["threshold_usd"],
        )
        for (company, family), rows in found.items()
    ]


def _of_line(line: Row) -> Item:
    status = str(line["status"])
    return Item(
        id=f"line/{line['company']}/{line['pool']}",
        needed=status in _OPEN,
        company=str(line["company"]),
        accounts=str(line["pool"]),
        family=FAMILIES[str(line["family"])],
        subject=status,
        why=_why(line),
        amount_usd=line["unexplained_usd"],
        threshold_usd=line["threshold_usd"],
    )


def _why(line: Row) -> str:
    """What the figures say, in one sentence."""
    status, currency = line["status"], line["currency"]
    if status == Status.INCOMPLETE.value:
        return f"Missing: {line['missing']}."
    if status == Status.RECONCILED.value:
        return "Ledger and operations agree within the threshold."
    bridges = "; ".join(
        f"{name.removeprefix('bridge_').replace('_', ' ')} {shown(amount):,.2f}"
        for name, amount in line.items()
        if name.startswith("bridge_") and amount
    )
    return (
        f"Variance {shown(line['variance']):,.2f} {currency}; "
        f"{f'bridges: {bridges}' if bridges else 'no bridge'}; "
        f"unexplained {shown(line['unexplained']):,.2f} {currency}."
    )
