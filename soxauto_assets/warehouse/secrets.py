"""Secrets Manager: where the credentials of the warehouse are kept.

Here: fetching the text of a secret. Not here: what the text means (``connection.py``), and the
name of the secret (a setting). No text of this module ever holds a value of a secret, and no
error of it has one of boto3 behind it.
"""

from __future__ import annotations

from collections.abc import Callable

from soxauto_assets.aws import AwsAccess, AwsService, Refusal, Trouble
from soxauto_assets.warehouse.protocol import SourceError, SourceUnavailableError


class SecretError(SourceError):
    """A secret cannot be read: missing, denied, or no text; asking again does not help."""


class SecretUnavailableError(SourceUnavailableError):
    """Secrets Manager did not answer, or asks to come back later."""


def secret_reader(name: str, region: str, endpoint: str | None = None) -> Callable[[], str]:
    """What reads the secret anew at each call: its value may have been rotated in between."""
    service = AwsService("secretsmanager", AwsAccess(region, endpoint, tries=4))
    return lambda: _read(service, name, region)


def read_secret(name: str, region: str, endpoint: str | None = None) -> str:
    """The text of the secret ``name`` (or its ARN) in ``region``.

    ``endpoint`` is another address than AWS's own. Raises SecretError and, where trying again
    may help, SecretUnavailableError; both name the secret and never its value.
    """
    return secret_reader(name, region, endpoint)()


def _read(service: AwsService, name: str, region: str) -> str:
    answer = service.request("get_secret_value", SecretId=name)
    if isinstance(answer, Refusal):
        raise _refused(answer, name, region)
    if answer.get("SecretBinary") is not None:
        raise _unreadable(name, region, "holds bytes, not text")
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise _unreadable(name, region, "came in an answer that cannot be read")
    if not text.strip():
        raise _unreadable(name, region, "is empty")
    return text


def _unreadable(name: str, region: str, why: str) -> SecretError:
    return SecretError(
        f"The secret {name} in {region} {why}.",
        remedy="Store it as text, as docs/deploy.md step 2 says.",
    )


def _refused(refusal: Refusal, name: str, region: str) -> SecretError | SecretUnavailableError:
    match refusal.trouble:
        case Trouble.UNAVAILABLE:
            return SecretUnavailableError(
                f"Secrets Manager in {region} cannot be reached or is overloaded, asked for the "
                f"secret {name} ({refusal.shown}).",
                remedy="Run again later. If it lasts, look at the network and its VPC endpoint.",
            )
        case Trouble.MISSING:
            return SecretError(
                f"The secret {name} was not found in {region} ({refusal.shown}).",
                remedy="Create it as docs/deploy.md step 2 says, or mend name and AWS_REGION.",
            )
        case Trouble.DENIED:
            return SecretError(
                f"Reading the secret {name} in {region} is denied ({refusal.shown}).",
                remedy="Give the role of this process secretsmanager:GetSecretValue on it, and "
                "kms:Decrypt where a key of your own encrypts it.",
            )
        case Trouble.CREDENTIALS:
            return SecretError(
                f"There are no valid AWS credentials to read the secret {name} in {region} "
                f"({refusal.shown}).",
                remedy="Give the process a role, or set a profile or AWS_ACCESS_KEY_ID; check "
                "that they have not expired and that the clock is right.",
            )
    return SecretError(
        f"Secrets Manager in {region} refuses to give the secret {name} ({refusal.shown}).",
        remedy="See whether it is marked for deletion or its KMS key is disabled.",
    )
