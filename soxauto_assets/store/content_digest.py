"""The content digest: "the same data again", whatever file or library it came through.

Here: the digest of a stream of Arrow batches, taken on the way. The byte layout is specified in
``docs/content-digest.md``, from which the verifier recomputes it with code of its own; in short:

* each column is ``text``, ``integer``, ``decimal(P,S)``, ``date``, ``timestamp`` or ``boolean``;
* each column has a *validity* stream (1 byte a row, 01 value, 00 null), for text a *lengths*
  stream (uint32 little-endian a row, UTF-8 bytes, null 0), and a *values* stream (text: the UTF-8
  bytes of the non-null values joined; integer: int64; decimal: 16-byte two's complement unscaled;
  date: int32 days since 1970-01-01; timestamp: int64 microseconds since then; boolean: 1 byte;
  all little-endian, a null is zero bytes of the same width);
* the digest is the SHA-256 of a statement in text: a version line, ``rows <n>``, and for each
  column ``column <type> <sha256 validity> <sha256 lengths or -> <sha256 values> <name>``, each
  line ended by LF.

Not here: the SHA-256 of the stored file (``spool.py``).
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.errors import PermanentError

if sys.byteorder != "little":
    raise ImportError("the content digest reads Arrow buffers, which are little-endian here only")

VERSION = 1
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
_Update = Callable[[bytes | memoryview], None]


class UndigestibleColumnError(PermanentError):
    """A column has a name or type for which the content digest is not defined."""


@dataclass(frozen=True)
class ContentDigest:
    """``hexdigest`` is the SHA-256 of ``statement``; both as in ``docs/content-digest.md``."""

    hexdigest: str
    statement: str


def type_text(name: str, arrow_type: pa.DataType) -> str:
    """The type's text in the statement; raises UndigestibleColumnError for any other type."""
    if pa.types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    if _is_text(arrow_type):
        return "text"
    if pa.types.is_signed_integer(arrow_type):
        return "integer"
    if pa.types.is_decimal(arrow_type) and arrow_type.precision <= 38:
        return f"decimal({arrow_type.precision},{arrow_type.scale})"
    if pa.types.is_date32(arrow_type):
        return "date"
    if pa.types.is_timestamp(arrow_type) and arrow_type.tz is None and arrow_type.unit != "ns":
        return "timestamp"
    if pa.types.is_boolean(arrow_type):
        return "boolean"
    raise UndigestibleColumnError(
        f"Column {name} has the type {arrow_type}, for which there is no content digest.",
        remedy="Declare it as one of the types of catalog/model.py.",
    )


class ContentDigester:
    """Takes the content digest of a stream of batches that all have ``schema``."""

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = [_ColumnDigester(field.name, field.type) for field in schema]
        self._rows = 0

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of the batch; where batches begin and end makes no difference."""
        self._rows += batch.num_rows
        for digester, values in zip(self._columns, batch.columns, strict=True):
            digester.update(values)

    def finish(self) -> ContentDigest:
        """The digest of all rows so far."""
        lines = [f"soxauto-content-digest {VERSION}", f"rows {self._rows}"]
        lines += [digester.line() for digester in self._columns]
        statement = "".join(f"{line}\n" for line in lines)
        return ContentDigest(hashlib.sha256(statement.encode()).hexdigest(), statement)


class _ColumnDigester:
    """The three streams of one column, each as a running SHA-256."""

    def __init__(self, name: str, arrow_type: pa.DataType) -> None:
        if _CONTROL_CHARACTER.search(name):
            raise UndigestibleColumnError(
                f"The column name {name!r} holds a control character.",
                remedy="Rename the column in the report's schema.py and query.sql.",
            )
        self._name = name
        self._type = type_text(name, arrow_type)
        self._validity = hashlib.sha256()
        self._lengths = hashlib.sha256() if self._type == "text" else None
        self._values = hashlib.sha256()

    def update(self, values: pa.Array) -> None:
        if len(values) == 0:  # its buffers may be missing
            return
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        self._validity.update(_validity_bytes(values))
        if self._lengths is not None:
            _add_text(values, self._lengths.update, self._values.update)
        else:
            self._values.update(_fixed_bytes(values, self._type))

    def line(self) -> str:
        lengths = "-" if self._lengths is None else self._lengths.hexdigest()
        return (
            f"column {self._type} {self._validity.hexdigest()} {lengths} "
            f"{self._values.hexdigest()} {self._name}"
        )


def _is_text(arrow_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(arrow_type)
        or pa.types.is_large_string(arrow_type)
        or pa.types.is_string_view(arrow_type)
    )


def _validity_bytes(values: pa.Array) -> bytes | memoryview:
    if values.null_count == 0:
        return b"\x01" * len(values)
    return _buffer_bytes(values.is_valid().cast(pa.uint8()), 1)


def _add_text(values: pa.Array, lengths: _Update, joined: _Update) -> None:
    """Offsets give the lengths; the bytes of the values already lie joined in Arrow's buffer."""
    if not pa.types.is_string(values.type):
        values = values.cast(pa.large_string())
    if values.null_count:
        values = pc.fill_null(values, "")  # a null slot may cover bytes in the buffer
    _, offsets_buffer, data = values.buffers()
    wide = np.int32 if pa.types.is_string(values.type) else np.int64
    offsets = np.frombuffer(offsets_buffer, dtype=wide)
    offsets = offsets[values.offset : values.offset + len(values) + 1]
    lengths(np.diff(offsets).astype(np.uint32).tobytes())
    if data is not None:
        joined(memoryview(data)[int(offsets[0]) : int(offsets[-1])])


def _fixed_bytes(values: pa.Array, type_name: str) -> memoryview:
    if type_name == "integer":
        values, width = values.cast(pa.int64()), 8
    elif type_name == "timestamp":
        values, width = values.cast(pa.timestamp("us")).cast(pa.int64()), 8
    elif type_name == "date":
        values, width = values.cast(pa.int32()), 4
    elif type_name == "boolean":
        values, width = values.cast(pa.uint8()), 1
    else:
        values, width = values.cast(pa.decimal128(values.type.precision, values.type.scale)), 16
    if values.null_count:
        values = pc.fill_null(values, pa.scalar(0, pa.int8()).cast(values.type))
    return _buffer_bytes(values, width)


def _buffer_bytes(values: pa.Array, width: int) -> memoryview:
    begin = values.offset * width
    return memoryview(values.buffers()[1])[begin : begin + len(values) * width]
