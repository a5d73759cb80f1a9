"""AWS as every room reaches it: one client of a service, and what its refusals mean.

An answer's own message is left out of every text, for it may quote what was sent; its code and
request id are what AWS's support asks for.

Here: Secrets Manager, SNS, CloudWatch and the like, one request at a time. Not here: S3, whose
answers mean more (``store/s3_errors.py``), and the words of an error, which are each room's.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "DecryptionFailure",
    "KMSAccessDenied",
    "KMSAccessDeniedException",
    "UnauthorizedOperation",
}
_MISSING = {
    "EntityNotFoundException",
    "NotFound",
    "NotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
}
_CONFLICT = {"AlreadyExistsException", "ConcurrentModificationException"}
_TRY_AGAIN = {
    "InternalError",
    "InternalFailure",
    "InternalServiceError",
    "KMSThrottling",
    "KMSThrottlingException",
    "LimitExceeded",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


class Trouble(Enum):
    """What a refusal means for the caller; only UNAVAILABLE may be gone when asked again."""

    MISSING = "not found"
    DENIED = "denied"
    CREDENTIALS = "no valid AWS credentials"
    CONFLICT = "there already, or changed by somebody else meanwhile"
    UNAVAILABLE = "cannot be reached or is overloaded"
    REFUSED = "refused"


@dataclass(frozen=True)
class Refusal:
    """A request that did not succeed; ``shown`` is its code and request id, fit for any text."""

    trouble: Trouble
    shown: str


@dataclass(frozen=True)
class AwsAccess:
    """How AWS is reached: ``endpoint`` is another address than its own (an emulator, a proxy).

    ``tries`` bounds how often a request is sent where trying again may help; time-outs are in
    seconds. Together they bound how long a request takes: a sensor has a minute for all of its.
    """

    region: str
    endpoint: str | None = None
    tries: int = 2
    connect_seconds: float = 3
    read_seconds: float = 5


class AwsService:
    """One service of AWS (``sns``, ``secretsmanager``, …); credentials from boto3's own places."""

    def __init__(self, service: str, access: AwsAccess) -> None:
        self._service = service
        self._access = access
        self._guard = threading.Lock()
        self._client: Any = None

    def request(self, operation: str, **arguments: Any) -> Mapping[str, Any] | Refusal:
        """Ask for ``operation`` (boto3's name of it); the answer, or why there is none.

        A refusal is returned, not raised, so that no error of the product drags along one of
        botocore, whose text may hold what was sent or received.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            answer: Mapping[str, Any] = getattr(self._connected(), operation)(**arguments)
        except ClientError as error:
            return _answered(error.response)
        except BotoCoreError as error:
            return _not_answered(error)
        except ResponseParserError as error:  # it quotes the whole answer
            return Refusal(Trouble.UNAVAILABLE, type(error).__name__)
        return answer

    def _connected(self) -> Any:
        import boto3.session
        from botocore.config import Config

        with self._guard:
            if self._client is None:
                self._client = boto3.session.Session().client(
                    self._service,
                    region_name=self._access.region,
                    endpoint_url=self._access.endpoint,
                    config=Config(
                        retries={"mode": "standard", "total_max_attempts": self._access.tries},
                        connect_timeout=self._access.connect_seconds,
                        read_timeout=self._access.read_seconds,
                    ),
                )
            return self._client


def _answered(response: Any) -> Refusal:
    about = response.get("ResponseMetadata", {})
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(about.get("HTTPStatusCode", 0))
    shown = f"{code or status}, request {about.get('RequestId') or 'unknown'}"
    if status >= 500 or status == 429 or code in _TRY_AGAIN:
        return Refusal(Trouble.UNAVAILABLE, shown)
    for codes, trouble in (
        (_BAD_CREDENTIALS, Trouble.CREDENTIALS),
        (_MISSING, Trouble.MISSING),
        (_DENIED, Trouble.DENIED),
        (_CONFLICT, Trouble.CONFLICT),
    ):
        if code in codes:
            return Refusal(trouble, shown)
    return Refusal(Trouble.DENIED if status == 403 else Trouble.REFUSED, shown)


def _not_answered(error: Exception) -> Refusal:
    from botocore import exceptions as said

    shown = type(error).__name__
    no_credentials = (
        said.NoCredentialsError,
        said.PartialCredentialsError,
        said.CredentialRetrievalError,
        said.ProfileNotFound,
    )
    if isinstance(error, no_credentials):
        return Refusal(Trouble.CREDENTIALS, shown)
    if isinstance(error, said.SSLError):
        return Refusal(Trouble.REFUSED, shown)
    if isinstance(error, (said.HTTPClientError, said.ConnectionError, said.IncompleteReadError)):
        return Refusal(Trouble.UNAVAILABLE, shown)
    return Refusal(Trouble.REFUSED, shown)
