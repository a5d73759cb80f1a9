"""`soxauto deploy verify` against the emulated account, whole and with planted differences."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from soxauto_assets.aws import AwsAccess
from soxauto_assets.deployment.asking import Asking
from soxauto_assets.deployment.template import read_template
from soxauto_assets.deployment.verification import ResourceFinding, verify_stack
from soxauto_assets.entrypoints.account import verify_account
from soxauto_assets.settings import Settings
from soxauto_assets.verify.envelope import check_signature, read_envelope
from soxauto_assets_tests.support.account import (
    ACCOUNT,
    REGION,
    TEMPLATE,
    Account,
    deploy,
    emulated_account,
)

pytestmark = pytest.mark.prove


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Account, dict[str, Any]]]:
    with (
        emulated_account(tmp_path_factory.mktemp("account")) as made,
        pytest.MonkeyPatch.context() as environment,
    ):
        document = deploy(made)
        mend(made)
        for name, value in made.keys("account-verifier").items():
            environment.setenv(name.upper(), value)
        environment.setenv("AWS_CA_BUNDLE", str(made.certificate))
        yield made, document


def mend(account: Account) -> None:
    """Set by the API what the emulator's CloudFormation drops, so that a whole account stands."""
    key = account.outputs["DataKeyArn"]
    s3, functions = account.client("s3"), account.client("lambda")
    resources = account.client("cloudformation").list_stack_resources(StackName="soxauto")
    physical = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in resources["StackResourceSummaries"]
    }
    template = read_template(TEMPLATE)["Resources"]
    days = {"LogRetentionDays": 2922, "ArchiveAfterDays": 1095}
    for name in ("AccessLogBucket", "ResultsBucket", "EvidenceBucket", "StagingBucket"):
        bucket, promised = physical[name], template[name]["Properties"]
        rules = []
        for rule in promised["LifecycleConfiguration"]["Rules"]:
            made = {"ID": rule["Id"], "Status": "Enabled"}
            made["Filter"] = {"Prefix": rule.get("Prefix", "")}
            if "Transitions" in rule:
                made["Transitions"] = [
                    {"StorageClass": step["StorageClass"], "Days": number(step, days)}
                    for step in rule["Transitions"]
                ]
            if "ExpirationInDays" in rule:
                value = rule["ExpirationInDays"]
                made["Expiration"] = {"Days": days[value["Ref"]] if type(value) is dict else value}
            for part in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
                if part in rule:
                    made[part] = rule[part]
            rules.append(made)
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": rules}
        )
        if name == "AccessLogBucket":
            continue
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
            },
        )
        prefix = promised["LoggingConfiguration"]["LogFilePrefix"]
        target = {"TargetBucket": physical["AccessLogBucket"], "TargetPrefix": prefix}
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})
    lock = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2922}}
    s3.put_object_lock_configuration(
        Bucket=physical["EvidenceBucket"],
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": lock},
    )
    account.client("sns").set_topic_attributes(
        TopicArn=account.outputs["AlertTopicArn"],
        AttributeName="KmsMasterKeyId",
        AttributeValue=key,
    )
    for name in ("RunFunction", "WatchFunction"):
        functions.put_function_concurrency(
            FunctionName=physical[name], ReservedConcurrentExecutions=1
        )
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jumia-sox-undelivered"
        subnets = account.outputs["SubnetList"].split(",")
        functions.update_function_configuration(
            FunctionName=physical[name],
            DeadLetterConfig={"TargetArn": queue},
            VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": [physical["TaskSecurityGroup"]]},
        )


def number(step: dict[str, Any], days: dict[str, int]) -> int:
    value = step["TransitionInDays"]
    return days[value["Ref"]] if isinstance(value, dict) else value


DROPPED = {
    ("AWS::EC2::VPCEndpoint", "PrivateDnsEnabled"),
    ("AWS::EC2::VPCEndpoint", "SecurityGroupIds"),
    ("AWS::ECS::TaskDefinition", "EphemeralStorage"),
    ("AWS::ECS::TaskDefinition", "Volumes"),
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions"),
    ("AWS::Lambda::Function", "KmsKeyArn"),
    ("AWS::Scheduler::Schedule", "KmsKeyArn"),
}
"""What the emulator does not keep at all, by type and setting; test_template.py stands for it."""


def unexpected(findings: list[ResourceFinding]) -> list[tuple[str, str]]:
    """What is not as promised, beyond what the emulator drops."""
    found = [(one.name, "unreadable: " + one.unreadable) for one in findings if one.unreadable]
    for one in findings:
        found += [
            (one.name, difference.setting)
            for difference in one.differences
            if (one.kind, difference.setting) not in DROPPED
        ]
    return sorted(set(found))


def verified(account: Account, document: dict[str, Any]) -> list[ResourceFinding]:
    """As the role that the template has for it, so that its rights are shown to be enough."""
    ask = Asking(AwsAccess(REGION, account.endpoint, tries=1, read_seconds=30))
    return list(verify_stack(ask, "soxauto", document))


