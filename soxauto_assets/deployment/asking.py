"""AWS asked for settings: one client a service, answers or a typed reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soxauto_assets.aws import AwsAccess, AwsService, Refusal
from soxauto_assets.errors import PermanentError


class UnreadableSettingError(PermanentError):
    """AWS did not say what a setting is, so it cannot count as well."""


class Asking:
    """Asks AWS through boto3; every answer is read anew."""

    def __init__(self, access: AwsAccess) -> None:
        self.access = access
        self._services: dict[str, AwsService] = {}

    def __call__(
        self, service: str, operation: str, *, absent: tuple[str, ...] = (), **arguments: Any
    ) -> Mapping[str, Any]:
        """The answer; ``{}`` where AWS says one of the codes ``absent``: there is no such setting.

        Raises UnreadableSettingError for any other refusal.
        """
        if service not in self._services:
            self._services[service] = AwsService(service, self.access)
        answer = self._services[service].request(operation, **arguments)
        if not isinstance(answer, Refusal):
            return answer
        if answer.shown.partition(",")[0] in absent:
            return {}
        raise UnreadableSettingError(
            f"{service} {operation}: {answer.trouble.value} ({answer.shown}).",
            remedy="Use the role account-verifier or auditor of the stack; see docs/deploy.md.",
        )

    def pages(self, service: str, operation: str, items: str, **arguments: Any) -> list[Any]:
        """All of ``items`` over all pages that ``NextToken`` leads to."""
        found: list[Any] = []
        token: dict[str, str] = {}
        while True:
            answer = self(service, operation, **{**arguments, **token})
            found += answer.get(items, [])
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}
