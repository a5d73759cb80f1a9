"""Classifying every entry on the voucher account, with the rule that decided (D21, section 7).

Here: applying the table and following reversals, over whole columns. Not here: the rules
(``classes.py``).
"""

from __future__ import annotations

from itertools import product

import polars as pl

from soxauto_assets.reconciliation.classes import (
    REVERSAL_BY_AMOUNT,
    REVERSAL_BY_LINK,
    REVERSAL_IDS,
    REVERSAL_NOT_LINKED,
    TYPE_OF_USE,
    Category,
    ClassRule,
    Sign,
    Source,
    VoucherType,
)
from soxauto_assets.reconciliation.collation import amount, collected, company, key
from soxauto_assets.reconciliation.rulebook import RuleBook

VOUCHER_ACCOUNT = "18412"
CATEGORY = pl.Enum([category.value for category in Category])
TYPE = pl.Enum([kind.value for kind in VoucherType])
LONGEST_CHAIN = 16
"""Reversals of reversals are followed so far; a longer chain, or a ring, is not linked."""
_ENTRY = ["company", "entry_no"]
_BETWEEN = [chr(code) for code in range(128) if not chr(code).isalnum() and chr(code) != " "]
"""The ASCII characters that stand between words, besides the blank."""
_UNKNOWN = (Category.UNCLASSIFIED.value, VoucherType.UNKNOWN.value)


def classify(cr_03: pl.LazyFrame, ipe_08: pl.LazyFrame | None, book: RuleBook) -> pl.DataFrame:
    """One row for each entry on the voucher account, in exactly one class, by company and number.

    Columns: ``company``, ``entry_no``, ``posting_date``, ``voucher`` and ``document`` (compared
    form), ``amount``, ``category``, ``type``, ``rule``, ``reason``, ``counter_entry_no`` (the
    entry that a reversal takes back). Without IPE_08 a use keeps the type Unknown.
    """
    entries = _typed_by_voucher(_by_rule(cr_03, book), ipe_08, book)
    counted = _reversals(entries, book)
    rules = {rule.id: rule.reason for rule in book.classes} | REVERSAL_IDS
    reason = pl.Enum(sorted(set(rules.values())))
    return (
        entries.join(counted, on=_ENTRY, how="left")
        .with_columns(
            pl.coalesce(f"{name}_right", name).alias(name) for name in ("category", "type", "rule")
        )
        .with_columns(
            pl.col("rule")
            .cast(pl.String)
            .replace_strict(rules, return_dtype=reason)
            .alias("reason")
        )
        .select(
            *_ENTRY,
            "posting_date",
            "voucher",
            "document",
            "amount",
            "category",
            "type",
            "rule",
            "reason",
            "counter_entry_no",
        )
        .sort(_ENTRY)
    )