def test_a_whole_account_is_as_promised_read_by_the_role_for_it(
    account: tuple[Account, dict[str, Any]],
) -> None:
    made, document = account
    started = time.monotonic()
    findings = verified(made, document)
    compared = sum(one.compared for one in findings)
    print(
        f"\n{len(findings)} resources, {compared} settings read back in "
        f"{time.monotonic() - started:.1f} s"
    )
    assert unexpected(findings) == []
    assert compared > 300
    assert {one.kind for one in findings if one.differences} <= {kind for kind, _ in DROPPED}


def plant(made: Account) -> dict[tuple[str, str], Callable[[], object]]:
    """Differences by resource and setting, each with what makes it."""
    s3, iam = made.client("s3"), made.client("iam")
    key, topic = made.outputs["DataKeyArn"], made.outputs["AlertTopicArn"]
    evidence = {"Bucket": "jumia-sox-evidence"}
    block = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False
    )
    lock = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    broad = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    alarm = {
        "AlarmName": "jumia-sox-failed-attempt",
        "Namespace": "SOXAuto/PG01",
        "MetricName": "IPEExecutionFailure",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return {
        ("EvidenceBucket", "ObjectLockConfiguration.Rule.DefaultRetention.Mode"): lambda: (
            s3.put_object_lock_configuration(
                **evidence,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": lock},
            )
        ),
        ("EvidenceBucket", "PublicAccessBlockConfiguration.BlockPublicAcls"): lambda: (
            s3.put_public_access_block(**evidence, PublicAccessBlockConfiguration=block)
        ),
        ("EvidenceBucketPolicy", "PolicyDocument.Statement"): lambda: s3.delete_bucket_policy(
            **evidence
        ),
        ("ResultsBucket", "VersioningConfiguration.Status"): lambda: s3.put_bucket_versioning(
            Bucket="jumia-sox-results", VersioningConfiguration={"Status": "Suspended"}
        ),
        ("DataKey", "EnableKeyRotation"): lambda: made.client("kms").disable_key_rotation(
            KeyId=key
        ),
        ("AlertTopic", "KmsMasterKeyId"): lambda: made.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=""
        ),
        ("RunnerRole", "Policies"): lambda: iam.put_role_policy(
            RoleName="jumia-sox-runner",
            PolicyName="more",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [broad]}),
        ),
        ("AuditorRole", "ManagedPolicyArns"): lambda: iam.attach_role_policy(
            RoleName="jumia-sox-auditor",
            PolicyArn="arn:aws:iam::123456789012:policy/jumia-sox-run-a-month",
        ),
        ("FailedAttemptAlarm", "ComparisonOperator"): lambda: made.client(
            "cloudwatch"
        ).put_metric_alarm(**alarm),
        ("RunFunction", "ReservedConcurrentExecutions"): lambda: made.client(
            "lambda"
        ).delete_function_concurrency(FunctionName="jumia-sox-run"),
        ("TaskLog", "RetentionInDays"): lambda: made.client("logs").put_retention_policy(
            logGroupName="/ecs/jumia-sox", retentionInDays=7
        ),
        ("Repository", "ImageTagMutability"): lambda: made.client("ecr").put_image_tag_mutability(
            repositoryName="jumia-sox/soxauto", imageTagMutability="MUTABLE"
        ),
    }


def test_the_state_is_signed_and_stored_and_every_planted_difference_is_named(
    account: tuple[Account, dict[str, Any]], tmp_path: Path
) -> None:
    made, document = account
    template = tmp_path / "soxauto.json"
    template.write_text(json.dumps(document))
    settings = Settings.load({"SOXAUTO_AWS_ENDPOINT": made.endpoint, "AWS_REGION": REGION})

    def code_and_print(*, evidence: bool) -> tuple[int, str]:
        out = io.StringIO()
        console = Console(file=out, width=600)
        code = verify_account(settings, "soxauto", template, console, evidence=evidence)
        return code, out.getvalue()

    code, printed = code_and_print(evidence=True)
    assert code == 1  # the emulator drops settings: never well by itself
    address = printed.rpartition("s3://jumia-sox-evidence/")[2].split()[0]
    s3 = made.client("s3")
    stored = {
        name: s3.get_object(Bucket="jumia-sox-evidence", Key=f"{address.rpartition('/')[0]}/{name}")
        for name in ("state.json", "state.dsse.json")
    }
    state = stored["state.json"]["Body"].read()
    envelope = read_envelope(stored["state.dsse.json"]["Body"].read())
    public = made.client("kms").get_public_key(KeyId=made.outputs["SigningKeyArn"])["PublicKey"]
    check_signature(envelope, public)
    statement = json.loads(envelope.payload)
    assert statement["subject"] == [
        {"name": "state.json", "digest": {"sha256": hashlib.sha256(state).hexdigest()}}
    ]
    assert statement["predicate"]["verdict"] == json.loads(state)["verdict"] == "DIFFERENT"
    assert stored["state.json"]["ObjectLockMode"] == "COMPLIANCE"

    planted = plant(made)
    for make in planted.values():
        make()
    found = set(unexpected(verified(made, document)))
    assert set(planted) <= found, sorted(set(planted) - found)
    assert {name for name, _ in found} == {name for name, _ in planted}
    code, printed = code_and_print(evidence=False)
    assert code == 1
    for name, setting in planted:
        assert name in printed
        assert setting.rpartition(".")[2][:20] in printed
    print(f"\n{len(planted)} planted differences, all named, no other")
