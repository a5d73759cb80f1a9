"""Column types of TDS that the server from PyPI lacks: DECIMAL, DATE, DATETIME2 and SMALLINT.

Byte forms as [MS-TDS] 2.2.5.4 and 2.2.5.5 give them: DECIMALN, DATEN, DATETIME2N.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pysqlbridge.tds.result import ColumnType

_YEAR_ONE = date(1, 1, 1).toordinal()


@dataclass(frozen=True)
class DecimalN(ColumnType):
    """DECIMAL(precision, scale): a sign and the magnitude, least significant byte first."""

    precision: int
    scale: int

    @property
    def width(self) -> int:
        bounds = ((9, 5), (19, 9), (28, 13))
        return next((width for digits, width in bounds if self.precision <= digits), 17)

    def type_info(self) -> bytes:
        return bytes([0x6A, self.width, self.precision, self.scale])

    def encode(self, value: object) -> bytes:
        if value is None:
            return b"\0"
        sign, digits, exponent = Decimal(str(value)).as_tuple()
        assert isinstance(exponent, int)
        assert exponent + self.scale >= 0, "more digits than the scale holds"
        magnitude = int("".join(map(str, digits))) * 10 ** (exponent + self.scale)
        body = magnitude.to_bytes(self.width - 1, "little")
        return bytes([self.width, 0 if sign else 1]) + body


@dataclass(frozen=True)
class DateN(ColumnType):
    """DATE: days since 1 January of the year 1, in three bytes."""

    def type_info(self) -> bytes:
        return bytes([0x28])

    def encode(self, value: object) -> bytes:
        if value is None:
            return b"\0"
        assert isinstance(value, date)
        return b"\x03" + (value.toordinal() - _YEAR_ONE).to_bytes(3, "little")


@dataclass(frozen=True)
class DateTime2N(ColumnType):
    """DATETIME2(6): microseconds of the day in five bytes, then the day."""

    def type_info(self) -> bytes:
        return bytes([0x2A, 6])

    def encode(self, value: object) -> bytes:
        if value is None:
            return b"\0"
        assert isinstance(value, datetime)
        of_day = (value.hour * 60 + value.minute) * 60 + value.second
        micros = of_day * 1_000_000 + value.microsecond
        day = value.toordinal() - _YEAR_ONE
        return b"\x08" + micros.to_bytes(5, "little") + day.to_bytes(3, "little")
