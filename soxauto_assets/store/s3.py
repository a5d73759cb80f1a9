"""A store in S3: the same protocol and keys as a local folder.

What S3 promises and this store rests on: a PUT is visible whole or not at all; reads and
listings after it see it (strong consistency, also of listings); conditional writes
(``If-None-Match: *``, ``If-Match``) are decided by S3, so of several writers one wins.

- Each object carries its SHA-256 and a token of its writing as metadata. When the answer to a
  PUT was lost and botocore's second try is refused, the token tells whether the object that
  stands there is ours.
- A version is S3's VersionId. A bucket without versions (never the evidence bucket) gets the
  token for one; then an object cannot be read any more once it was replaced.
- ``If-Match`` compares ETags, which for objects without KMS are digests of the bytes. A
  replacement by *the same bytes* between our look and our write is not noticed: harmless, the
  data being the same, but its metadata is then ours.
- botocore's standard retries (backoff with jitter) are the retries; only the rest of a body that
  broke off is asked for here (``s3_reading.py``).

Here: the protocol. Not here: addresses and options (``s3_address.py``), requests that look
(``s3_bucket.py``), sending (``s3_upload.py``), streams and local copies (``s3_reading.py``),
words of errors (``s3_errors.py``).
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from soxauto_assets.errors import SoxautoError
from soxauto_assets.store.durable import write_all
from soxauto_assets.store.keys import OWN_METADATA, check_key, check_metadata, is_key
from soxauto_assets.store.protocol import (
    ListedObject,
    ObjectExistsError,
    ObjectInfo,
    ObjectMissingError,
    PreconditionFailedError,
    Receipt,
    StoreError,
    StoreUnavailableError,
)
from soxauto_assets.store.s3_address import S3Address
from soxauto_assets.store.s3_bucket import S3Bucket
from soxauto_assets.store.s3_errors import EvidenceBucketError, S3Errors, code_of, status_of
from soxauto_assets.store.s3_objects import (
    SHA256,
    TOKEN,
    is_version_id,
    lock_of,
    pin_of,
    quoted,
    unquoted,
    version_of,
)
from soxauto_assets.store.s3_reading import FetchedFiles, ObjectStream, buffered, read_in_chunks
from soxauto_assets.store.s3_upload import Content, base64_of, opened, send

__all__ = ["EvidenceBucketError", "S3Store"]


class S3Store:
    """The store at ``address``, called ``name`` in errors. S3 is first asked on first use."""

    def __init__(self, address: S3Address, *, name: str) -> None:
        self._address = address
        self._options = address.options
        self._name = name
        self._errors = S3Errors(address, name)
        self._fetched = FetchedFiles()
        self._bucket = S3Bucket(address, self._errors)

    @property
    def url(self) -> str:
        """The bucket and prefix as ``s3://…``."""
        return self._address.url

    def create(
        self, key: str, source: Path | bytes, *, metadata: Mapping[str, str] | None = None
    ) -> Receipt:
        """Store a new object, whole or not at all.

        Raises ObjectExistsError where one stands, InvalidKeyError, InvalidMetadataError,
        EvidenceBucketError, other StoreErrors, and StoreUnavailableError. After the last it is
        not known whether the object stands (S3 may have taken it and its answer been lost): look
        with ``info``, or create again.
        """

        def exists() -> StoreError:
            return ObjectExistsError(
                f"{key} stands in the {self._name} store already, and is never replaced.",
                remedy="Make a new attempt: it gets a key of its own.",
            )

        return self._put(key, source, metadata or {}, lambda: {"IfNoneMatch": "*"}, exists)

    def replace(
        self,
        key: str,
        source: Path | bytes,
        *,
        expected_version: str | None,
        metadata: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Store over the object of that version (None: there is none).

        Raises PreconditionFailedError where another version stands; else as ``create``.
        """

        def changed() -> StoreError:
            return PreconditionFailedError(
                f"{key} in the {self._name} store has not the version {expected_version}: "
                "somebody else wrote it.",
                remedy="Read it again and decide anew.",
            )

        def condition() -> dict[str, str]:
            head = self._bucket.head(key)
            if (None if head is None else version_of(head)) != expected_version:
                raise changed()
            return {"IfNoneMatch": "*"} if head is None else {"IfMatch": head["ETag"]}

        return self._put(key, source, metadata or {}, condition, changed)

    def info(self, key: str) -> ObjectInfo | None:
        """The object's description, or None; one that another program stored is hashed."""
        head = self._bucket.head(check_key(key))
        return None if head is None else self._described(key, head)

    def read(self, key: str) -> bytes:
        """The whole of a small object, compared with the digest stored beside it.

        Raises ObjectMissingError, and ObjectDamagedError where the bytes are other ones.
        """
        answer = self._bucket.get(check_key(key), {})
        with buffered(self._stream(key, answer)) as stream:
            content = stream.read()
        promised = answer["Metadata"].get(SHA256)
        if promised is not None and promised != hashlib.sha256(content).hexdigest():
            raise self._errors.damaged(key, "its metadata")
        return content

    def open(self, key: str) -> BinaryIO:
        """The object's bytes as a stream, the same version to its end; ObjectMissingError."""
        return buffered(self._stream(key, self._bucket.get(check_key(key), {})))

    def verify(self, receipt: Receipt) -> ObjectInfo:
        """Read the receipt's version back and compare it with the receipt.

        The SHA-256 that S3 itself took of the whole object is read back where there is one (one
        PUT); else (an upload in parts, an emulator) every byte is read. Where evidence is locked,
        the lock of the object is looked at too. Raises ObjectMissingError, ObjectDamagedError and
        EvidenceBucketError.
        """
        key = receipt.key
        head = self._bucket.head(check_key(key), _version_id(receipt))
        if head is None:
            raise self._errors.missing(f"{key} (version {receipt.version})")
        if version_of(head) != receipt.version:
            raise ObjectMissingError(
                f"{key} in the {self._name} store holds version {version_of(head)}, "
                f"not {receipt.version} of the receipt.",
                remedy="Ask for the receipt of the version that stands there now.",
            )
        in_s3 = head.get("ChecksumSHA256") == base64_of(receipt.sha256)
        if head["ContentLength"] != receipt.size or not (
            in_s3 or self._hash(key, head) == receipt.sha256
        ):
            raise self._errors.damaged(key, "its receipt")
        if self._options.retention is not None and "ObjectLockRetainUntilDate" not in head:
            raise self._errors.not_fit(
                f"the lock of {key}",
                "missing",
                "Give the role of this process s3:PutObjectRetention and s3:GetObjectRetention.",
            )
        return self._described(key, head, receipt.sha256)

    def list(self, prefix: str) -> Iterator[ListedObject]:
        """The objects whose key starts with ``prefix``, in key order (bytes of UTF-8).

        Streams: one page of a thousand keys is held in memory, and no object is asked. A
        listing sees every write that was answered before it began.
        """
        root = len(self._bucket.target("")["Key"])
        for found in self._bucket.listed(prefix):
            key = found["Key"][root:]
            if is_key(key):
                modified = found["LastModified"].astimezone(UTC)
                yield ListedObject(key, int(found["Size"]), modified)

    def local_path(self, key: str) -> Path:
        """A private local copy of the object, checked against its digest; ObjectMissingError.

        It is fetched once a version, and removed when this store object or the process ends.
        """
        head = self._bucket.head(check_key(key))
        if head is None:
            raise self._errors.missing(key)

        def fill(handle: int) -> None:
            with self._errors.told_of_disk(key):
                sha256 = self._hash(key, head, lambda chunk: write_all(handle, chunk))
                os.fsync(handle)
            if sha256 != head["Metadata"].get(SHA256, sha256):
                raise self._errors.damaged(key, "its metadata")

        return self._fetched.path(key, version_of(head), fill)

    def require_evidence_bucket(self) -> None:
        """Raise EvidenceBucketError unless the bucket keeps what is written to it.

        It must have versions, Object Lock and a default retention. Asked at the start of a run
        and by the doctor; a store with a retention asks by itself before its first write.
        """
        self._bucket.require_evidence()

    def set_legal_hold(self, receipt: Receipt, on: bool) -> None:
        """Put the receipt's version under a legal hold, or release it; needs the right to it."""
        version = _version_id(receipt)
        with self._errors.told(receipt.key):
            self._bucket.client.put_object_legal_hold(
                **self._bucket.target(receipt.key),
                **({} if version is None else {"VersionId": version}),
                LegalHold={"Status": "ON" if on else "OFF"},
            )

    # -- writing

    def _put(
        self,
        key: str,
        source: Path | bytes,
        metadata: Mapping[str, str],
        condition: Callable[[], dict[str, str]],
        refused: Callable[[], StoreError],
    ) -> Receipt:
        """Store under the condition; where S3 says that it does not hold, raise ``refused()``."""
        check_key(key)
        check_metadata(metadata)
        if self._options.retention is not None:
            self._bucket.require_evidence()
        with opened(source) as content:
            token = secrets.token_hex(16)
            headers = self._headers(metadata, content, token)
            for number in range(self._options.tries):
                must_hold = condition()
                try:
                    answer = self._sent(key, content, headers, must_hold)
                except _RefusedError as refusal:
                    written = self._written(key, content, token)
                    if written is not None:
                        return written
                    if not refusal.may_hold_later:
                        raise refused() from None
                except StoreUnavailableError:
                    with suppress(SoxautoError):  # what was raised first is what matters
                        written = self._written(key, content, token)
                        if written is not None:
                            return written
                    raise
                else:
                    version = version_of({**answer, "Metadata": headers["Metadata"]})
                    return Receipt(key, version, content.sha256, content.size)
                # Another conditional write to the same key was under way (409): not decided yet.
                time.sleep(random.uniform(0, 0.1 * 2**number))
        raise self._errors.unavailable(key, "ConditionalRequestConflict")

    def _sent(
        self,
        key: str,
        content: Content,
        headers: Mapping[str, Any],
        condition: Mapping[str, str],
    ) -> Mapping[str, Any]:
        """S3's answer to the writing; raises _RefusedError where the condition did not hold."""
        client, target = self._bucket.client, self._bucket.target(key)
        with self._errors.told(key):
            try:
                return send(client, target, content, headers, condition, self._options)
            except ClientError as error:
                status, code = status_of(error), code_of(error)
                if status == 412 or code == "NoSuchKey":  # If-Match, and nothing stands there
                    raise _RefusedError(may_hold_later=False) from None
                # NoSuchUpload: the parts were committed and the answer lost, or they were removed.
                if code in ("ConditionalRequestConflict", "NoSuchUpload"):
                    raise _RefusedError(may_hold_later=True) from None
                raise

    def _headers(self, metadata: Mapping[str, str], content: Content, token: str) -> dict[str, Any]:
        """What is stored with the object: metadata, encryption, lock."""
        own = {SHA256: content.sha256, TOKEN: token}
        headers: dict[str, Any] = {
            "Metadata": {**{name: quoted(text) for name, text in metadata.items()}, **own}
        }
        if self._options.kms_key is not None:
            headers["ServerSideEncryption"] = "aws:kms"
            headers["SSEKMSKeyId"] = self._options.kms_key
        if self._options.retention is not None:
            retention = self._options.retention
            headers["ObjectLockMode"] = retention.mode
            headers["ObjectLockRetainUntilDate"] = datetime.now(UTC) + timedelta(retention.days)
        return headers

    def _written(self, key: str, content: Content, token: str) -> Receipt | None:
        """The receipt of our own writing where it is what stands: only its answer was lost."""
        head = self._bucket.head(key)
        if head is None or head["Metadata"].get(TOKEN) != token:
            return None
        return Receipt(key, version_of(head), content.sha256, content.size)

    # -- reading

    def _stream(self, key: str, answer: Mapping[str, Any]) -> ObjectStream:
        pin = pin_of(answer)
        return ObjectStream(
            key,
            answer,
            lambda position: self._bucket.get(key, pin, begin=position),
            self._errors,
            self._options.tries,
        )

    def _hash(
        self, key: str, head: Mapping[str, Any], take: Callable[[bytes], None] | None = None
    ) -> str:
        """The SHA-256 of all bytes of the version of ``head``, each piece also given to take."""
        digest = hashlib.sha256()

        def consume(chunk: bytes) -> None:
            digest.update(chunk)
            if take is not None:
                take(chunk)

        answer = self._bucket.get(key, pin_of(head))
        read_in_chunks(buffered(self._stream(key, answer)), consume)
        return digest.hexdigest()

    def _described(
        self, key: str, head: Mapping[str, Any], sha256: str | None = None
    ) -> ObjectInfo:
        stored = head["Metadata"]
        return ObjectInfo(
            key,
            version_of(head),
            sha256 or stored.get(SHA256) or self._hash(key, head),
            int(head["ContentLength"]),
            head["LastModified"].astimezone(UTC),
            {
                name: unquoted(text)
                for name, text in stored.items()
                if not name.startswith(OWN_METADATA)
            },
            lock_of(head),
        )


class _RefusedError(Exception):
    """S3 did not take a conditional write; ``may_hold_later``: it was not decided yet."""

    def __init__(self, *, may_hold_later: bool) -> None:
        super().__init__()
        self.may_hold_later = may_hold_later


def _version_id(receipt: Receipt) -> str | None:
    return receipt.version if is_version_id(receipt.version) else None
