"""Making both papers of a package from what the package will hold.

Here: the way from contents and documents to bytes, and what happens where a paper cannot be made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from soxauto_assets.evidence.papers.history import periods_shown
from soxauto_assets.evidence.values import plain
from soxauto_assets.validation.samples import MASK

if TYPE_CHECKING:
    from soxauto_assets.evidence.contents import PackageContents
    from soxauto_assets.evidence.papers.view import View
    from soxauto_assets.store.layout import AttemptAddress

SAMPLE_ROWS = 20


class PaperMaker(Protocol):
    """Makes a package's papers; ``papers`` below is the product's."""

    def __call__(
        self,
        contents: PackageContents,
        address: AttemptAddress,
        files: Mapping[str, bytes],
        predicate: object,
        *,
        folder: str,
    ) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """The papers by name, and a sentence for each that could not be made; never raises."""


def papers(
    contents: PackageContents,
    address: AttemptAddress,
    files: Mapping[str, bytes],
    predicate: object,
    *,
    folder: str,
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The papers by name, and a sentence for each that could not be made.

    ``files`` are the documents, ``predicate`` the manifest's, ``folder`` where the documents will
    stand. No paper is worth an attempt that stays open: one that breaks is left out, and the
    package's log says so.
    """
    from soxauto_assets.evidence.papers.cited import Documents
    from soxauto_assets.evidence.papers.page import PAGE, WORKPAPER, page
    from soxauto_assets.evidence.papers.view import view_of
    from soxauto_assets.evidence.papers.workpaper import workpaper

    def view() -> View:
        periods = [str(period) for period in periods_shown(address.period)]
        documents = Documents(files, plain(predicate), folder=folder)
        return view_of(documents, periods, first_rows(contents))

    makers: dict[str, Callable[[], bytes]] = {
        WORKPAPER: lambda: workpaper(seen, contents.ended),
        PAGE: lambda: page(seen),
    }
    made: dict[str, bytes] = {}
    failures = []
    try:
        seen = view()
    except Exception as error:
        return {}, (f"no paper could be made ({type(error).__name__})",)
    for name, make in makers.items():
        try:
            made[name] = make()
        except Exception as error:
            failures.append(f"{name} could not be made ({type(error).__name__})")
    return made, tuple(failures)


def first_rows(contents: PackageContents) -> tuple[dict[str, str], ...]:
    """The first rows of the extract as text, personal data masked; none without an extract."""
    import pyarrow.parquet as pq

    entry, data = contents.entry, contents.data
    if entry is None or data is None:
        return ()
    personal = {column.name for column in entry.columns if column.personal}
    with pq.ParquetFile(data.path) as file:
        batch = next(file.iter_batches(batch_size=SAMPLE_ROWS), None)
    rows = [] if batch is None else batch.to_pylist()
    return tuple(
        {
            name: MASK if name in personal and value is not None else _text(value)
            for name, value in row.items()
        }
        for row in rows
    )


def _text(value: object) -> str:
    return "" if value is None else str(plain(value))
