"""The verifier's own content digest, against the published vectors and the product's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.store.content_digest import ContentDigester
from soxauto_assets.verify.content_digest import NoContentDigestError, statement_of

VECTORS = Path(__file__).parent.parent / "fixtures" / "content_digest"
DIGESTS = json.loads((VECTORS / "digests.json").read_text())


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_the_published_vectors_come_out(name: str) -> None:
    statement = statement_of(VECTORS / f"{name}.parquet")

    assert statement == (VECTORS / f"{name}.statement.txt").read_text()
    assert hashlib.sha256(statement.encode()).hexdigest() == DIGESTS[name]


def test_layout_and_row_groups_make_no_difference(tmp_path: Path) -> None:
    table = pq.read_table(VECTORS / "every-type.parquet")
    expected = (VECTORS / "every-type.statement.txt").read_text()
    text = table.schema.get_field_index("a text with blanks")
    for kind in (
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int32(), pa.string()),
    ):
        fields = list(table.schema)
        fields[text] = pa.field(fields[text].name, kind)
        other = table.cast(pa.schema(fields))
        pq.write_table(other, tmp_path / "other.parquet", row_group_size=2, compression="gzip")

        assert statement_of(tmp_path / "other.parquet") == expected


def test_it_agrees_with_the_product_over_more_than_one_batch(tmp_path: Path) -> None:
    rows = 150_001
    numbers = pa.array([None if n % 7 == 0 else n for n in range(rows)], pa.int64())
    table = pa.table(
        {
            "number": numbers,
            "words": numbers.cast(pa.string()),
            "amount": numbers.cast(pa.decimal128(38, 4)),
            "flag": pa.array([n % 3 == 0 if n % 5 else None for n in range(rows)]),
        }
    )
    pq.write_table(table, tmp_path / "many.parquet")
    digester = ContentDigester(table.schema)
    for batch in table.to_batches(max_chunksize=1000):
        digester.update(batch)

    assert statement_of(tmp_path / "many.parquet") == digester.finish().statement


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1.5]),
        pa.array([1], pa.uint32()),
        pa.array([1], pa.timestamp("us", "UTC")),
        pa.array([1], pa.timestamp("ns")),
        pa.array([b"x"]),
        pa.array([[1]]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_type_without_a_digest_is_refused(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"x": column}), tmp_path / "x.parquet")

    with pytest.raises(NoContentDigestError, match="column x"):
        statement_of(tmp_path / "x.parquet")
