"""Opening a store by its address: the one place that knows which kinds of store there are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from soxauto_assets.store.protocol import ObjectStore, StoreError


def open_store(url: str, *, name: str) -> ObjectStore:
    """The store at ``url`` (``file:///folder``), called ``name`` in errors.

    Raises StoreError for an address of a kind that is not known.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc == "":
        from soxauto_assets.store.local import LocalStore

        return LocalStore(Path(unquote(parts.path)), name=name)
    raise StoreError(
        f"{url!r} is not the address of a {name} store.",
        remedy="Give a folder as file:///path/of/folder.",
    )