def _by_rule(cr_03: pl.LazyFrame, book: RuleBook) -> pl.DataFrame:
    """The entries with the id of the first rule that takes each, by its own text alone.

    Entries of one sign and kind of user at a time, so that no text is looked at for a rule that
    cannot take it.
    """
    ordered = sorted(book.classes, key=lambda rule: rule.priority)
    ids = pl.Enum([*(rule.id for rule in ordered), *REVERSAL_IDS])
    user = pl.col("user_id").fill_null("").str.strip_chars().str.to_uppercase()
    entries = collected(
        cr_03.filter(key("group_coa_account_no") == VOUCHER_ACCOUNT).select(
            company(),
            "entry_no",
            "posting_date",
            key("voucher_no").fill_null("").str.strip_chars_start(" ").alias("voucher"),
            key("document_no").fill_null("").str.strip_chars_start(" ").alias("document"),
            amount("amount"),
            "reversed",
            pl.col("reversed_by_entry_no").fill_null(0),
            pl.col("reversed_entry_no").fill_null(0),
            key("document_type").fill_null("").alias("document_type"),
            key("bal_account_type").fill_null("").alias("balancing"),
            (
                ~user.str.replace_all("\\", "/", literal=True).is_in(list(book.integration_users))
            ).alias("manual"),
            pl.col("document_description").fill_null("").alias("text"),
        )
    )
    # What the rules look at, and nothing that would only be copied along.
    narrow = entries.select(
        "amount",
        "manual",
        "document",
        "document_type",
        "balancing",
        "text",
        plain=~pl.col("text").str.contains(r"[^\x00-\x7F]"),
        at=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    parts = []
    for sign, manual, plain in product(Sign, (True, False), (True, False)):
        # Positions in the list of ids: a column of texts for each rule would cost more than all.
        first = pl.coalesce(
            pl.when(_takes(rule)).then(pl.lit(position, dtype=pl.UInt8))
            for position, rule in enumerate(ordered)
            if sign in rule.signs and rule.manual in (None, manual)
        )
        own = narrow.filter(
            _has_sign(sign) & (pl.col("manual") == manual) & (pl.col("plain") == plain)
        )
        if not own.is_empty():
            words = own.lazy().with_columns(words=_words(plain=plain))
            parts.append(collected(words.select("at", rule=first.cat.to(ids))))
    rules = pl.concat([pl.DataFrame(schema={"at": pl.UInt32, "rule": ids}), *parts]).sort("at")
    return entries.with_columns(rules["rule"]).drop("text", "document_type", "balancing", "manual")


def _has_sign(sign: Sign) -> pl.Expr:
    value = pl.col("amount")
    return {Sign.NEGATIVE: value < 0, Sign.ZERO: value == 0, Sign.POSITIVE: value > 0}[sign]


def _words(*, plain: bool) -> pl.Expr:
    """The words of the text in upper case, in single blanks, also before and after.

    So each phrase is looked for as a whole and literally. For plain texts the characters between
    words are known one by one, which costs a quarter of the general pattern.
    """
    text = pl.col("text").str.to_uppercase()
    if plain:
        text = text.str.replace_many(_BETWEEN, [" "]).str.replace_all(" {2,}", " ")
    else:
        text = text.str.replace_all(r"[^\p{L}\p{N}]+", " ")
    return pl.concat_str(pl.lit(" "), text.str.strip_chars(" "), pl.lit(" "))


def _takes(rule: ClassRule) -> pl.Expr:
    """Whether the rule takes an entry of its sign and kind of user."""
    conditions = [pl.lit(True)]
    if rule.balancing is not None:
        conditions.append(pl.col("balancing") == rule.balancing)
    if rule.document_type is not None:
        conditions.append(pl.col("document_type") == rule.document_type)
    if rule.prefixes:
        codes = "|".join(sorted(rule.prefixes))
        conditions.append(pl.col("document").str.contains(rf"^(?:{codes})(?:[^\p{{L}}]|$)"))
    if rule.any_words:
        conditions.append(_has_any(rule.any_words))
    conditions += [_has(phrase) for phrase in sorted(rule.all_words)]
    return pl.all_horizontal(conditions)


def _has_any(phrases: frozenset[str]) -> pl.Expr:
    if len(phrases) == 1:
        return _has(*phrases)
    return pl.col("words").str.contains_any([f" {phrase} " for phrase in sorted(phrases)])


def _has(phrase: str) -> pl.Expr:
    return pl.col("words").str.contains(f" {phrase} ", literal=True)


def _typed_by_voucher(
    entries: pl.DataFrame, ipe_08: pl.LazyFrame | None, book: RuleBook
) -> pl.DataFrame:
    """Category and type of the rule; the type of the voucher where the rule asks for it."""
    categories = {rule.id: rule.category.value for rule in book.classes}
    types = {rule.id: rule.type.value for rule in book.classes}
    asking = [rule.id for rule in book.classes if rule.source is Source.VOUCHER]
    rule = pl.col("rule").cast(pl.String)
    classed = entries.with_columns(
        rule.replace_strict(categories, return_dtype=CATEGORY).alias("category"),
        rule.replace_strict(types, return_dtype=TYPE).alias("type"),
    )
    if ipe_08 is None:
        return classed
    use = key("business_use").str.to_lowercase()
    vouchers = ipe_08.select(
        company(),
        key("id").alias("id"),
        key("code").alias("code"),
        use.replace_strict(
            {name: kind.value for name, kind in TYPE_OF_USE.items()},
            default=VoucherType.UNKNOWN.value,
            return_dtype=TYPE,
        ).alias("of_voucher"),
    )
    by_id = vouchers.select("company", voucher="id", of_id="of_voucher")
    # A code that vouchers of different types share says nothing.
    by_code = (
        vouchers.group_by("company", voucher="code")
        .agg(of_code=pl.col("of_voucher").first(), kinds=pl.col("of_voucher").n_unique())
        .filter(pl.col("kinds") == 1)
        .drop("kinds")
    )
    on = ["company", "voucher"]
    # Only the entries that ask take part in the joins: they cost more than all the rest.
    asks = rule.is_in(asking)
    typed = collected(
        classed.filter(asks)
        .lazy()
        .join(by_id, on=on, how="left")
        .join(by_code, on=on, how="left")
        .with_columns(pl.coalesce("of_id", "of_code", "type").alias("type"))
        .drop("of_id", "of_code")
    )
    return pl.concat([classed.filter(~asks), typed])


def _reversals(entries: pl.DataFrame, book: RuleBook) -> pl.DataFrame:
    """Category, type, rule and counter entry of every entry that takes another one back."""
    links = _links(entries)
    linked = _by_link(entries, links)
    loose = _loose(entries, links, book)
    return pl.concat([linked, _by_amount(entries, loose, book)])


def _links(entries: pl.DataFrame) -> pl.DataFrame:
    """Which entry each reversal takes back, from either side's link; two of them are none."""
    from_reversal = entries.filter(pl.col("reversed_entry_no") != 0).select(
        *_ENTRY, original="reversed_entry_no"
    )
    from_original = entries.filter(pl.col("reversed_by_entry_no") != 0).select(
        "company", entry_no="reversed_by_entry_no", original="entry_no"
    )
    links = pl.concat([from_reversal, from_original])
    return (
        links.join(_of(entries.select(_ENTRY), links, _ENTRY), on=_ENTRY, how="semi")
        .group_by(_ENTRY)
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
    for _ in range(LONGEST_CHAIN):
        following = links.select("company", end="entry_no", further="original")
        ends = ends.join(following, on=["company", "end"], how="left", coalesce=True).with_columns(
            open=pl.col("further").is_not_null(), end=pl.coalesce("further", "end")
        )
        ends = ends.drop("further")
        if not ends["open"].any():
            break
    classes = _of(
        entries.select("company", "category", "type", end="entry_no"), ends, ["company", "end"]
    )
    known = ~pl.col("open") & pl.col("category").is_not_null() & pl.col("original").is_not_null()
    found = ends.join(classes, on=["company", "end"], how="left")
    return found.select(
        *_ENTRY,
        pl.when(known).then("category").otherwise(_text(_UNKNOWN[0], CATEGORY)).alias("category"),
        pl.when(known).then("type").otherwise(_text(_UNKNOWN[1], TYPE)).alias("type"),
        pl.when(known)
        .then(pl.lit(REVERSAL_BY_LINK))
        .otherwise(pl.lit(REVERSAL_NOT_LINKED))
        .cast(entries.schema["rule"])
        .alias("rule"),
        counter_entry_no=pl.col("original"),
    )


def _loose(entries: pl.DataFrame, links: pl.DataFrame, book: RuleBook) -> pl.DataFrame:
    """Entries that look like reversals and have no link.

    ``by_text``: a credit that names an end or a use. The others are marked as reversed, or as
    reversing, and do not say which.
    """
    asking = [rule.id for rule in book.classes if rule.source is Source.COUNTER_ENTRY]
    originals = links.select("company", entry_no="original")
    # What names its reversal is the entry taken back, also where the reversal comes after the
    # cut-off.
    marked = pl.col("reversed").fill_null(False) & (pl.col("reversed_by_entry_no") == 0)
    return (
        entries.with_columns(by_text=pl.col("rule").cast(pl.String).is_in(asking))
        .filter(pl.col("by_text") | marked)
        .join(links, on=_ENTRY, how="anti")
        .join(originals, on=_ENTRY, how="anti")
        .select(*_ENTRY, "voucher", "document", "amount", "by_text")
    )


def _by_amount(entries: pl.DataFrame, loose: pl.DataFrame, book: RuleBook) -> pl.DataFrame:
    """The one class of the earlier entries with the opposite amount, of the same voucher.

    Several such entries of one class do as well as one. An entry that is only marked, and whose
    opposite comes later, is the one taken back: it keeps its own class.
    """
    asking = [rule.id for rule in book.classes if rule.source is Source.COUNTER_ENTRY]
    on = ["company", "voucher", "document", "amount"]
    others = _of(entries, loose, ["company", "voucher", "document"]).select(
        "company",
        "voucher",
        "document",
        "category",
        "type",
        amount=-pl.col("amount"),
        other="entry_no",
        classed=(pl.col("category") != Category.UNCLASSIFIED.value)
        & ~pl.col("rule").cast(pl.String).is_in(asking),
    )
    before = pl.col("other") < pl.col("entry_no")
    pairs = (
        loose.filter(pl.col("voucher") != "")
        .join(others, on=on, how="inner")
        .with_columns(earlier=before & pl.col("classed"), later=~before)
    )
    earlier = pl.col("earlier")
    found = pairs.group_by(_ENTRY).agg(
        later=pl.col("later").any(),
        classes=pl.struct("category", "type").filter(earlier).n_unique(),
        some=earlier.any(),
        category=pl.col("category").filter(earlier).first(),
        type=pl.col("type").filter(earlier).first(),
        candidates=earlier.sum(),
        other=pl.col("other").filter(earlier).first(),
    )
    judged = loose.join(found, on=_ENTRY, how="left")
    known = (pl.col("some") & (pl.col("classes") == 1)).fill_null(False)
    taken_back = (~pl.col("by_text") & pl.col("later") & ~pl.col("some")).fill_null(False)
    return judged.filter(~taken_back).select(
        *_ENTRY,
        pl.when(known).then("category").otherwise(_text(_UNKNOWN[0], CATEGORY)).alias("category"),
        pl.when(known).then("type").otherwise(_text(_UNKNOWN[1], TYPE)).alias("type"),
        pl.when(known)
        .then(pl.lit(REVERSAL_BY_AMOUNT))
        .otherwise(pl.lit(REVERSAL_NOT_LINKED))
        .cast(entries.schema["rule"])
        .alias("rule"),
        counter_entry_no=pl.when(known & (pl.col("candidates") == 1)).then("other"),
    )


def _text(value: str, kind: pl.Enum) -> pl.Expr:
    return pl.lit(value, dtype=pl.String).cast(kind)
