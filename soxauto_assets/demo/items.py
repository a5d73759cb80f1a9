"""Order items as columns of facts, and what is written from them: items, packages, postings.

Whoever makes items (``orders.py`` draws them, ``vouchers.py`` makes those that use a voucher,
``edges.py`` and ``faults.py`` write single ones) gives facts; this module alone knows which
tables and which ledger postings follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.demo.companies import CODES
from soxauto_assets.demo.drawing import (
    HOUR,
    MISSING,
    Mask,
    Whole,
    amounts,
    constant,
    earliest,
    flags,
    keep,
    missing,
    numbered,
    stamps,
    texts,
    where,
)
from soxauto_assets.demo.ledger import ACCOUNT, Postings
from soxauto_assets.demo.rows import FINREC, OMS, Sink

STATUSES = ("closed", "delivered", "cancelled", "shipped", "Delivered", "returned")
CLOSED, DELIVERED, CANCELLED, SHIPPED, DELIVERED_CAPITAL, RETURNED = range(6)
PAYMENTS = ("CashOnDelivery", "JumiaPay", "NoPayment", "Card, 3-D Secure", "cashondelivery")
CASH, WALLET, NO_PAYMENT, CARD, CASH_LOWER_CASE = range(5)
DELIVERY_TYPES = ("Door", "Pick-up station", "Digital Content", "Gift Card", "gift card")
DOOR, PICK_UP, DIGITAL, GIFT_CARD, GIFT_CARD_LOWER_CASE = range(5)
VOUCHER_TYPES = ("reusablecredit", "coupon", "ReusableCredit")
REUSABLE, COUPON, REUSABLE_CAPITAL = range(3)
CUSTOMER_TYPES = ("B2C", "B2B", "b2c", "JFORCE", "Employee")
_FIRST_PREPAYMENT = int(np.datetime64("2018-01-01", "ms").astype(np.int64))
_FIRST_DELIVERY = int(np.datetime64("2019-01-01", "ms").astype(np.int64))
"""The lower bounds of the reports (D13, D15, D17); what is older is settled in the ledger too."""
NO_RETURN_TYPES = ("lost, never returned", "Refund without return", "damaged", "fraude présumée")


@dataclass
class Items:
    """Order items, a column each: ids, pool positions, moments, amounts; MISSING is null.

    ``package_lead`` marks the items that write their package's row; ``listed`` counts their
    rows on the list of refunds without return.
    """

    company: Whole
    item: Whole
    order: Whole
    package: Whole
    package_lead: Whole
    customer: Whole
    customer_type: Whole
    status: Whole
    prepayment: Whole
    marketplace: Whole
    is_global: Whole
    payment: Whole
    delivery_type: Whole
    voucher_type: Whole
    voucher_code: pa.Array
    created: Whole
    verified: Whole
    shipped: Whole
    delivered: Whole
    package_delivered: Whole
    cancelled: Whole
    refunded: Whole
    returned: Whole
    failed: Whole
    unit_price: Whole
    coupon: Whole
    cart_rule: Whole
    shipping: Whole
    shipping_cart_rule: Whole
    shipping_voucher: Whole
    shipping_discount: Whole
    shipping_change: Whole
    customs: Whole
    customs_cart_rule: Whole
    freight: Whole
    delivery_fee_cart_rule: Whole
    expected: Whole
    received: Whole
    resolved: Whole
    listed: Whole

    @property
    def paid(self) -> Whole:
        """MTR_PAID_PRICE: the price less coupon and cart rule; null where the price is."""
        return keep(
            self.unit_price - _zero(self.coupon) - _zero(self.cart_rule),
            self.unit_price != MISSING,
        )

    @property
    def after_discount(self) -> Whole:
        """MTR_PRICE_AFTER_DISCOUNT: the price less the cart rule."""
        return keep(self.unit_price - _zero(self.cart_rule), self.unit_price != MISSING)

    @property
    def from_voucher(self) -> Whole:
        """What the item takes from its voucher: coupon value and shipping voucher discount."""
        return _zero(self.coupon) + _zero(self.shipping_voucher)

    @property
    def paid_for_shipping(self) -> Whole:
        """Net shipping and customs charged (2.5)."""
        return (
            _zero(self.shipping)
            - _zero(self.shipping_cart_rule)
            - _zero(self.shipping_voucher)
            + _zero(self.customs)
            - _zero(self.customs_cart_rule)
            + _zero(self.freight)
        )


def blank_items(rows: int) -> Items:
    """Items of which nothing is known yet: every column null."""
    return Items(
        **{
            column.name: pa.nulls(rows, pa.string())
            if column.name == "voucher_code"
            else missing(rows)
            for column in fields(Items)
        }
    )


def together(*parts: Items) -> Items:
    """The items of all parts, one after the other."""
    return Items(
        **{
            column.name: pa.concat_arrays([part.voucher_code for part in parts])
            if column.name == "voucher_code"
            else np.concatenate([getattr(part, column.name) for part in parts])
            for column in fields(Items)
        }
    )


def write_items(items: Items, sink: Sink) -> None:
    """Write the items, their packages in cash reconciliation, and the refund list."""
    sink.add(
        FINREC + "RPT_SOI",
        {
            "ID_COMPANY": texts(CODES, items.company),
            "COD_OMS_SALES_ORDER_ITEM": numbered("", items.item),
            "ID_SALES_ORDER_ITEM": numbered("7", items.item),
            "COD_OMS_SALES_ORDER": numbered("", items.order),
            "COD_OMS_ID_PACKAGE": numbered("", items.package),
            "PACKAGE_NUMBER": numbered("PKG-", items.package),
            "TRACKING_NUMBER": numbered("TRK", items.package),
            "OMS_PACKAGE_STATUS": texts(STATUSES, keep(items.status, items.package != MISSING)),
            "ORDER_NR": numbered("3", items.order),
            "BOB_ID_CUSTOMER": numbered("", items.customer),
            "BOB_CUSTOMER_TYPE": texts(CUSTOMER_TYPES, items.customer_type),
            "CURRENT_STATUS": texts(STATUSES, items.status),
            "IS_PREPAYMENT": flags(items.prepayment),
            "IS_MARKETPLACE": flags(items.marketplace),
            "IS_GLOBAL": flags(items.is_global),
            "PAYMENT_METHOD": texts(PAYMENTS, items.payment),
            "DELIVERY_TYPE": texts(DELIVERY_TYPES, items.delivery_type),
            "VOUCHER_TYPE": texts(VOUCHER_TYPES, items.voucher_type),
            "VOUCHER_CODE": items.voucher_code,
            "ORDER_CREATION_DATE": stamps(items.created),
            "FINANCE_VERIFIED_DATE": stamps(items.verified),
            "SHIPPED_DATE": stamps(items.shipped),
            "DELIVERED_DATE": stamps(items.delivered),
            "PACKAGE_DELIVERY_DATE": stamps(items.package_delivered),
            "CANCELLATION_DATE": stamps(items.cancelled),
            "REFUND_DATE": stamps(items.refunded),
            "RETURN_DATE": stamps(items.returned),
            "FAIL_DATE": stamps(items.failed),
            "REFUND_COMPLETED": flags(where(items.refunded == MISSING, 0, 1)),
            "MTR_UNIT_PRICE": amounts(items.unit_price),
            "MTR_COUPON_MONEY_VALUE": amounts(items.coupon),
            "MTR_CART_RULE_DISCOUNT": amounts(items.cart_rule),
            "MTR_PAID_PRICE": amounts(items.paid),
            "MTR_PRICE_AFTER_DISCOUNT": amounts(items.after_discount),
            "MTR_AMOUNT_PAID": amounts(keep(items.paid, items.delivered != MISSING)),
            "MTR_BASE_SHIPPING_AMOUNT": amounts(items.shipping),
            "MTR_SHIPPING_CART_RULE_DISCOUNT": amounts(items.shipping_cart_rule),
            "MTR_SHIPPING_VOUCHER_DISCOUNT": amounts(items.shipping_voucher),
            "MTR_SHIPPING_DISCOUNT_AMOUNT": amounts(items.shipping_discount),
            "MTR_SHIPPING_FEE_MODIFICATION": amounts(items.shipping_change),
            "MTR_INTERNATIONAL_CUSTOMS_FEE_AMOUNT": amounts(items.customs),
            "MTR_INTERNATIONAL_CUSTOMS_FEE_CART_RULE_DISCOUNT": amounts(items.customs_cart_rule),
            "MTR_INTERNATIONAL_FREIGHT_FEE": amounts(items.freight),
            "MTR_INTERNATIONAL_DELIVERY_FEE_CART_RULE": amounts(items.delivery_fee_cart_rule),
        },
    )
    _write_packages(items, sink)
    _write_refund_list(items, sink)


def _write_packages(items: Items, sink: Sink) -> None:
    lead = np.flatnonzero(items.package_lead == 1)
    if len(lead) == 0:
        return
    package, received = items.package[lead], items.received[lead]
    collected = received != MISSING
    sink.add(
        OMS + "PACKAGE_CASHREC",
        {
            "ID_COMPANY": texts(CODES, items.company[lead]),
            # The same number in the other case and with a blank: one package all the same.
            "package_nr": _spelled(package),
            "amount_expected": amounts(items.expected[lead]),
            "amount_received": amounts(received),
            "fk_package_status": numbered("", package % 7),
            "delivered_update_date": stamps(
                keep(items.delivered[lead] + HOUR, items.delivered[lead] != MISSING)
            ),
            "delivery_date": stamps(items.delivered[lead]),
            "fk_collection_partner": numbered("", keep(package % 31, package % 5 != 0)),
            "last_mile": texts(("DHL, express", "Poste du Sénégal", "أرامكس", None), package % 4),
            "package_status": texts(("delivered", "Delivered", "collected"), package % 3),
            "payment_method_confirmed": texts(PAYMENTS, keep(items.payment[lead], collected)),
            "order_nr": numbered("3", items.order[lead]),
            "troubleshoot_resolution_date": stamps(items.resolved[lead]),
        },
    )


def _spelled(package: Whole) -> pa.Array:
    plain = numbered("PKG-", package)
    lower = numbered("pkg-", package)
    padded = pc.binary_join_element_wise(plain, "  ", "")
    variant = pa.array(package % 20)
    return pc.case_when(
        pc.make_struct(pc.equal(variant, 3), pc.equal(variant, 11)),
        lower,
        padded,
        plain,
    )


def _write_refund_list(items: Items, sink: Sink) -> None:
    times = where(items.listed == MISSING, 0, items.listed)
    listed = np.repeat(np.arange(len(times)), times)
    if len(listed) == 0:
        return
    item = items.item[listed]
    first = np.concatenate([[True], item[1:] != item[:-1]])
    sink.add(
        FINREC + "RPT_REFUND_NO_RETURN",
        {
            "ID_Company": texts(CODES, items.company[listed]),
            "OMS_ID_Sales_Order_Item": numbered("", item),
            "OMS_Type": texts(NO_RETURN_TYPES, (item + first) % len(NO_RETURN_TYPES)),
        },
    )


def book_items(items: Items, postings: Postings) -> None:
    """Book what the items make open and settle: prepayments, packages, marketplace refunds."""
    _book_prepayments(items, postings)
    _book_packages(items, postings)
    _book_refunds(items, postings)


def _book_prepayments(items: Items, postings: Postings) -> None:
    """Decision D13, sign -1: from finance verification to delivery or refund."""
    digital = np.isin(items.delivery_type, (DIGITAL, GIFT_CARD, GIFT_CARD_LOWER_CASE))
    by_item = (items.marketplace == 1) | digital
    delivery = where(by_item, items.delivered, items.package_delivered)
    balance = _zero(items.unit_price) - _zero(items.coupon) - _zero(items.cart_rule)
    postings.open_between(
        items.company,
        ACCOUNT["18350"],
        keep(items.verified, (items.prepayment == 1) & (items.created >= _FIRST_PREPAYMENT)),
        earliest(delivery, items.refunded),
        -(balance + items.paid_for_shipping),
    )


def _book_packages(items: Items, postings: Postings) -> None:
    """Decision D15, sign +1: from delivery to the resolution of the missing collection."""
    collected: Mask = (
        (items.received != MISSING)
        & (items.expected != MISSING)
        & (items.received >= items.expected)
    )
    paid_in_cash = (
        (items.prepayment == 0) & (items.payment != MISSING) & (items.payment != NO_PAYMENT)
    )
    postings.open_between(
        items.company,
        where(items.marketplace == 1, ACCOUNT["13024"], ACCOUNT["13005"]),
        keep(items.delivered, paid_in_cash & ~collected & (items.delivered >= _FIRST_DELIVERY)),
        items.resolved,
        _zero(items.paid) + items.paid_for_shipping - _zero(items.delivery_fee_cart_rule),
    )


def _book_refunds(items: Items, postings: Postings) -> None:
    """Decision D17 for marketplace items, sign +1 on the ledger orientation of IPE_34."""
    amount = (
        _zero(items.after_discount)
        + _zero(items.shipping)
        + _zero(items.customs)
        - _zero(items.customs_cart_rule)
        - _zero(items.shipping_cart_rule)
        - where(items.voucher_type == COUPON, _zero(items.shipping_voucher), 0)
    )
    marketplace = items.marketplace == 1
    both = (items.refunded >= _FIRST_DELIVERY) & (items.delivered != MISSING)
    postings.open_between(
        items.company,
        ACCOUNT["18317"],
        keep(np.maximum(items.refunded, items.delivered), marketplace & both),
        items.returned,
        amount,
    )
    postings.open_between(
        items.company,
        ACCOUNT["18317"],
        keep(items.returned, marketplace & (items.returned >= _FIRST_DELIVERY)),
        items.refunded,
        -amount,
    )


def _zero(column: Whole) -> Whole:
    return where(column == MISSING, 0, column)


def scalar_items(rows: int, **values: int | Whole | pa.Array) -> Items:
    """Items with the given columns, each a column or one value for every row; the rest null."""
    items = blank_items(rows)
    for name, value in values.items():
        setattr(items, name, constant(rows, value) if isinstance(value, int) else value)
    return items
