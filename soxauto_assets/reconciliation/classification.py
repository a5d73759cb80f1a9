"""Classifying every entry on the voucher account, with the rule that decided (D21, section 7).

Classes are worked out as small numbers by position (``Classes``), and written as words once, at
the end: texts for each row and rule would cost more than all the rest.

Here: applying the table, over whole columns. Not here: the rules (``classes.py``), what takes
another entry back (``reversals.py``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import polars as pl

from soxauto_assets.reconciliation.batches import batches
from soxauto_assets.reconciliation.classes import (
    REVERSAL_IDS,
    TYPE_OF_USE,
    ClassRule,
    Sign,
    Source,
    VoucherType,
)
from soxauto_assets.reconciliation.collation import amount, collected, folded, key
from soxauto_assets.reconciliation.reversals import Classes, with_reversals
from soxauto_assets.reconciliation.rulebook import RuleBook

VOUCHER_ACCOUNT = "18412"
_BATCH, _AT_ONCE = 1_250_000, 2
"""Entries of a batch, about, and batches at a time."""
_BETWEEN = r"[\x00-/:-@\[-`{-\x7f]"
"""What stands between the words of a text that is plain ASCII."""
_BETWEEN_ALL = r"[^\p{L}\p{N}]"


def classify(cr_03: pl.LazyFrame, ipe_08: pl.LazyFrame | None, book: RuleBook) -> pl.DataFrame:
    """One row for each entry on the voucher account, in exactly one class, by company and number.

    Columns: ``company``, ``entry_no``, ``posting_date``, ``voucher`` and ``document`` (compared
    form), ``amount``, ``category``, ``type``, ``rule``, ``reason``, ``counter_entry_no`` (the
    entry that a reversal takes back). Without IPE_08 a use keeps the type Unknown.
    """
    on_account = cr_03.filter(
        # Digits have no case, so that the account need not be folded.
        pl.col("group_coa_account_no").str.strip_chars_end(" ") == VOUCHER_ACCOUNT
    )

    def classified(own: pl.Expr) -> pl.DataFrame:
        return _classified(
            on_account.filter(own), None if ipe_08 is None else ipe_08.filter(own), book
        )

    # Much of it keeps one core busy at a time, so that two batches share the cores better.
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        return pl.concat(workers.map(classified, list(batches([on_account], _BATCH))))


def _classified(cr_03: pl.LazyFrame, ipe_08: pl.LazyFrame | None, book: RuleBook) -> pl.DataFrame:
    """The entries of a few companies, all of which are on the account."""
    ordered = sorted(book.classes, key=lambda rule: rule.priority)
    entries = _entries(cr_03, book)
    rules = _first_rules(entries, ordered)
    entries = entries.drop("text", "user", "document_type", "bal_account_type", "manual")
    classes = Classes.of_rules(rules, ordered)
    if ipe_08 is not None:
        classes = _typed_by_voucher(entries, classes, ipe_08, ordered)
    classes, counters = with_reversals(entries, classes)
    reasons = {rule.id: rule.reason for rule in ordered} | REVERSAL_IDS
    return entries.select(
        "company",
        "entry_no",
        "posting_date",
        "voucher",
        "document",
        "amount",
        *classes.as_columns(reasons),
        counter_entry_no=counters,
    )


def _entries(cr_03: pl.LazyFrame, book: RuleBook) -> pl.DataFrame:
    """What is looked at of the entries, in the order of company and number."""
    entries = collected(
        cr_03.select(
            pl.col("id_company").alias("company"),
            "entry_no",
            "posting_date",
            _name("voucher_no").alias("voucher"),
            _name("document_no").alias("document"),
            amount("amount"),
            "reversed",
            pl.col("reversed_by_entry_no").fill_null(0),
            pl.col("reversed_entry_no").fill_null(0),
            "document_type",
            "bal_account_type",
            pl.col("user_id").fill_null("").alias("user"),
            pl.col("document_description").fill_null("").alias("text"),
        )
    )
    entries = entries.with_columns(folded(entries["company"]))
    # Reports come in the order of their key (D26); one that does not costs a sort.
    above = pl.col("company").shift()
    in_order = (above < pl.col("company")) | (
        (above == pl.col("company")) & (pl.col("entry_no").shift() <= pl.col("entry_no"))
    )
    if not entries.select(in_order.all()).item():
        entries = entries.sort("company", "entry_no")
    users = entries["user"].unique()  # few, so that each is looked at once
    names = users.str.strip_chars().str.to_uppercase().str.replace_all("\\", "/", literal=True)
    integrated = users.filter(names.is_in(list(book.integration_users)))
    return entries.with_columns(manual=~pl.col("user").is_in(integrated.implode()))


def _name(column: str) -> pl.Expr:
    """A voucher or document as it is compared; "" where there is none."""
    return pl.col(column).str.strip_chars(" ").str.to_uppercase().fill_null("")


def _first_rules(entries: pl.DataFrame, ordered: list[ClassRule]) -> pl.Series:
    """The position among the rules of the first one that takes each entry.

    Entries of one sign and kind of user at a time, and what a rule takes is not looked at again,
    so that no text is looked at in vain.
    """
    plain = entries["text"].str.len_bytes() == entries["text"].str.len_chars()
    looked_at = entries.select(
        "document",
        "document_type",
        "bal_account_type",
        "text",
        at=pl.int_range(pl.len(), dtype=pl.UInt32),
        of=_sign() * 4 + pl.col("manual").cast(pl.Int8) * 2 + plain.cast(pl.Int8),
    )
    found = pl.repeat(None, entries.height, dtype=pl.UInt8, eager=True)
    for sign, manual, is_plain in product(Sign, (True, False), (True, False)):
        rules = {
            position: rule
            for position, rule in enumerate(ordered)
            if sign in rule.signs and rule.manual in (None, manual)
        }
        waiting = (
            looked_at.lazy()
            .filter(pl.col("of") == sign.value * 4 + manual * 2 + is_plain)
            .select("at", *sorted({name for rule in rules.values() for name in _looks_at(rule)}))
            .collect()
        )
        if not is_plain and "text" in waiting.columns:
            waiting = waiting.with_columns(pl.col("text").str.to_uppercase())
        for position, rule in rules.items():
            if rule.asks_nothing_more:
                found.scatter(waiting["at"], position)
                break
            takes = waiting.select(_takes(rule, plain=is_plain)).to_series()
            found.scatter(waiting["at"].filter(takes), position)
            waiting = waiting.filter(~takes)
    return found


def _sign() -> pl.Expr:
    """The value of the Sign of the amount."""
    value = pl.col("amount")
    return (value > 0).cast(pl.Int8) - (value < 0).cast(pl.Int8)


def _looks_at(rule: ClassRule) -> list[str]:
    """The columns that decide whether the rule takes an entry of its sign and kind of user."""
    asked = {
        "bal_account_type": rule.balancing is not None,
        "document_type": rule.document_type is not None,
        "document": bool(rule.prefixes),
        "text": bool(rule.any_words or rule.all_words),
    }
    return [name for name, asks in asked.items() if asks]


def _takes(rule: ClassRule, *, plain: bool) -> pl.Expr:
    """Whether the rule takes an entry of its sign and kind of user."""
    conditions = []
    if rule.balancing is not None:
        conditions.append(key("bal_account_type") == rule.balancing)
    if rule.document_type is not None:
        conditions.append(key("document_type") == rule.document_type)
    if rule.prefixes:
        codes = "|".join(sorted(rule.prefixes))
        conditions.append(pl.col("document").str.contains(rf"^(?:{codes})(?:[^\p{{L}}]|$)"))
    if rule.any_words:
        conditions.append(_has_one_of(sorted(rule.any_words), plain=plain))
    conditions += [_has_one_of([phrase], plain=plain) for phrase in sorted(rule.all_words)]
    return pl.all_horizontal(condition.fill_null(False) for condition in conditions)


def _has_one_of(phrases: list[str], *, plain: bool) -> pl.Expr:
    """Whether the text has one of the phrases as whole words.

    A plain text is compared without case; any other is in upper case already. So a search needs
    no other form of a text than the one that it has.
    """
    between = _BETWEEN if plain else _BETWEEN_ALL
    some = "|".join(phrase.replace(" ", f"{between}+") for phrase in phrases)
    case = "(?i)" if plain else ""
    return pl.col("text").str.contains(f"{case}(?:^|{between})(?:{some})(?:{between}|$)")


def _typed_by_voucher(
    entries: pl.DataFrame, classes: Classes, ipe_08: pl.LazyFrame, ordered: list[ClassRule]
) -> Classes:
    """The type of the voucher where the rule asks for it: by id, then by code (7.2)."""
    asking = [position for position, rule in enumerate(ordered) if rule.source is Source.VOUCHER]
    on = ["company", "voucher"]
    # Only the entries that ask take part in the joins.
    asks = entries.select(
        *on,
        at=pl.int_range(pl.len(), dtype=pl.UInt32),
        asks=classes.rule.is_in(asking),
    ).filter("asks")
    by_id = _types_of(ipe_08, "id")
    found = asks.select(*on, "at").join(by_id, on=on, how="left")
    others = found.filter(pl.col("type").is_null()).drop("type")
    typed = [found.filter(pl.col("type").is_not_null()).select("at", "type")]
    if not others.is_empty():
        # A code that vouchers of different types share says nothing.
        by_code = (
            _types_of(ipe_08, "code")
            .join(others.select(on).unique(), on=on, how="semi")
            .group_by(on)
            .agg(pl.col("type").first(), kinds=pl.col("type").n_unique())
            .filter(pl.col("kinds") == 1)
        )
        typed.append(others.join(by_code, on=on).select("at", "type"))
    known = pl.concat(typed)
    return classes.typed(known["at"], known["type"])


def _types_of(ipe_08: pl.LazyFrame, name: str) -> pl.DataFrame:
    """``company``, ``voucher`` (its ``name``: id or code) and canonical ``type``."""
    types = {use.upper(): kind.value for use, kind in TYPE_OF_USE.items()}
    vouchers = collected(
        ipe_08.select(
            pl.col("id_company").alias("company"), "business_use", key(name).alias("voucher")
        )
    )
    return vouchers.select(
        folded(vouchers["company"]),
        "voucher",
        folded(vouchers["business_use"])
        .replace_strict(types, default=VoucherType.UNKNOWN.value, return_dtype=Classes.TYPE)
        .alias("type"),
    )
