"""Entries on the voucher account that take another one back: they have its class (D21, 7.5).

Here: the form of classes by position, and following reversals, over whole columns. Not here: the
rules by which the other entries are classified (``classification.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from soxauto_assets.reconciliation.classes import (
    REVERSAL_BY_AMOUNT,
    REVERSAL_BY_LINK,
    REVERSAL_IDS,
    REVERSAL_NOT_LINKED,
    Category,
    ClassRule,
    Source,
    VoucherType,
)

LONGEST_CHAIN = 16
"""Reversals of reversals are followed so far; a longer chain, or a ring, is not linked."""
_ENTRY = ["company", "entry_no"]
_CATEGORIES, _TYPES = list(Category), list(VoucherType)
_UNCLASSIFIED, _UNKNOWN = (
    _CATEGORIES.index(Category.UNCLASSIFIED),
    _TYPES.index(VoucherType.UNKNOWN),
)
_CLASS = ["category", "type"]


@dataclass(frozen=True)
class Classes:
    """Rule, category and type of each entry, as positions in ``ids``, Category and VoucherType.

    ``back`` are the positions of rules whose entries take another one back by their text.
    """

    ids: tuple[str, ...]
    back: tuple[int, ...]
    rule: pl.Series
    category: pl.Series
    type: pl.Series
    CATEGORY: ClassVar[pl.Enum] = pl.Enum([category.value for category in _CATEGORIES])
    TYPE: ClassVar[pl.Enum] = pl.Enum([kind.value for kind in _TYPES])

    @classmethod
    def of_rules(cls, rules: pl.Series, ordered: Sequence[ClassRule]) -> Classes:
        """What the rules themselves say, of entries whose rule has this position in ``ordered``."""
        categories = [_CATEGORIES.index(rule.category) for rule in ordered]
        types = [_TYPES.index(rule.type) for rule in ordered]
        return cls(
            (*(rule.id for rule in ordered), *REVERSAL_IDS),
            tuple(n for n, rule in enumerate(ordered) if rule.source is Source.COUNTER_ENTRY),
            rules,
            pl.Series(categories, dtype=pl.UInt8).gather(rules),
            pl.Series(types, dtype=pl.UInt8).gather(rules),
        )

    def typed(self, at: pl.Series, types: pl.Series) -> Classes:
        """With these types (values of TYPE) of the entries at these positions."""
        return replace(self, type=self.type.clone().scatter(at, types.to_physical()))

    def as_columns(self, reasons: Mapping[str, str]) -> list[pl.Series]:
        """``category``, ``type``, ``rule`` and ``reason`` in words; ``reasons`` are by rule."""
        kinds = pl.Enum(sorted(set(reasons.values())))
        return [
            pl.Series("category", _CATEGORIES_IN_WORDS, self.CATEGORY).gather(self.category),
            pl.Series("type", _TYPES_IN_WORDS, self.TYPE).gather(self.type),
            pl.Series("rule", self.ids, pl.Enum(self.ids)).gather(self.rule),
            pl.Series("reason", [reasons[id] for id in self.ids], kinds).gather(self.rule),
        ]


_CATEGORIES_IN_WORDS = [category.value for category in _CATEGORIES]
_TYPES_IN_WORDS = [kind.value for kind in _TYPES]


def with_reversals(entries: pl.DataFrame, classes: Classes) -> tuple[Classes, pl.Series]:
    """The classes with those of reversals, and the number of the entry that each takes back.

    ``entries`` have ``company``, ``entry_no``, ``voucher``, ``document``, ``amount``,
    ``reversed``, ``reversed_by_entry_no`` and ``reversed_entry_no``, the last two 0 where there
    is none.
    """
    known = entries.with_columns(
        # A number for each company: joins by texts cost several times as much.
        pl.col("company").cast(pl.Categorical).to_physical(),
        classes.rule.alias("rule"),
        classes.category.alias("category"),
        classes.type.alias("type"),
        at=pl.int_range(pl.len(), dtype=pl.UInt32),
        by_text=classes.rule.is_in(list(classes.back)),
    )
    links = _links(known)
    found = pl.concat([_by_link(known, links), _by_amount(known, _loose(known, links))])
    rules = found["rule"].replace_strict(
        {name: classes.ids.index(name) for name in REVERSAL_IDS}, return_dtype=pl.UInt8
    )
    counters = pl.repeat(None, entries.height, dtype=pl.Int64, eager=True)
    return (
        replace(
            classes,
            rule=classes.rule.clone().scatter(found["at"], rules),
            category=classes.category.clone().scatter(found["at"], found["category"]),
            type=classes.type.clone().scatter(found["at"], found["type"]),
        ),
        counters.scatter(found["at"], found["counter_entry_no"]),
    )


def _links(entries: pl.DataFrame) -> pl.DataFrame:
    """Which entry each reversal takes back, from either side's link; two of them are none."""
    from_reversal = entries.filter(pl.col("reversed_entry_no") != 0).select(
        *_ENTRY, original="reversed_entry_no"
    )
    from_original = entries.filter(pl.col("reversed_by_entry_no") != 0).select(
        "company", entry_no="reversed_by_entry_no", original="entry_no"
    )
    links = pl.concat([from_reversal, from_original])
    there = _of(entries.select("at", *_ENTRY), links, _ENTRY)
    return (
        links.join(there, on=_ENTRY)
        .group_by("at", *_ENTRY)
        .agg(
            pl.when(pl.col("original").n_unique() == 1)
            .then(pl.col("original").first())
            .alias("original")
        )
    )


