"""What cfn-lint and checkov miss, asserted on the parsed template; and no fault of the guide."""

from __future__ import annotations

import json
import re
import types
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.assets.control_assets import CONTROL
from soxauto_assets.automation.metrics import FAILURE, NAMESPACE, SUCCESS
from soxauto_assets.catalog.loader import report_ids
from soxauto_assets.deployment.template import Stack, parse_template, read_template
from soxauto_assets.settings import PROJECT_FOLDER, Settings

PATH = PROJECT_FOLDER / "deploy" / "soxauto.yaml"
TRIGGERS = ("lambda", "ecs-task", "daemon")
RESERVED_IN_LAMBDA = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID")
READ_BY_OTHERS = {
    "DAGSTER_HOME", "DAGSTER_PG_HOST", "DAGSTER_PG_PORT", "DAGSTER_PG_DB", "DAGSTER_PG_USERNAME",
}  # fmt: skip
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/jumia-sox/soxauto@sha256:" + "a" * 64


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return read_template(PATH)


def stack(document: dict[str, Any], **parameters: str) -> Stack:
    """The stack as if deployed; physical ids and attributes are their own names."""
    given = {"ImageUri": IMAGE, "SubnetIds": "subnet-1,subnet-2", **parameters}
    attributes: dict[str, str] = {}
    for found in re.finditer(r'"Fn::GetAtt": \["(\w+)", "([\w.]+)"\]', json.dumps(document)):
        attributes[".".join(found.groups())] = ".".join(found.groups())
    for found in re.finditer(r"\$\{(\w+\.[\w.]+)\}", PATH.read_text()):
        attributes[found[1]] = found[1]
    pseudo = {
        "AWS::Region": "eu-west-1",
        "AWS::AccountId": "123456789012",
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/soxauto/1",
    }
    return Stack(document, given, pseudo, {n: n for n in document["Resources"]}, attributes)


def of_type(document: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in document["Resources"].items()
        if resource["Type"] == kind
    }


