"""`soxauto deploy verify`: the account against the template, printed, signed and stored.

Where the evidence goes and which key signs it are those of the stack, not those of the settings,
so that the command needs nothing but the name of the stack and the right to look.

Here: the parts put together, and the table. Not here: the comparison (``deployment``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from soxauto_assets.aws import AwsAccess
from soxauto_assets.deployment.asking import Asking
from soxauto_assets.deployment.statement import Occasion, write_state
from soxauto_assets.deployment.template import read_template
from soxauto_assets.deployment.verification import ResourceFinding, deployed_stack, verify_stack
from soxauto_assets.settings import PROJECT_FOLDER, Settings

if TYPE_CHECKING:
    from rich.console import Console

TEMPLATE = PROJECT_FOLDER / "deploy" / "soxauto.yaml"


def verify_account(
    settings: Settings, stack: str, template: Path, console: Console, *, evidence: bool
) -> int:
    """Print every finding, store the signed state; 0 only where all is as promised.

    Raises SoxautoError where there is no such stack or template, or the evidence cannot be kept.
    """
    document = read_template(template)
    ask = Asking(AwsAccess(settings.aws_region, settings.aws_endpoint, tries=5, read_seconds=30))
    findings = list(verify_stack(ask, stack, document))
    console.print(account_table(findings))
    wrong = [one for one in findings if not one.well]
    compared = sum(one.compared for one in findings)
    console.print(
        f"{len(findings)} resources, {compared} settings read back: "
        + ("all as promised." if not wrong else f"{len(wrong)} resources are not as promised."),
        highlight=False,
    )
    if evidence:
        where = _stored(settings, ask, stack, template, findings)
        console.print(f"Signed and stored: {where}", highlight=False)
    return 1 if wrong else 0


def account_table(findings: Sequence[ResourceFinding]) -> Table:
    """One row a resource, and one more for each difference of it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("resource", "", "setting", "promised", "found"):
        table.add_column(name, overflow="fold", no_wrap=name == "")
    for one in findings:
        kind = one.kind.removeprefix("AWS::")
        if one.well:
            state, said = Text("as promised", style="green"), f"{one.compared} settings"
            table.add_row(f"{one.name} ({kind})", state, Text(said), "", "")
        if one.unreadable:
            state = Text("not readable", style="bold red")
            table.add_row(f"{one.name} ({kind})", state, "", "", Text(one.unreadable))
        for difference in one.differences:
            table.add_row(
                f"{one.name} ({kind})",
                Text("different", style="bold red"),
                Text(difference.setting),
                Text(_short(difference.promised)),
                Text(_short(difference.found)),
            )
    return table


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:297]}..."


def _stored(
    settings: Settings,
    ask: Asking,
    stack: str,
    template: Path,
    findings: Sequence[ResourceFinding],
) -> str:
    from soxauto_assets.evidence.environment import code_digest
    from soxauto_assets.evidence.signing import KmsSigner
    from soxauto_assets.store.s3 import S3Store
    from soxauto_assets.store.s3_address import Retention, S3Address, S3Options

    document = read_template(template)
    deployed = deployed_stack(ask, stack, document)
    named = {
        name: str(deployed.value(document["Outputs"][name]["Value"]))
        for name in ("EvidenceBucketName", "DataKeyArn", "SigningKeyArn")
    }
    options = S3Options(
        region=settings.aws_region,
        endpoint=settings.aws_endpoint,
        kms_key=named["DataKeyArn"],
        retention=Retention(int(deployed.value({"Ref": "RetentionDays"})), "COMPLIANCE"),
    )
    occasion = Occasion(
        stack=stack,
        account=deployed.pseudo["AWS::AccountId"],
        region=deployed.pseudo["AWS::Region"],
        caller=str(ask("sts", "get_caller_identity")["Arn"]),
        template_sha256=hashlib.sha256(template.read_bytes()).hexdigest(),
        code_sha256=code_digest(),
        at=datetime.now(UTC),
    )
    store = S3Store(S3Address(named["EvidenceBucketName"], options=options), name="evidence")
    receipt = write_state(store, KmsSigner(named["SigningKeyArn"], ask.access), occasion, findings)
    return f"{store.url}/{receipt.key}"
