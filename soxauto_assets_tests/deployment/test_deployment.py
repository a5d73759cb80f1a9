"""The template on an emulator of the account: it deploys, its settings are there, its rights hold.

What each role may and may not do is asked of MiniStack, which enforces the policies; a refusal for
another reason than a missing right counts as allowed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from soxauto_assets.deployment.template import read_template
from soxauto_assets_tests.support.account import (
    ACCOUNT,
    TEMPLATE,
    Account,
    deploy,
    emulated_account,
    refused,
)

pytestmark = pytest.mark.prove

RESULTS, EVIDENCE, STAGING = "jumia-sox-results", "jumia-sox-evidence", "jumia-sox-athena-staging"
SECRET = "DB_CREDENTIALS_NAV_BI"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with emulated_account(tmp_path_factory.mktemp("account")) as made:
        started = time.monotonic()
        deploy(made)
        print(f"\nstack of Trigger=lambda made in {time.monotonic() - started:.1f} s")
        s3 = made.client("s3")
        s3.put_object(Bucket=RESULTS, Key="current/ipe_07/month=2024-09/data.parquet", Body=b"r")
        s3.put_object(Bucket=EVIDENCE, Key="attempts/ipe_07/2024-09/a/manifest.json", Body=b"e")
        made.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString="DRIVER=x")
        made.client("secretsmanager").create_secret(Name="another", SecretString="y")
        made.client("sns").create_topic(Name="another")
        yield made


def sign(key: str) -> dict[str, Any]:
    return {
        "KeyId": key,
        "Message": b"0" * 32,
        "MessageType": "DIGEST",
        "SigningAlgorithm": "ECDSA_SHA_256",
    }


def put(bucket: str, key: str) -> dict[str, Any]:
    return {"Bucket": bucket, "Key": key, "Body": b"x"}


def get(bucket: str, key: str) -> dict[str, Any]:
    return {"Bucket": bucket, "Key": key}


SIGNING_KEY = "the key of the stack"
"""Made by the stack, so its ARN is not known before."""
PACKAGE = "attempts/ipe_07/2024-09/a/manifest.json"
MONTH = "current/ipe_07/month=2024-09/data.parquet"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:jumia-sox-alerts"
OTHER_TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:another"
SIGN_OFF = "signoffs/ipe_07/2024-09/a/{}.dsse.json"
ALLOWED, DENIED = True, False
HOLD = {**get(EVIDENCE, PACKAGE), "LegalHold": {"Status": "ON"}}
RUN_TASK = {"cluster": "jumia-sox", "taskDefinition": "jumia-sox-run", "launchType": "FARGATE"}
INVOKE = {"FunctionName": "jumia-sox-run", "InvocationType": "DryRun"}
CHANGE_BUCKET = {
    "Bucket": EVIDENCE,
    "VersioningConfiguration": {"Status": "Suspended"},
}
METRIC = {"Namespace": "SOXAuto/PG01", "MetricData": [{"MetricName": "x", "Value": 1}]}

# role, service, operation, arguments, whether it is allowed
RIGHTS = [
    ("runner", "s3", "put_object", put(EVIDENCE, "attempts/ipe_07/2024-09/b/m.json"), ALLOWED),
    ("runner", "s3", "get_object", get(EVIDENCE, PACKAGE), ALLOWED),
    ("runner", "s3", "put_object", put(RESULTS, "current/x/month=2024-09/data.parquet"), ALLOWED),
    ("runner", "s3", "get_object", get(RESULTS, MONTH), ALLOWED),
    ("runner", "s3", "list_objects_v2", {"Bucket": RESULTS}, ALLOWED),
    ("runner", "s3", "get_bucket_versioning", {"Bucket": EVIDENCE}, ALLOWED),
    ("runner", "s3", "get_object_lock_configuration", {"Bucket": EVIDENCE}, ALLOWED),
    ("runner", "s3", "put_object", put(STAGING, "answers/x"), ALLOWED),
    ("runner", "s3", "delete_object", get(EVIDENCE, PACKAGE), DENIED),
    ("runner", "s3", "delete_object", get(RESULTS, MONTH), DENIED),
    ("runner", "s3", "put_object_legal_hold", HOLD, DENIED),
    ("runner", "s3", "put_bucket_versioning", CHANGE_BUCKET, DENIED),
    ("runner", "s3", "delete_bucket_policy", {"Bucket": EVIDENCE}, DENIED),
    ("runner", "s3", "put_object", put("bootstrap", "x"), DENIED),
    ("runner", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, ALLOWED),
    ("runner", "secretsmanager", "get_secret_value", {"SecretId": "another"}, DENIED),
    (
        "runner",
        "secretsmanager",
        "put_secret_value",
        {"SecretId": SECRET, "SecretString": "z"},
        DENIED,
    ),
    ("runner", "secretsmanager", "create_secret", {"Name": "n", "SecretString": "z"}, DENIED),
    ("runner", "kms", "sign", sign(SIGNING_KEY), ALLOWED),
    ("runner", "kms", "get_public_key", {"KeyId": SIGNING_KEY}, ALLOWED),
    ("runner", "kms", "create_key", {}, DENIED),
    ("runner", "sns", "publish", {"TopicArn": TOPIC, "Message": "m"}, ALLOWED),
    ("runner", "sns", "publish", {"TopicArn": OTHER_TOPIC, "Message": "m"}, DENIED),
    ("runner", "cloudwatch", "put_metric_data", METRIC, ALLOWED),
    ("runner", "glue", "get_tables", {"DatabaseName": "jumia_sox_db"}, ALLOWED),
    ("runner", "glue", "delete_database", {"Name": "jumia_sox_db"}, DENIED),
    ("runner", "iam", "create_user", {"UserName": "u"}, DENIED),
    ("runner", "lambda", "invoke", INVOKE, DENIED),
    ("daemon", "s3", "put_object", put(EVIDENCE, "attempts/ipe_07/2024-09/c/m.json"), ALLOWED),
    ("daemon", "s3", "delete_object", get(EVIDENCE, PACKAGE), DENIED),
    ("daemon", "kms", "sign", sign(SIGNING_KEY), ALLOWED),
    ("web", "s3", "get_object", get(EVIDENCE, PACKAGE), DENIED),
    ("web", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
    ("auditor-web", "s3", "get_object", get(RESULTS, MONTH), DENIED),
    ("preparer", "s3", "put_object", put(RESULTS, "inputs/2024-09/rates.csv"), ALLOWED),
    ("preparer", "s3", "get_object", get(EVIDENCE, PACKAGE), ALLOWED),
    ("preparer", "lambda", "invoke", INVOKE, ALLOWED),
    ("preparer", "s3", "put_object", put(RESULTS, MONTH), DENIED),
    ("preparer", "s3", "put_object", put(EVIDENCE, "attempts/x"), DENIED),
    ("preparer", "s3", "delete_object", get(EVIDENCE, PACKAGE), DENIED),
    ("preparer", "kms", "sign", sign(SIGNING_KEY), DENIED),
    ("preparer", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
    ("reviewer", "s3", "get_object", get(EVIDENCE, PACKAGE), ALLOWED),
    ("reviewer", "s3", "put_object", put(RESULTS, "inputs/review/2024-09/answers.xlsx"), ALLOWED),
    ("reviewer", "s3", "put_object", put(RESULTS, "inputs/2024-09/rates.csv"), DENIED),
    ("reviewer", "lambda", "invoke", INVOKE, DENIED),
    ("reviewer", "ecs", "run_task", RUN_TASK, DENIED),
    ("preparer", "s3", "put_object", put(EVIDENCE, SIGN_OFF.format("preparer")), ALLOWED),
    ("preparer", "s3", "put_object", put(EVIDENCE, SIGN_OFF.format("reviewer")), DENIED),
    ("reviewer", "s3", "put_object", put(EVIDENCE, SIGN_OFF.format("reviewer")), ALLOWED),
    ("reviewer", "s3", "put_object", put(EVIDENCE, SIGN_OFF.format("preparer")), DENIED),
    ("reviewer", "s3", "put_object", put(RESULTS, "state/journal/one.json"), ALLOWED),
    ("auditor", "s3", "put_object", put(EVIDENCE, SIGN_OFF.format("reviewer")), DENIED),
    ("records-manager", "s3", "put_object_legal_hold", HOLD, ALLOWED),
    ("records-manager", "s3", "list_object_versions", {"Bucket": EVIDENCE}, ALLOWED),
    ("records-manager", "s3", "put_object", put(EVIDENCE, "attempts/x"), DENIED),
    ("records-manager", "s3", "delete_object", get(EVIDENCE, PACKAGE), DENIED),
    ("records-manager", "s3", "get_object", get(EVIDENCE, PACKAGE), DENIED),
    ("auditor", "s3", "get_object", get(EVIDENCE, PACKAGE), ALLOWED),
    ("auditor", "s3", "get_bucket_policy", {"Bucket": EVIDENCE}, ALLOWED),
    ("auditor", "kms", "get_public_key", {"KeyId": SIGNING_KEY}, ALLOWED),
    ("auditor", "cloudwatch", "describe_alarms", {}, ALLOWED),
    ("auditor", "s3", "put_object", put(EVIDENCE, "attempts/x"), DENIED),
    ("auditor", "s3", "put_object", put(RESULTS, "inputs/x"), DENIED),
    ("auditor", "s3", "put_object_legal_hold", HOLD, DENIED),
    ("auditor", "kms", "sign", sign(SIGNING_KEY), DENIED),
    ("auditor", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
    ("auditor", "lambda", "invoke", INVOKE, DENIED),
    ("account-verifier", "s3", "put_object", put(EVIDENCE, "account/2024/state.json"), ALLOWED),
    ("account-verifier", "s3", "get_bucket_policy", {"Bucket": RESULTS}, ALLOWED),
    ("account-verifier", "kms", "sign", sign(SIGNING_KEY), ALLOWED),
    ("account-verifier", "s3", "put_object", put(EVIDENCE, "attempts/x"), DENIED),
    ("account-verifier", "s3", "get_object", get(RESULTS, MONTH), DENIED),
    ("account-verifier", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
    ("deployer", "cloudformation", "describe_stacks", {"StackName": "soxauto"}, ALLOWED),
    ("deployer", "ecr", "get_authorization_token", {}, ALLOWED),
    ("deployer", "cloudformation", "delete_stack", {"StackName": "soxauto"}, DENIED),
    ("deployer", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
    ("deployer", "s3", "get_object", get(EVIDENCE, PACKAGE), DENIED),
    ("deployer", "s3", "put_object", put(EVIDENCE, "x"), DENIED),
    ("deployer", "s3", "put_object", put(RESULTS, "x"), DENIED),
    ("deployer", "s3", "put_object", put(f"jumia-sox-templates-{ACCOUNT}", "x"), ALLOWED),
    ("deployer", "kms", "sign", sign(SIGNING_KEY), DENIED),
    ("deployer", "iam", "create_role", {"RoleName": "x", "AssumeRolePolicyDocument": "{}"}, DENIED),
    ("stack", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
    ("stack", "s3", "get_object", get(EVIDENCE, PACKAGE), DENIED),
    ("stack", "iam", "create_user", {"UserName": "u"}, DENIED),
    ("watcher", "secretsmanager", "describe_secret", {"SecretId": SECRET}, ALLOWED),
    ("watcher", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
    ("watcher", "s3", "get_object", get(RESULTS, MONTH), DENIED),
    ("scheduler", "lambda", "invoke", INVOKE, ALLOWED),
    ("scheduler", "s3", "get_object", get(RESULTS, MONTH), DENIED),
    ("task-execution", "s3", "get_object", get(EVIDENCE, PACKAGE), DENIED),
    ("task-execution", "secretsmanager", "get_secret_value", {"SecretId": SECRET}, DENIED),
]


def test_every_role_may_do_what_it_must_and_nothing_else(account: Account) -> None:
    clients: dict[tuple[str, str], Any] = {}
    wrong = []
    key = account.outputs["SigningKeyArn"]
    for role, service, operation, arguments, expected in RIGHTS:
        if arguments.get("KeyId") == SIGNING_KEY:
            arguments = {**arguments, "KeyId": key}
        if (role, service) not in clients:
            clients[role, service] = account.client(service, role)
        client = clients[role, service]
        try:
            getattr(client, operation)(**arguments)
            found, said = ALLOWED, "done"
        except ClientError as error:
            found, said = not refused(error), error.response["Error"]["Code"]
        if found is not expected:
            wrong.append((role, service, operation, arguments, said))
    allowed = sum(right[4] for right in RIGHTS)
    print(f"\n{allowed} allowed and {len(RIGHTS) - allowed} denied actions of 14 roles")
    assert not wrong, wrong


def person(account: Account, name: str, allowed: str, **about: Any) -> dict[str, str]:
    """The keys of a new user who is allowed the actions everywhere."""
    iam = account.client("iam")
    iam.create_user(UserName=name, **about)
    statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
    }


def test_evidence_is_denied_deletion_even_to_an_administrator(account: Account) -> None:
    keys = person(account, "administrator", "*")
    s3 = account.client_with("s3", keys)
    assert s3.get_object(**get(EVIDENCE, PACKAGE))["Body"].read() == b"e"
    with pytest.raises(ClientError) as error:
        s3.delete_object(**get(EVIDENCE, PACKAGE))
    assert refused(error.value)
    kms = account.client_with("kms", keys)
    with pytest.raises(ClientError) as error:
        kms.schedule_key_deletion(KeyId=account.outputs["DataKeyArn"])
    assert refused(error.value)
    with pytest.raises(ClientError) as error:
        kms.sign(**sign(account.outputs["SigningKeyArn"]))
    assert refused(error.value)


def test_a_person_without_the_tag_of_the_role_or_without_a_second_factor_is_refused(
    account: Account,
) -> None:
    """The trust as the template has it; the factor taken out where the tag is looked at."""
    iam = account.client("iam")
    auditor = read_template(TEMPLATE)["Resources"]["AuditorRole"]["Properties"]
    trust = auditor["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Principal"]["AWS"] = f"arn:aws:iam::{ACCOUNT}:root"
    iam.create_role(RoleName="as-written", AssumeRolePolicyDocument=json.dumps(trust))
    del trust["Statement"][0]["Condition"]["Bool"]
    iam.create_role(RoleName="without-factor", AssumeRolePolicyDocument=json.dumps(trust))
    found = {}
    for tag in ("auditor", "preparer"):
        keys = person(account, tag, "sts:*", Tags=[{"Key": "sox-role", "Value": tag}])
        sts = account.client_with("sts", keys)
        for role in ("as-written", "without-factor"):
            try:
                sts.assume_role(
                    RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="test"
                )
                found[tag, role] = ALLOWED
            except ClientError as error:
                found[tag, role] = not refused(error)
    assert found == {
        ("auditor", "as-written"): DENIED,
        ("auditor", "without-factor"): ALLOWED,
        ("preparer", "as-written"): DENIED,
        ("preparer", "without-factor"): DENIED,
    }


def test_the_settings_of_the_emulated_account_can_be_read_back(account: Account) -> None:
    function = account.client("lambda").get_function_configuration(FunctionName="jumia-sox-run")
    assert function["Timeout"] == 900
    assert function["EphemeralStorage"] == {"Size": 4096}
    alarms = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["AlarmActions"][0] for alarm in alarms} == {TOPIC}
    logs = account.client("logs").describe_log_groups()["logGroups"]
    assert {log["retentionInDays"] for log in logs} == {2922}


@pytest.mark.parametrize("trigger", ["ecs-task", "daemon"])
def test_the_stack_is_made_with_each_other_trigger(trigger: str, tmp_path: Path) -> None:
    with emulated_account(tmp_path / "account") as account:
        started = time.monotonic()
        deploy(account, Trigger=trigger)
        print(f"\nstack of Trigger={trigger} made in {time.monotonic() - started:.1f} s")
        services = account.client("ecs").list_services(cluster="jumia-sox")["serviceArns"]
        names = {arn.rpartition("/")[2] for arn in services}
        assert names == ({"daemon", "web", "auditor-web"} if trigger == "daemon" else set())
        schedules = account.client("scheduler").list_schedules()["Schedules"]
        first = [one for one in schedules if one["Name"] == "jumia-sox-first-of-the-month"]
        assert len(first) == (trigger != "daemon")
        functions = account.client("lambda").list_functions()["Functions"]
        assert [one["FunctionName"] for one in functions] == ["jumia-sox-watch"]
