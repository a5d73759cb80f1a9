"""A secret is read as it stands; an error names it, says what to do, and holds nothing of it."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Iterator

import pytest

from soxauto_assets.errors import PermanentError, TransientError
from soxauto_assets.warehouse.secrets import (
    SecretError,
    SecretUnavailableError,
    read_secret,
    secret_reader,
)
from soxauto_assets_tests.support.aws_server import REGION, AwsServer, aws_server
from soxauto_assets_tests.support.faulty_http import FaultyProxy, faulty_proxy

CANARY = "SERVER=nav;UID=reader;PWD=canary-{}-ä;"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[AwsServer]:
    with aws_server() as running:
        yield running


@pytest.fixture
def proxy(server: AwsServer) -> Iterator[FaultyProxy]:
    with faulty_proxy(server.port) as running:
        yield running


def keep(server: AwsServer, **value: object) -> str:
    name = f"DB_CREDENTIALS_NAV_BI_{next(_NUMBERS)}"
    server.client("secretsmanager").create_secret(Name=name, **value)
    return name


def failure(name: str, endpoint: str | None) -> str:
    """The message of the error, after a look that nothing of the secret hangs on it."""
    with pytest.raises((SecretError, SecretUnavailableError)) as caught:
        read_secret(name, REGION, endpoint)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def test_a_secret_comes_back_as_it_was_stored(server: AwsServer) -> None:
    name = keep(server, SecretString=CANARY)
    assert read_secret(name, REGION, server.endpoint) == CANARY


def test_a_secret_that_was_rotated_is_read_anew(server: AwsServer) -> None:
    name = keep(server, SecretString="old")
    read = secret_reader(name, REGION, server.endpoint)
    assert read() == "old"
    server.client("secretsmanager").put_secret_value(SecretId=name, SecretString="new")
    assert read() == "new"


def test_a_secret_that_is_not_there_is_named_with_what_to_do(server: AwsServer) -> None:
    said = failure("DB_CREDENTIALS_NAV_BI", server.endpoint)
    assert said.startswith("The secret DB_CREDENTIALS_NAV_BI was not found in eu-west-1 (")
    assert "docs/deploy.md step 2" in said


@pytest.mark.parametrize(
    ("value", "said"),
    [({"SecretBinary": b"canary\xff\x00"}, "holds bytes, not text"), ({"SecretString": " "}, "is")],
)
def test_a_secret_that_is_no_text_is_refused(
    server: AwsServer, value: dict[str, object], said: str
) -> None:
    assert said in failure(keep(server, **value), server.endpoint)


def test_a_secret_marked_for_deletion_is_refused(server: AwsServer) -> None:
    name = keep(server, SecretString=CANARY)
    server.client("secretsmanager").delete_secret(SecretId=name)
    assert "marked for deletion" in failure(name, server.endpoint)


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "AccessDeniedException", PermanentError, "secretsmanager:GetSecretValue"),
        (400, "ThrottlingException", TransientError, "overloaded"),
        (500, "InternalServiceError", TransientError, "overloaded"),
        (400, "UnrecognizedClientException", PermanentError, "no valid AWS credentials"),
        (400, "DecryptionFailure", PermanentError, "kms:Decrypt"),
    ],
)
def test_an_answer_that_is_an_error_says_whether_to_try_again(
    server: AwsServer,
    proxy: FaultyProxy,
    status: int,
    code: str,
    kind: type[Exception],
    said: str,
) -> None:
    proxy.plan("answer", method="POST", status=status, code=code, times=9)
    with pytest.raises(kind, match=f"{code}") as caught:
        read_secret("DB_CREDENTIALS_NAV_BI", REGION, proxy.endpoint)
    assert said in str(caught.value)


def test_a_short_fault_of_the_service_is_not_noticed(server: AwsServer, proxy: FaultyProxy) -> None:
    name = keep(server, SecretString=CANARY)
    proxy.plan("answer", method="POST", status=400, code="ThrottlingException")
    proxy.plan("lose answer", method="POST")
    assert read_secret(name, REGION, proxy.endpoint) == CANARY


def test_an_answer_that_breaks_off_shows_nothing_of_the_secret(
    server: AwsServer, proxy: FaultyProxy
) -> None:
    name = keep(server, SecretString=CANARY * 50)
    proxy.plan("reset in answer", method="POST", times=9)
    assert "cannot be reached" in failure(name, proxy.endpoint)


def test_a_service_that_is_gone_is_worth_another_try() -> None:
    with pytest.raises(TransientError, match="EndpointConnectionError"):
        read_secret("DB_CREDENTIALS_NAV_BI", REGION, "http://127.0.0.1:9")