def statements(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every statement of what identities may do, with the resource that holds it."""
    found = []
    for name, policy in of_type(document, "AWS::IAM::ManagedPolicy").items():
        found += [(name, one) for one in policy["PolicyDocument"]["Statement"]]
    for name, role in of_type(document, "AWS::IAM::Role").items():
        for policy in role.get("Policies", ()):
            found += [(name, one) for one in policy["PolicyDocument"]["Statement"]]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# -- buckets


def test_the_evidence_bucket_is_made_with_object_lock_in_compliance(document):
    bucket = of_type(document, "AWS::S3::Bucket")["EvidenceBucket"]
    # A default retention without ObjectLockEnabled deploys nowhere; the linters let it pass.
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": {"Ref": "RetentionDays"}}},
    }
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    days = document["Parameters"]["RetentionDays"]["Default"]
    assert days == Settings.model_fields["s3_retention_days"].default


def test_every_bucket_is_private_encrypted_versioned_and_takes_tls_alone(document):
    policies = {
        policy["Bucket"]["Ref"]: policy["PolicyDocument"]["Statement"]
        for policy in of_type(document, "AWS::S3::BucketPolicy").values()
    }
    buckets = of_type(document, "AWS::S3::Bucket")
    assert set(buckets) == {"AccessLogBucket", "EvidenceBucket", "ResultsBucket", "StagingBucket"}
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}, name
        encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        default = encryption["ServerSideEncryptionByDefault"]
        assert default["SSEAlgorithm"] == ("AES256" if name == "AccessLogBucket" else "aws:kms")
        tls = next(one for one in policies[name] if one["Sid"] == "TlsOnly")
        assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*"), name
        assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, name


def test_evidence_is_denied_deletion_and_outlives_the_stack(document):
    policy = of_type(document, "AWS::S3::BucketPolicy")["EvidenceBucketPolicy"]
    denied = next(
        one
        for one in policy["PolicyDocument"]["Statement"]
        if one["Sid"] == "NobodyDeletesEvidence"
    )
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} <= set(denied["Action"])
    assert "Condition" not in denied
    for name in ("EvidenceBucket", "ResultsBucket", "DataKey", "SigningKey", "WarehouseSecret"):
        assert document["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate", name


def test_evidence_goes_to_intelligent_tiering_and_glacier_and_never_ends(document):
    rules = of_type(document, "AWS::S3::Bucket")["EvidenceBucket"]["LifecycleConfiguration"]
    assert [step["StorageClass"] for step in rules["Rules"][0]["Transitions"]] == [
        "INTELLIGENT_TIERING",
        "GLACIER",
    ]
    assert "Expiration" not in json.dumps(rules)


# -- keys, secret, topic, tables, image, logs


def test_the_signing_key_is_p256_and_only_the_product_signs(document):
    key = of_type(document, "AWS::KMS::Key")["SigningKey"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
    deny = next(s for s in key["KeyPolicy"]["Statement"] if s["Sid"] == "OnlyTheProductSigns")
    assert (deny["Effect"], deny["Action"], deny["Principal"]) == ("Deny", "kms:Sign", "*")
    allowed = stack(document).value(deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"])
    assert [arn.rpartition("/jumia-sox-")[2] for arn in allowed] == [
        "runner",
        "daemon",
        "account-verifier",
    ]


def test_no_key_can_be_disabled_or_scheduled_for_deletion(document):
    for name, key in of_type(document, "AWS::KMS::Key").items():
        denied = [s["Action"] for s in key["KeyPolicy"]["Statement"] if s["Effect"] == "Deny"]
        assert ["kms:ScheduleKeyDeletion", "kms:DisableKey"] in denied, name


def test_the_secret_has_no_value_in_the_template_and_rotates_or_is_watched(document):
    secret = of_type(document, "AWS::SecretsManager::Secret")["WarehouseSecret"]
    assert secret["Name"] == Settings.model_fields["db_secret"].default
    assert not {"SecretString", "GenerateSecretString"} & set(secret)
    rotating = "arn:aws:lambda:eu-west-1:123456789012:function:rotate"
    for arn, made, not_made in (
        ("", "SecretAgeAlarm", "WarehouseSecretRotation"),
        (rotating, "WarehouseSecretRotation", "SecretAgeAlarm"),
    ):
        promised = stack(document, RotationFunctionArn=arn).promised()
        assert made in promised
        assert not_made not in promised


def test_no_template_holds_a_secret_of_its_own(document):
    for name in ("SecretString", "MasterUserPassword"):
        assert f'"{name}"' not in json.dumps(document)
    assert not [n for n in document["Parameters"] if "password" in n.lower()]


def test_alarms_and_events_may_publish_to_the_encrypted_topic(document):
    services = {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    policy = of_type(document, "AWS::SNS::TopicPolicy")["AlertTopicPolicy"]["PolicyDocument"]
    publish = next(s for s in policy["Statement"] if s["Sid"] == "AlarmsAndEventsPublish")
    assert set(publish["Principal"]["Service"]) == services
    key = of_type(document, "AWS::KMS::Key")["DataKey"]["KeyPolicy"]
    use = next(s for s in key["Statement"] if s["Sid"] == "AlarmsAndEventsReachTheTopic")
    assert services <= set(use["Principal"]["Service"])
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(use["Action"])


def test_tables_queries_images_and_logs_are_bounded_and_kept(document):
    group = of_type(document, "AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["BytesScannedCutoffPerQuery"] == {"Ref": "ScanLimitBytes"}
    assert group["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    database = of_type(document, "AWS::Glue::Database")["Database"]["DatabaseInput"]["Name"]
    assert database == Settings.model_fields["athena_database"].default
    repository = of_type(document, "AWS::ECR::Repository")["Repository"]
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    for name, log in of_type(document, "AWS::Logs::LogGroup").items():
        assert log["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
        assert log["KmsKeyId"] == {"Fn::GetAtt": ["DataKey", "Arn"]}, name


def test_the_trail_records_every_reading_and_writing_of_evidence(document):
    trail = of_type(document, "AWS::CloudTrail::Trail")["Trail"]
    (selector,) = trail["EventSelectors"]
    assert selector["ReadWriteType"] == "All"
    assert selector["DataResources"] == [
        {"Type": "AWS::S3::Object", "Values": [{"Fn::Sub": "${EvidenceBucket.Arn}/"}]}
    ]
    assert trail["EnableLogFileValidation"] is trail["IsLogging"] is True


# -- the one trigger


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_one_trigger_is_on_and_the_others_are_off(document, trigger):
    deployed = stack(document, Trigger=trigger)
    promised = deployed.promised()
    on = {
        "lambda": "RunFunction" in promised and "MonthSchedule" in promised,
        "ecs-task": "MonthSchedule" in promised and "RunFunction" not in promised,
        "daemon": "DaemonService" in promised,
    }
    assert on == {name: name == trigger for name in TRIGGERS}
    if trigger != "daemon":
        target = deployed.properties("MonthSchedule")["Target"]
        assert ("EcsParameters" in target) is (trigger == "ecs-task")
    for name in ("RunFunction", "RunTask", "DaemonTask", "WebTask", "AuditorWebTask"):
        if name in promised:
            assert environment(deployed, name)["SOXAUTO_TRIGGER"] == trigger


def test_without_an_image_nothing_runs_but_the_watcher(document):
    promised = stack(document, ImageUri="").promised().values()
    assert "AWS::ECS::TaskDefinition" not in promised
    assert list(promised).count("AWS::Lambda::Function") == 1


def test_the_month_starts_at_eight_on_the_first_in_the_zone_of_the_parameter(document):
    schedule = of_type(document, "AWS::Scheduler::Schedule")["MonthSchedule"]
    assert schedule["ScheduleExpression"] == "cron(0 8 1 * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "TimeZone"}
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_the_function_runs_once_and_tells_where_it_fails(document):
    function = of_type(document, "AWS::Lambda::Function")["RunFunction"]
    assert function["ReservedConcurrentExecutions"] == 1
    assert function["EphemeralStorage"] == {"Size": {"Ref": "ScratchMiB"}}
    assert function["DeadLetterConfig"] == {
        "TargetArn": {"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}
    }
    assert function["ImageConfig"]["Command"] == [
        "soxauto_assets.entrypoints.lambda_handler.handler"
    ]
    once = of_type(document, "AWS::Lambda::EventInvokeConfig")["RunFunctionInvokedOnce"]
    assert once["MaximumRetryAttempts"] == 0
    assert once["DestinationConfig"] == {"OnFailure": {"Destination": {"Ref": "AlertTopic"}}}


def test_each_scheduled_function_has_the_permission_for_just_its_schedule(document):
    deployed = stack(document)
    permitted = {
        one["FunctionName"]: one["SourceArn"].rpartition("/")[2]
        for name, kind in deployed.promised().items()
        if kind == "AWS::Lambda::Permission"
        for one in [deployed.properties(name)]
    }
    scheduled = {
        one["Target"]["Arn"]: one["Name"]
        for name, kind in deployed.promised().items()
        if kind == "AWS::Scheduler::Schedule"
        for one in [deployed.properties(name)]
    }
    assert permitted == scheduled
    assert len(permitted) == 2


def environment(deployed: Stack, name: str) -> dict[str, str]:
    properties = deployed.properties(name)
    if "ContainerDefinitions" not in properties:
        return {n: str(v) for n, v in properties["Environment"]["Variables"].items()}
    (container,) = properties["ContainerDefinitions"]
    return {one["Name"]: str(one["Value"]) for one in container["Environment"]}


def test_all_parts_run_with_the_same_settings_and_each_is_one_the_product_reads(document):
    shared = environment(stack(document), "RunFunction")
    shared["SOXAUTO_TRIGGER"] = "daemon"
    daemon = stack(document, Trigger="daemon")
    known = {str(f.alias) for f in Settings.model_fields.values()} | READ_BY_OTHERS
    for name in ("RunTask", "DaemonTask", "WebTask", "AuditorWebTask"):
        found = environment(daemon, name)
        assert shared.items() <= found.items(), name
        assert set(found) <= known, name


def test_containers_are_hardened_and_stop_gracefully(document):
    tasks = of_type(document, "AWS::ECS::TaskDefinition")
    assert set(tasks) == {"RunTask", "DaemonTask", "WebTask", "AuditorWebTask"}
    for name, task in tasks.items():
        (container,) = task["ContainerDefinitions"]
        assert container["ReadonlyRootFilesystem"] is True, name
        assert container["Privileged"] is False, name
        assert container["StopTimeout"] >= 60, name
        assert container["Image"] == {"Ref": "ImageUri"}, name
        assert {m["ContainerPath"] for m in container["MountPoints"]} == {"/tmp"}, name
    # Extracts are spooled; the emulator of an account does not keep this setting.
    assert tasks["RunTask"]["EphemeralStorage"] == {"SizeInGiB": 30}


def test_the_alarm_of_the_protection_hears_of_buckets_keys_trail_and_roles(document):
    """A filter of CloudWatch Logs has at most 1,024 characters, names worked in."""
    pattern = stack(document).value(
        of_type(document, "AWS::Logs::MetricFilter")["ProtectionChangeFilter"]["FilterPattern"]
    )
    assert len(pattern) <= 1024
    for told in (
        'bucketName = "jumia-sox-evidence"', "kms.amazonaws.com", "cloudtrail.amazonaws.com",
        'iam.amazonaws.com" && ($.requestParameters.roleName = "jumia-sox-*"',
    ):  # fmt: skip
        assert told in pattern
    trail = of_type(document, "AWS::CloudTrail::Trail")["Trail"]
    # IAM's own events come from another region.
    assert trail["IsMultiRegionTrail"] is True
    assert trail["IncludeGlobalServiceEvents"] is True


def test_the_auditors_web_server_is_read_only_and_both_are_behind_a_login(document):
    tasks = of_type(document, "AWS::ECS::TaskDefinition")
    assert "--read-only" in tasks["AuditorWebTask"]["ContainerDefinitions"][0]["Command"]
    assert "--read-only" not in tasks["WebTask"]["ContainerDefinitions"][0]["Command"]
    listeners = of_type(document, "AWS::ElasticLoadBalancingV2::Listener")
    clients = set()
    for name, listener in listeners.items():
        login, forward = listener["DefaultActions"]
        assert (login["Type"], login["Order"]) == ("authenticate-oidc", 1), name
        assert (forward["Type"], forward["Order"]) == ("forward", 2), name
        assert listener["Protocol"] == "HTTPS", name
        clients.add(login["AuthenticateOidcConfig"]["ClientId"]["Ref"])
    assert clients == {"OidcClientId", "AuditorOidcClientId"}
    assert of_type(document, "AWS::ElasticLoadBalancingV2::LoadBalancer")["Balancer"]["Scheme"] == (
        "internal"
    )


def test_functions_and_schedules_keep_to_the_network_and_the_key(document):
    """Settings that the emulator of an account does not keep; see test_account_verification.py."""
    key = {"Fn::GetAtt": ["DataKey", "Arn"]}
    for name, function in of_type(document, "AWS::Lambda::Function").items():
        assert function["KmsKeyArn"] == key, name
        assert function["VpcConfig"]["SubnetIds"] == {"Ref": "SubnetIds"}, name
    for name, schedule in of_type(document, "AWS::Scheduler::Schedule").items():
        assert schedule["KmsKeyArn"] == key, name
    endpoints = of_type(document, "AWS::EC2::VPCEndpoint")
    services = {
        one["ServiceName"]["Fn::Sub"].partition("${AWS::Region}.")[2] for one in endpoints.values()
    }
    assert services == {
        "s3", "secretsmanager", "kms", "sns", "logs", "monitoring",
        "ecr.api", "ecr.dkr", "athena", "glue", "ecs",
    }  # fmt: skip
    for name, one in endpoints.items():
        if one["VpcEndpointType"] == "Interface":
            assert one["PrivateDnsEnabled"] is True, name
            assert one["SecurityGroupIds"] == [{"Ref": "EndpointSecurityGroup"}], name
    assert document["Resources"]["RunTask"]["Properties"]["Volumes"] == [{"Name": "scratch"}]


# -- rights


def test_no_policy_is_broad(document):
    for name, role in of_type(document, "AWS::IAM::Role").items():
        for arn in role.get("ManagedPolicyArns", ()):
            # The template's own policies alone: AWS's grant far more than is needed.
            assert arn["Ref"] in of_type(document, "AWS::IAM::ManagedPolicy"), name
    for name, one in statements(document):
        if one["Effect"] == "Deny" or name == "StackRole":
            continue
        for action in listed(one["Action"]):
            assert "*" not in action, (name, action)


def test_a_role_that_may_touch_everything_may_only_look_or_has_a_condition(document):
    harmless = re.compile(
        r"\w[\w-]*:(Describe|Get|List|Lookup)\w*$"
        r"|ecr:GetAuthorizationToken|ec2:\w+NetworkInterface\w*|ec2:\w+PrivateIpAddresses"
    )
    for name, one in statements(document):
        if one["Effect"] == "Allow" and one["Resource"] == "*" and "Condition" not in one:
            if name == "StackRole":
                continue
            for action in listed(one["Action"]):
                assert harmless.match(action), (name, action)
                assert action not in ("s3:GetObject", "secretsmanager:GetSecretValue"), name


def test_nobody_is_granted_a_deletion_or_a_shorter_lock(document):
    for name, one in statements(document):
        if one["Effect"] == "Allow":
            for action in listed(one["Action"]):
                assert not action.startswith(("s3:DeleteObject", "s3:Bypass")), (name, action)


def test_the_stacks_role_is_denied_secrets_evidence_and_signatures(document):
    (deny,) = (s for n, s in statements(document) if n == "StackRole" and s["Effect"] == "Deny")
    assert deny["Resource"] == "*"
    assert {
        "secretsmanager:GetSecretValue",
        "kms:Sign",
        "s3:GetObject*",
        "s3:DeleteObject*",
    } <= set(deny["Action"])


def test_each_person_takes_one_role_with_a_second_factor(document):
    people = {
        name: role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
        for name, role in of_type(document, "AWS::IAM::Role").items()
        if "AWS" in role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    }
    assert {
        name: condition["StringEquals"]["aws:PrincipalTag/sox-role"]
        for name, condition in people.items()
    } == {
        "PreparerRole": "preparer",
        "ReviewerRole": "reviewer",
        "RecordsManagerRole": "records-manager",
        "AuditorRole": "auditor",
        "AccountVerifierRole": "account-verifier",
        "DeployerRole": "deployer",
    }
    for condition in people.values():
        assert condition["Bool"] == {"aws:MultiFactorAuthPresent": "true"}


def test_services_take_roles_only_for_this_account(document):
    """Against the confused deputy; Lambda and ECS themselves cannot be asked from elsewhere."""
    for name, role in of_type(document, "AWS::IAM::Role").items():
        trust = role["AssumeRolePolicyDocument"]["Statement"][0]
        services = set(listed(trust["Principal"].get("Service", [])))
        if services - {"lambda.amazonaws.com", "ecs-tasks.amazonaws.com"}:
            expected = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            assert trust["Condition"]["StringEquals"] == expected, name


# -- alarms


def test_one_failure_is_enough_for_every_alarm_on_failures(document):
    alarms = of_type(document, "AWS::CloudWatch::Alarm")
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlertTopic"}], name
        if alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold" and name not in (
            "SecretAgeAlarm",
            "FunctionDurationAlarm",
        ):
            assert alarm["Threshold"] == 1, name
            assert "GreaterThanThreshold" not in alarm["ComparisonOperator"], name
    assert alarms["FailedAttemptAlarm"]["MetricName"] == FAILURE
    assert alarms["FailedAttemptAlarm"]["Namespace"] == NAMESPACE
    assert (
        SUCCESS
        in of_type(document, "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    )


def test_missing_data_is_missing_but_where_silence_is_the_fault(document):
    alarms = of_type(document, "AWS::CloudWatch::Alarm")
    treated = {name: alarm["TreatMissingData"] for name, alarm in alarms.items()}
    assert treated.pop("WatcherSilentAlarm") == "breaching"
    assert set(treated.values()) == {"missing"}


def test_every_metric_of_an_alarm_is_made_by_somebody(document):
    made = {SUCCESS, FAILURE}
    for one in of_type(document, "AWS::Logs::MetricFilter").values():
        made |= {t["MetricName"] for t in one["MetricTransformations"]}
    source = of_type(document, "AWS::Lambda::Function")["WatchFunction"]["Code"]["ZipFile"]
    made |= set(re.findall(r'"(\w+)": ', source))
    for name, alarm in of_type(document, "AWS::CloudWatch::Alarm").items():
        if alarm["Namespace"] == NAMESPACE:
            assert alarm["MetricName"] in made, name


class Answers:
    """Stands for the three clients of the watcher: months that are there, and what was sent."""

    def __init__(self, current: set[str], changed: datetime) -> None:
        self.current, self.changed, self.sent = current, changed, {}

    def list_objects_v2(self, *, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, int]:  # noqa: N803
        return {"KeyCount": int(Prefix in self.current)}

    def describe_secret(self, *, SecretId: str) -> dict[str, datetime]:  # noqa: N803
        return {"LastChangedDate": self.changed}

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803
        assert Namespace == NAMESPACE
        self.sent = {one["MetricName"]: one["Value"] for one in MetricData}


@pytest.mark.parametrize(
    ("day", "overdue"),
    [(4, 0.0), (5, 1.0), (31, 1.0)],
    ids=["before the day", "on the day", "at the end of the month"],
)
def test_the_watcher_counts_what_is_not_current_from_the_set_day_on(
    document, monkeypatch, day, overdue
):
    source = of_type(document, "AWS::Lambda::Function")["WatchFunction"]["Code"]["ZipFile"]
    answers = Answers({"current/ipe_07/month=2024-09/"}, datetime(2024, 9, 25, tzinfo=UTC))
    now = datetime(2024, 10, day, 6, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, zone=None):
            return now

    code = types.ModuleType("watcher")
    for name, value in {
        "BUCKET": "b",
        "REPORTS": "ipe_07,cr_03",
        "HEARTBEAT_DAY": "5",
        "SECRET": "s",
    }.items():
        monkeypatch.setenv(name, value)
    exec(compile(source, "index.py", "exec"), code.__dict__)
    monkeypatch.setattr(code.dt, "datetime", Clock)
    monkeypatch.setattr(code.boto3, "client", lambda service: answers)
    told = code.handler({}, None)
    assert (told["month"], told["missing"]) == ("2024-09", ["cr_03"])
    assert answers.sent == {
        "ReportsNotCurrent": 1.0,
        "ReportsOverdue": overdue,
        "SecretAgeDays": (now - answers.changed).total_seconds() / 86400,
        "WatcherRan": 1.0,
    }


def test_the_watcher_knows_every_report_of_the_catalogue_and_the_control(document):
    told = tuple(document["Parameters"]["Reports"]["Default"].split(","))
    assert told == (*report_ids(), CONTROL)


# -- the faults of the guide, one by one


def test_no_reserved_name_stands_in_a_functions_environment(document):
    for name, function in of_type(document, "AWS::Lambda::Function").items():
        assert not set(function["Environment"]["Variables"]) & set(RESERVED_IN_LAMBDA), name


def test_no_cutoff_is_fixed(document):
    assert "CUTOFF_DATE" not in PATH.read_text()
    target = of_type(document, "AWS::Scheduler::Schedule")["MonthSchedule"]["Target"]["Input"]
    assert target == {"Fn::If": ["ByLambda", '{"source": "schedule"}', "{}"]}


def test_the_runner_has_the_rights_that_the_guide_forgot(document):
    granted = {
        action
        for name, one in statements(document)
        if name == "RunnerPolicy" and one["Effect"] == "Allow"
        for action in listed(one["Action"])
    }
    assert {
        "athena:StartQueryExecution",
        "kms:GenerateDataKey",
        "kms:Sign",
        "cloudwatch:PutMetricData",
        "secretsmanager:GetSecretValue",
        "sns:Publish",
    } <= granted


def test_the_scheduled_task_has_a_role_and_no_public_address(document):
    deployed = stack(document, Trigger="ecs-task")
    target = deployed.properties("MonthSchedule")["Target"]
    assert target["RoleArn"] == "SchedulerRole.Arn"
    network = target["EcsParameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"
    for name, service in of_type(document, "AWS::ECS::Service").items():
        inside = service["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert inside["AssignPublicIp"] == "DISABLED", name
    assert of_type(document, "AWS::RDS::DBInstance")["DagsterDatabase"]["PubliclyAccessible"] is (
        False
    )


def test_the_image_is_named_by_digest_and_never_by_latest(document):
    pattern = re.compile(document["Parameters"]["ImageUri"]["AllowedPattern"])
    assert pattern.fullmatch(IMAGE)
    assert pattern.fullmatch("")
    assert not pattern.fullmatch(IMAGE.partition("@")[0] + ":latest")


def test_every_rule_left_out_has_its_reason(document):
    for name, resource in document["Resources"].items():
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", ()):
            assert len(skipped["comment"].split()) >= 5, (name, skipped["id"])


def test_the_template_uses_nothing_of_yaml_that_cloudformation_refuses():
    for number, line in enumerate(PATH.read_text().splitlines(), 1):
        assert not re.search(r"[:-] [&*][a-z]", line.partition(" #")[0]), (number, line)


@pytest.mark.parametrize("text", ["- a", ": :", "a: 1"])
def test_what_is_no_template_is_refused(text: str):
    from soxauto_assets.deployment.template import TemplateError

    with pytest.raises(TemplateError):
        parse_template(text)


def test_the_file_fits_what_cloudformation_takes_from_a_bucket():
    assert Path(PATH).stat().st_size < 1_000_000