def _of(rows: pl.DataFrame, few: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """The rows whose ``on`` is among the few: what is joined with few rows had better be few."""
    return rows.join(few.select(on).unique(), on=on, how="semi")


def _by_link(entries: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """The class of the entry at the end of each chain of links."""
    ends = links.with_columns(end=pl.col("original"), open=pl.lit(True))
    following = links.select("company", end="entry_no", further="original")
    for _ in range(LONGEST_CHAIN):
        ends = ends.join(following, on=["company", "end"], how="left", coalesce=True).with_columns(
            open=pl.col("further").is_not_null(), end=pl.coalesce("further", "end")
        )
        ends = ends.drop("further")
        if not ends["open"].any():
            break
    at_the_end = entries.select("company", *_CLASS, end="entry_no")
    found = ends.join(_of(at_the_end, ends, ["company", "end"]), on=["company", "end"], how="left")
    known = ~pl.col("open") & pl.col("category").is_not_null() & pl.col("original").is_not_null()
    return found.select(
        "at",
        *_class_where(known),
        pl.when(known)
        .then(pl.lit(REVERSAL_BY_LINK))
        .otherwise(pl.lit(REVERSAL_NOT_LINKED))
        .alias("rule"),
        counter_entry_no=pl.col("original"),
    )


def _loose(entries: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Entries that look like reversals and have no link.

    ``by_text``: a credit that names an end or a use. The others are marked as reversed, or as
    reversing, and do not say which.
    """
    originals = links.select("company", entry_no="original")
    # What names its reversal is the entry taken back, also where the reversal comes after the
    # cut-off.
    marked = pl.col("reversed").fill_null(False) & (pl.col("reversed_by_entry_no") == 0)
    return (
        entries.filter(pl.col("by_text") | marked)
        .join(links, on=_ENTRY, how="anti")
        .join(originals, on=_ENTRY, how="anti")
        .select("at", *_ENTRY, "voucher", "document", "amount", "by_text")
    )


def _by_amount(entries: pl.DataFrame, loose: pl.DataFrame) -> pl.DataFrame:
    """The one class of the earlier entries with the opposite amount, of the same voucher.

    Several such entries of one class do as well as one. An entry that is only marked, and whose
    opposite comes later, is the one taken back: it keeps its own class.
    """
    on = ["company", "voucher", "document", "amount"]
    asking = loose.filter(pl.col("voucher") != "")
    others = _of(entries, asking, ["voucher"]).select(
        *on[:3],
        *_CLASS,
        amount=-pl.col("amount"),
        other="entry_no",
        classed=(pl.col("category") != _UNCLASSIFIED) & ~pl.col("by_text"),
    )
    before = pl.col("other") < pl.col("entry_no")
    pairs = asking.join(others, on=on, how="inner").with_columns(
        earlier=before & pl.col("classed"), later=~before
    )
    earlier = pl.col("earlier")
    found = pairs.group_by("at").agg(
        later=pl.col("later").any(),
        classes=pl.struct(_CLASS).filter(earlier).n_unique(),
        some=earlier.any(),
        category=pl.col("category").filter(earlier).first(),
        type=pl.col("type").filter(earlier).first(),
        candidates=earlier.sum(),
        other=pl.col("other").filter(earlier).first(),
    )
    judged = loose.join(found, on="at", how="left")
    known = (pl.col("some") & (pl.col("classes") == 1)).fill_null(False)
    taken_back = (~pl.col("by_text") & pl.col("later") & ~pl.col("some")).fill_null(False)
    return judged.filter(~taken_back).select(
        "at",
        *_class_where(known),
        pl.when(known)
        .then(pl.lit(REVERSAL_BY_AMOUNT))
        .otherwise(pl.lit(REVERSAL_NOT_LINKED))
        .alias("rule"),
        counter_entry_no=pl.when(known & (pl.col("candidates") == 1)).then("other"),
    )


def _class_where(known: pl.Expr) -> list[pl.Expr]:
    """The class found where it is known, else none."""
    return [
        pl.when(known).then(name).otherwise(pl.lit(nothing, dtype=pl.UInt8)).alias(name)
        for name, nothing in zip(_CLASS, (_UNCLASSIFIED, _UNKNOWN), strict=True)
    ]
