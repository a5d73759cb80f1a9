"""Opening a store by its address: the one place that knows which kinds of store there are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from soxauto_assets.store.protocol import ObjectStore, StoreError


def open_store(url: str, *, name: str) -> ObjectStore:
    """The store at ``url``, called ``name`` in errors.

    ``file:///folder``, or ``s3://bucket/prefix?region=…`` with the options of
    ``s3_address.py``. Nothing is asked of S3 yet. Raises StoreError for an address that is
    malformed or of a kind that is not known.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc == "":
        from soxauto_assets.store.local import LocalStore

        return LocalStore(Path(unquote(parts.path)), name=name)
    if parts.scheme == "s3":
        from soxauto_assets.store.s3 import S3Store
        from soxauto_assets.store.s3_address import S3Address

        return S3Store(S3Address.parse(url), name=name)
    raise StoreError(
        f"{url!r} is not the address of a {name} store.",
        remedy="Give a folder as file:///path/of/folder, or a bucket as s3://bucket/prefix.",
    )
