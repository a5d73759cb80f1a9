"""All rows of one month of the embedded warehouse, subject by subject.

Here: the order in which the subjects write. Not here: the rows (a module a subject), and several
months at once (``generating.py``).
"""

from __future__ import annotations

from soxauto_assets.demo.collections import write_collections
from soxauto_assets.demo.differences import plant_differences
from soxauto_assets.demo.faults import plant
from soxauto_assets.demo.ledger import Ledger, write_own_movements
from soxauto_assets.demo.marketplace import write_marketplace
from soxauto_assets.demo.order_edges import write_order_edges
from soxauto_assets.demo.orders import write_orders
from soxauto_assets.demo.plan import Cohort
from soxauto_assets.demo.rates import write_rates
from soxauto_assets.demo.receivables import write_receivables
from soxauto_assets.demo.rows import Sink
from soxauto_assets.demo.through_time import plant_through_time
from soxauto_assets.demo.voucher_edges import write_voucher_edges
from soxauto_assets.demo.vouchers import write_vouchers


def write_month(cohort: Cohort, sink: Sink) -> None:
    """Write all rows of one month; they depend on the plan's seed, the month and its sizes."""
    ledger = Ledger(cohort, sink)
    write_rates(cohort, sink)
    write_orders(cohort, sink, ledger)
    write_order_edges(cohort, sink, ledger)
    write_vouchers(cohort, sink, ledger)
    write_voucher_edges(cohort, sink, ledger)
    write_receivables(cohort, sink, ledger)
    write_marketplace(cohort, sink, ledger)
    write_collections(cohort, sink, ledger)
    write_own_movements(cohort, ledger)
    plant(cohort, sink, ledger)
    plant_differences(cohort, sink, ledger)
    plant_through_time(cohort, sink, ledger)
