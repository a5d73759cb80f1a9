"""Bytes into S3: one PUT, or parts that are committed only when all of them arrived.

One PUT is checked by S3 against a SHA-256 of the whole object. For an upload in parts S3 knows
only the SHA-256 of each part; that of the whole is in the object's metadata and its receipt.

Here: sending. Not here: under which condition (``s3.py``).
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from soxauto_assets.store.durable import hash_file
from soxauto_assets.store.protocol import ObjectDamagedError, StoreError
from soxauto_assets.store.s3_address import S3Options

_MOST_PARTS = 10_000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Content:
    """What is to be stored: bytes or an open file, its SHA-256 (hex) and its size in bytes."""

    body: bytes | BinaryIO
    sha256: str
    size: int


@contextmanager
def opened(source: Path | bytes) -> Iterator[Content]:
    """The source, read once for its digest; raises StoreError where it cannot be read."""
    if isinstance(source, bytes):
        yield Content(source, hashlib.sha256(source).hexdigest(), len(source))
        return
    try:
        file = open(source, "rb")  # noqa: SIM115 - closed below, outside of what is told
    except OSError as error:
        raise StoreError(
            f"The file to store, {source}, cannot be read: {error.strerror}.",
            remedy="Check that it was written and is readable.",
        ) from error
    with file:
        yield Content(file, hash_file(file.fileno()), os.fstat(file.fileno()).st_size)


def send(
    client: Any,
    target: Mapping[str, str],
    content: Content,
    headers: Mapping[str, Any],
    condition: Mapping[str, str],
    options: S3Options,
) -> Mapping[str, Any]:
    """Store the content at ``target`` (bucket and key), whole or not at all.

    ``headers`` come with the object, ``condition`` is what must hold for it to be stored. Returns
    S3's answer; raises what botocore raises, and ObjectDamagedError where the file changed.
    """
    if content.size > options.multipart_above:
        return _send_parts(client, target, content, headers, condition, options)
    if not isinstance(content.body, bytes):
        content.body.seek(0)
    answer: Mapping[str, Any] = client.put_object(
        **target,
        **headers,
        **condition,
        Body=content.body,
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=base64_of(content.sha256),
    )
    return answer


def base64_of(sha256: str) -> str:
    """A SHA-256 in hexadecimal digits as S3 writes it."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _send_parts(
    client: Any,
    target: Mapping[str, str],
    content: Content,
    headers: Mapping[str, Any],
    condition: Mapping[str, str],
    options: S3Options,
) -> Mapping[str, Any]:
    upload = client.create_multipart_upload(**target, **headers, ChecksumAlgorithm="SHA256")
    target = {**target, "UploadId": upload["UploadId"]}
    try:
        parts: list[dict[str, Any]] = []
        digest = hashlib.sha256()
        for number, part in enumerate(_parts(content, options), start=1):
            digest.update(part)
            checksum = base64.b64encode(hashlib.sha256(part).digest()).decode()
            answer = client.upload_part(
                **target,
                PartNumber=number,
                Body=part,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )
            parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})
        if digest.hexdigest() != content.sha256:
            raise ObjectDamagedError(
                f"The file for {target['Key']} changed while it was sent; nothing was stored.",
                remedy="Find out what else writes into the scratch folder, then run again.",
            )
        done: Mapping[str, Any] = client.complete_multipart_upload(
            **target, **condition, MultipartUpload={"Parts": parts}, MpuObjectSize=content.size
        )
        return done
    except BaseException:
        _abort(client, target)
        raise


def _parts(content: Content, options: S3Options) -> Iterator[bytes]:
    """The content cut into parts, so large that there are no more than S3 takes."""
    size = max(options.part_bytes, -(-content.size // _MOST_PARTS))
    for begin in range(0, content.size, size):
        if isinstance(content.body, bytes):
            yield content.body[begin : begin + size]
        else:
            content.body.seek(begin)
            yield content.body.read(size)


def _abort(client: Any, target: Mapping[str, str]) -> None:
    """Give the parts up. They are never visible as an object, but cost money until then."""
    try:
        client.abort_multipart_upload(**target)
    except (ClientError, BotoCoreError) as error:
        # NoSuchUpload: it was completed after all, and only the answer was lost.
        if not (isinstance(error, ClientError) and error.response["Error"]["Code"] == _GONE):
            _LOG.warning(
                "parts of %s were left in S3; the bucket's lifecycle rule for incomplete "
                "uploads removes them (%s)",
                target["Key"],
                type(error).__name__,
            )


_GONE = "NoSuchUpload"
