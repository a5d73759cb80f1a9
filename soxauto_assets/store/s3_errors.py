"""What the S3 store says when S3, the network or the rights refuse: value, cause, remedy.

Here: turning botocore's errors into the product's. An answer's own message is left out, for it
may quote what was sent; its code and request id are what AWS's support asks for. Not here: the
answers to conditional writes, which ``s3.py`` settles itself.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
)

from soxauto_assets.errors import SoxautoError
from soxauto_assets.store.protocol import (
    ObjectDamagedError,
    ObjectMissingError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from soxauto_assets.store.s3_address import S3Address

_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
)
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_BAD_DIGEST = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "InvalidPart"}
_WRONG_REGION = {
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "301",
}
_TRY_AGAIN = {
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_RIGHTS = {
    "GetObject": "s3:GetObject, s3:GetObjectVersion, s3:ListBucket and kms:Decrypt",
    "HeadObject": "s3:GetObject, s3:GetObjectVersion, s3:ListBucket and kms:Decrypt",
    "HeadBucket": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
}
_WRITING = "s3:PutObject, s3:AbortMultipartUpload, s3:PutObjectRetention and kms:GenerateDataKey"


class EvidenceBucketError(StoreError):
    """The evidence bucket would not keep what is written: a setting of it is missing."""


def status_of(error: ClientError) -> int:
    """The HTTP status of an answer that is an error."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: ClientError) -> str:
    """The code of an answer that is an error; of a HEAD, which has no body, the status."""
    return str(error.response.get("Error", {}).get("Code", ""))


class S3Errors:
    """The errors of the store ``name`` at ``address``."""

    def __init__(self, address: S3Address, name: str) -> None:
        self._bucket = address.bucket
        self._region = address.options.region
        self._where = address.options.endpoint or "AWS"
        self._store = f"{name} store ({address.url})"

    @contextmanager
    def told(self, key: str) -> Iterator[None]:
        """Turn every error of botocore about ``key`` into one of the product."""
        try:
            yield
        except ClientError as error:
            raise self.answered(key, error) from error
        except BotoCoreError as error:
            raise self._not_answered(key, error) from error

    @contextmanager
    def told_of_disk(self, key: str) -> Iterator[None]:
        """Turn an OSError of the local copy of ``key`` into a StoreError."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise (StoreFullError if full else StoreError)(
                f"{key} of the {self._store} cannot be copied to a local file: {reason}.",
                remedy="Free space in the folder for temporary files, or set TMPDIR to another.",
            ) from error

    def answered(self, key: str, error: ClientError) -> SoxautoError:
        """What an answer of S3 that is an error means for ``key``."""
        status, code = status_of(error), code_of(error)
        shown = f"{code or status}, request {_request_id(error.response)}"
        if status >= 500 or status == 429 or code in _TRY_AGAIN:
            return self.unavailable(key, shown)
        if code == "NoSuchBucket":
            return self.no_bucket()
        if code in _BAD_CREDENTIALS:
            return self._credentials(shown)
        if code in _WRONG_REGION or status == 301:
            return StoreError(
                f"The bucket {self._bucket} is not in the region {self._region} ({shown}).",
                remedy="Set AWS_REGION to the region of the bucket.",
            )
        if status == 403:
            rights = _RIGHTS.get(error.operation_name, _WRITING)
            return StoreError(
                f"S3 denies {error.operation_name} at {key or 'the bucket'} in the {self._store} "
                f"({shown}).",
                remedy=f"Give the role of this process {rights} there, and see that no bucket "
                "policy denies it.",
            )
        if code in _BAD_DIGEST:
            return ObjectDamagedError(
                f"The bytes of {key} that arrived in the {self._store} are not those sent "
                f"({shown}); nothing was stored.",
                remedy="The file changed while it was sent, or the network did it: run again.",
            )
        if code.startswith("KMS."):
            return StoreError(
                f"The KMS key of the {self._store} cannot be used ({shown}).",
                remedy="Set SOXAUTO_S3_KMS_KEY to a key in the bucket's region that is enabled.",
            )
        return StoreError(
            f"S3 refuses {error.operation_name} at {key or 'the bucket'} in the {self._store} "
            f"({shown}).",
            remedy="Look the code up in the S3 API reference; `soxauto doctor` tries the store.",
        )

    def no_bucket(self) -> StoreError:
        """There is no such bucket."""
        return StoreError(
            f"There is no bucket {self._bucket} at {self._where} (region {self._region}).",
            remedy="Create it as docs/stores.md describes it, or mend the setting that names it.",
        )

    def unavailable(self, key: str, shown: str) -> StoreUnavailableError:
        """S3 did not answer, or asks to come back later."""
        return StoreUnavailableError(
            f"The {self._store} cannot be reached or is overloaded, at {key or 'the bucket'} "
            f"({shown}).",
            remedy="Run again later. If it lasts, look at the network, the endpoint "
            f"({self._where}) and the AWS Health Dashboard.",
        )

    def missing(self, key: str) -> ObjectMissingError:
        """Nothing stands under ``key``."""
        return ObjectMissingError(
            f"There is no {key} in the {self._store}.",
            remedy="Check the key; a delete marker may hide it, and its version still be there.",
        )

    def damaged(self, key: str, promise: str) -> ObjectDamagedError:
        """The bytes under ``key`` are not those that ``promise`` speaks of."""
        return ObjectDamagedError(
            f"The bytes of {key} in the {self._store} are not those of {promise}.",
            remedy="Restore an earlier version and find out who or what changed it.",
        )

    def not_fit(self, setting: str, found: str, remedy: str) -> EvidenceBucketError:
        """The evidence bucket lacks ``setting``."""
        return EvidenceBucketError(
            f"Nothing is written to the {self._store}: {setting} of the bucket {self._bucket} "
            f"is {found}.",
            remedy=remedy,
        )

    def _not_answered(self, key: str, error: BotoCoreError) -> SoxautoError:
        kind = type(error).__name__
        if isinstance(error, FlexibleChecksumError):
            return self.damaged(key, "its checksum in S3")
        if isinstance(error, _NO_CREDENTIALS):
            return self._credentials(kind)
        if isinstance(error, SSLError):
            return StoreError(
                f"The certificate of {self._where} is not trusted ({kind}).",
                remedy="Set AWS_CA_BUNDLE to the authority's certificate, or mend the endpoint.",
            )
        if isinstance(error, (HTTPClientError, ConnectionError, IncompleteReadError)):
            return self.unavailable(key, kind)
        return StoreError(
            f"The request for {key or 'the bucket'} in the {self._store} could not be made "
            f"({kind}).",
            remedy="Check region, endpoint and bucket; `soxauto doctor` tries the store.",
        )

    def _credentials(self, shown: str) -> StoreError:
        return StoreError(
            f"There are no valid AWS credentials for the {self._store} ({shown}).",
            remedy="Give the process a role, or set a profile or AWS_ACCESS_KEY_ID; check that "
            "they have not expired and that the clock is right.",
        )


def _request_id(response: Any) -> str:
    return str(response.get("ResponseMetadata", {}).get("RequestId") or "unknown")
