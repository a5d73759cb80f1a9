"""The declared schema in Arrow, and the safe cast of whatever an engine streams into it.

Engines differ in what they send for the same column (0 and 1 for a flag, a wider integer, a
decimal of another scale). Everything behind the warehouse sees one schema only.

Here: types and casts. Not here: the contract on values, null or not, lengths and lists of values
(``validation``): a row that breaks the contract is stored and reported, a value that cannot be
represented fails the attempt.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.catalog.model import (
    Boolean,
    Column,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Text,
    Timestamp,
)
from soxauto_assets.warehouse.protocol import SourceError, SourceTypeError


def arrow_type(declared: ColumnType) -> pa.DataType:
    """The Arrow type of a declared type.

    Text is ``string`` with 32-bit offsets: a batch is far below their 2 GiB, and it is what every
    engine sends, so nothing is copied. Stamps are microseconds without zone (design, rule 6).
    """
    match declared:
        case Text():
            return pa.string()
        case Integer(bits):
            return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[bits]
        case Numeric(precision, scale):
            return pa.decimal128(precision, scale)
        case Date():
            return pa.date32()
        case Timestamp():
            return pa.timestamp("us")
        case Boolean():
            return pa.bool_()


def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema of a report.

    Every field is nullable in it, whatever the contract says: a null where none may be is a
    finding of the contract on stored rows, not a file that no writer will write.
    """
    return pa.schema([pa.field(column.name, arrow_type(column.type)) for column in columns])


def check_columns(found: pa.Schema, columns: tuple[Column, ...], name: str) -> None:
    """Refuse a result whose columns are not the declared ones, in their order.

    ``name`` is the statement's, for the error. Raises SourceError for missing, unexpected or
    reordered columns and SourceTypeError for a type that never casts without loss.
    """
    declared = [column.name for column in columns]
    if found.names != declared:
        raise SourceError(
            f"{name} returns other columns than declared: {_difference(found.names, declared)}.",
            remedy="Make the final SELECT and schema.py name the same columns in the same order.",
        )
    for field, column in zip(found, columns, strict=True):
        if _caster(field.type, column.type) is None:
            raise _type_error(name, column, field.type)


def conform(batch: pa.RecordBatch, columns: tuple[Column, ...], name: str) -> pa.RecordBatch:
    """The batch in the declared schema; each cast is exact or an error.

    Flags may come as 0 and 1, whole numbers in any width that fits, decimals in any scale that
    loses nothing, stamps in any unit that loses nothing. Text is never parsed, a float never
    accepted. Raises SourceError and SourceTypeError as ``check_columns`` does, and
    SourceTypeError where a value does not fit; the error names no value, it may be personal.
    """
    check_columns(batch.schema, columns, name)
    arrays = []
    for array, column in zip(batch.columns, columns, strict=True):
        caster = _caster(array.type, column.type)
        assert caster is not None  # check_columns
        try:
            arrays.append(caster(array))
        except (pa.ArrowException, ValueError):
            # Not chained: Arrow's text holds the value.
            raise _type_error(name, column, array.type, "holds a value that does not fit") from None
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns))


_Caster = Callable[[pa.Array], pa.Array]


def _caster(found: pa.DataType, declared: ColumnType) -> _Caster | None:
    """What turns an array of the found type into the declared type; None where nothing does."""
    target = arrow_type(declared)
    if found == target:
        return lambda array: array
    match declared:
        case Boolean() if pa.types.is_integer(found):
            return _flags
        case Integer() if pa.types.is_integer(found) or _is_whole(found):
            return lambda array: array.cast(target)
        case Numeric() if pa.types.is_decimal(found):
            return lambda array: array.cast(target)
        case Numeric() if pa.types.is_integer(found):
            # A 64-bit integer has up to 20 digits; Arrow asks for room for all of them first.
            return lambda array: array.cast(pa.decimal128(20, 0)).cast(target)
        case Timestamp() if pa.types.is_timestamp(found) and found.tz is None:
            return lambda array: array.cast(target)
        case Text() if (
            pa.types.is_large_string(found)
            or pa.types.is_string_view(found)
            or (pa.types.is_dictionary(found) and pa.types.is_string(found.value_type))
        ):
            return lambda array: array.cast(target)
    return None


def _is_whole(found: pa.DataType) -> bool:
    # DuckDB sends the sum of integers as DECIMAL(38, 0).
    return bool(pa.types.is_decimal(found)) and found.scale == 0


def _flags(array: pa.Array) -> pa.Array:
    extremes = pc.min_max(array).as_py()
    if extremes["min"] is not None and (extremes["min"] < 0 or extremes["max"] > 1):
        raise ValueError("neither 0 nor 1")
    return array.cast(pa.bool_())


def _difference(found: list[str], declared: list[str]) -> str:
    missing = [name for name in declared if name not in found]
    unexpected = [name for name in found if name not in declared]
    parts = []
    if missing:
        parts.append(f"missing {', '.join(missing)}")
    if unexpected:
        parts.append(f"unexpected {', '.join(unexpected)}")
    return "; ".join(parts) or f"the order is {', '.join(found)}"


def _type_error(
    name: str, column: Column, found: pa.DataType, what: str = "is of another type"
) -> SourceTypeError:
    return SourceTypeError(
        f"{name}: column {column.name} {what}: declared {column.type!r}, the source sends {found}.",
        remedy="Correct the declaration in schema.py or the CAST in the query; values are never "
        "rounded, cut or parsed to make them fit.",
    )
