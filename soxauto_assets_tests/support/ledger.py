"""A small customer ledger of IPE_07: one open entry a customer, to be changed by a test.

Here: the rows and the changing of them. Not here: what they should come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from soxauto_assets.demo.load import quoted
from soxauto_assets.period import Period
from soxauto_assets_tests.support.small_warehouse import FINREC, Row, SmallWarehouse

REPORT, MAY = "ipe_07", Period(2024, 5)
NAV = "AIG_Nav_DW"
ENTRIES = f'"{NAV}".dbo."Customer Ledger Entries"'
MOVEMENTS = f'"{NAV}".dbo."Detailed Customer Ledg_ Entry"'
CUSTOMERS = f'"{NAV}".dbo."Customers"'
COMPANY = "EC_NG"


class Ledger(SmallWarehouse):
    """Entries 1 to ``count``, posted on 1 May, each of 100.10 plus its number, by customer C<n>.

    Those of ``settled`` were paid on 2 May; those of ``later`` were posted on 1 June.
    """

    def __init__(
        self, folder: Path, count: int, *, settled: Sequence[int] = (), later: Sequence[int] = ()
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
        group: Row = {"id_company": COMPANY, "Code": "NAT", "Receivables Account": "41100"}
        self.put(f"{NAV}.dbo.Customer Posting Group", group)
        account: Row = {
            "Company_Code": COMPANY,
            "G/L_Account_No": "41100",
            "Group_COA_Account_no": "13003",
        }
        self.put(f"{FINREC}.fdw.Dim_ChartOfAccounts", account)
        numbers = range(1, count + 1)
        days = {number: datetime(2024, 6 if number in later else 5, 1) for number in numbers}
        self.put(f"{NAV}.dbo.Customer Ledger Entries", *(entry(n, days[n]) for n in numbers))
        self.put(
            f"{NAV}.dbo.Detailed Customer Ledg_ Entry",
            *(movement(n, n, days[n], amount_of(n)) for n in numbers),
            *(movement(1000 + n, n, datetime(2024, 5, 2), -amount_of(n)) for n in settled),
        )
        self.put(
            f"{NAV}.dbo.Customers",
            *({"id_company": COMPANY, "No_": f"C{n}", "Name": f"Customer {n}"} for n in numbers),
        )

    def run(self, *statements: str) -> None:
        """Change the ledger, as somebody who books after the month's end does."""
        with duckdb.connect() as connection:
            for database, path in self._files.items():
                connection.execute(f"ATTACH '{path}' AS {quoted(database)}")
            for statement in statements:
                connection.execute(statement)


def amount_of(number: int) -> Decimal:
    """The amount of the entry of that number."""
    return Decimal("100.10") + number


def entry(number: int, day: datetime) -> Row:
    """An entry as the ledger has it."""
    return {
        "id_company": COMPANY,
        "Entry No_": number,
        "Posting Date": day,
        "Due Date": datetime(2024, 5, 20),
        "Customer No_": f"C{number}",
        "Customer Posting Group": "NAT",
        "Description": "Invoice",
        "Original Amount": amount_of(number),
        "Original Amount (LCY)": amount_of(number),
    }


def movement(number: int, of: int, day: datetime, amount: Decimal) -> Row:
    """A movement of an entry."""
    return {
        "id_company": COMPANY,
        "Entry No_": number,
        "Cust_ Ledger Entry No_": of,
        "Customer No_": f"C{of}",
        "Posting Date": day,
        "Amount (LCY)": amount,
    }
