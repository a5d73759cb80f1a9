"""Every promised setting of the account, read back and compared with the template.

The expectation is the template itself, with the parameters of the stack worked in; there is no
second list. A resource that AWS will not tell about is not well.

Here: the comparison of a whole stack. Not here: its print and its evidence (``statement.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from soxauto_assets.deployment import readers_compute, readers_storage, readers_watching
from soxauto_assets.deployment.asking import Asking, UnreadableSettingError
from soxauto_assets.deployment.comparing import Difference, differences, policy
from soxauto_assets.deployment.template import Stack, TemplateError, UnresolvedError, parse_template
from soxauto_assets.errors import PermanentError

READERS = {**readers_storage.READERS, **readers_compute.READERS, **readers_watching.READERS}

NOT_READ: Mapping[str, Mapping[str, str]] = {
    "AWS::KMS::Key": {"PendingWindowInDays": "said when a key is deleted, kept nowhere before"},
    "AWS::Athena::WorkGroup": {"RecursiveDeleteOption": "an instruction to CloudFormation"},
    "AWS::Glue::Database": {"CatalogId": "the account's own; the answer comes from there"},
    "AWS::SecretsManager::RotationSchedule": {
        "RotateImmediatelyOnUpdate": "an instruction to Secrets Manager"
    },
    "AWS::RDS::DBInstance": {
        "DBName": "a name within PostgreSQL, which the tasks connect to",
        "ManageMasterUserPassword": "shown by MasterUserSecret",
        "EngineVersion": "AutoMinorVersionUpgrade moves it on",
    },
    "AWS::RDS::DBParameterGroup": {
        "Family": "shown by the engine of the instance",
        "Description": "says nothing of what is in force",
    },
    "AWS::ElasticLoadBalancingV2::TargetGroup": {
        "TargetGroupAttributes": "the pause before a task leaves; protects nothing"
    },
    "AWS::Lambda::Function": {"Code": "of the watcher: compared by the template as a whole"},
    "AWS::ElasticLoadBalancingV2::Listener": {
        "DefaultActions.AuthenticateOidcConfig.ClientSecret": "AWS never tells it"
    },
}
"""Properties that AWS does not tell, or that protect nothing, by type, each with its reason."""


class StackError(PermanentError):
    """There is no such stack, or it is being changed."""


@dataclass(frozen=True)
class ResourceFinding:
    """What was found of one resource. ``unreadable``: why AWS did not tell, else empty."""

    name: str
    kind: str
    physical: str
    compared: int
    differences: tuple[Difference, ...] = ()
    unreadable: str = ""

    @property
    def well(self) -> bool:
        """Whether every setting was read and is as promised."""
        return not self.differences and not self.unreadable


def deployed_stack(ask: Asking, name: str, document: Mapping[str, Any]) -> Stack:
    """The stack as CloudFormation describes it. Raises StackError and UnreadableSettingError."""
    answer = ask("cloudformation", "describe_stacks", absent=("ValidationError",), StackName=name)
    if not answer.get("Stacks"):
        raise StackError(
            f"There is no stack {name} in {ask.access.region}.",
            remedy="Name it with --stack, and its region with AWS_REGION.",
        )
    about = answer["Stacks"][0]
    if about["StackStatus"].endswith("_IN_PROGRESS"):
        raise StackError(
            f"The stack {name} is being changed ({about['StackStatus']}).",
            remedy="Wait for its end, then verify again.",
        )
    resources = ask.pages(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name
    )
    physical = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in resources
        if one.get("PhysicalResourceId") and "DELETE" not in one["ResourceStatus"]
    }
    _, partition, _, region, account, _ = about["StackId"].split(":", 5)
    pseudo = {
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        "AWS::StackId": about["StackId"],
        "AWS::StackName": name,
    }
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in about.get("Parameters", [])}
    attributes: dict[str, str] = {}
    for logical, identity in physical.items():
        kind = document["Resources"].get(logical, {}).get("Type", "")
        for attribute, value in _attributes(ask, kind, identity, pseudo).items():
            attributes[f"{logical}.{attribute}"] = value
    return Stack(document, parameters, pseudo, physical, attributes)


def _attributes(ask: Asking, kind: str, identity: str, pseudo: Mapping[str, str]) -> dict[str, str]:
    """What ``Fn::GetAtt`` gives of a resource, as far as the template asks for it."""
    partition, region = pseudo["AWS::Partition"], pseudo["AWS::Region"]
    here = f"{region}:{pseudo['AWS::AccountId']}"
    last = identity.rpartition("/")[2]
    match kind:
        case "AWS::KMS::Key":
            return {"Arn": f"arn:{partition}:kms:{here}:key/{last}"}
        case "AWS::S3::Bucket":
            return {"Arn": f"arn:{partition}:s3:::{identity}"}
        case "AWS::IAM::Role":
            return {"Arn": f"arn:{partition}:iam::{pseudo['AWS::AccountId']}:role/{identity}"}
        case "AWS::Logs::LogGroup":
            return {"Arn": f"arn:{partition}:logs:{here}:log-group:{identity}:*"}
        case "AWS::SQS::Queue":
            return {"Arn": f"arn:{partition}:sqs:{here}:{last}", "QueueName": last}
        case "AWS::SNS::Topic":
            return {"TopicName": identity.rpartition(":")[2]}
        case "AWS::ECR::Repository":
            return {"Arn": f"arn:{partition}:ecr:{here}:repository/{identity}"}
        case "AWS::ECS::Cluster":
            return {"Arn": f"arn:{partition}:ecs:{here}:cluster/{last}"}
        case "AWS::Lambda::Function":
            return {"Arn": f"arn:{partition}:lambda:{here}:function:{identity}"}
        case "AWS::ElasticLoadBalancingV2::LoadBalancer":
            return {"LoadBalancerFullName": identity.partition(":loadbalancer/")[2]}
        case "AWS::ElasticLoadBalancingV2::TargetGroup":
            return {"TargetGroupFullName": identity.rpartition(":")[2]}
        case "AWS::RDS::DBInstance":
            found = ask("rds", "describe_db_instances", DBInstanceIdentifier=identity)
            (one,) = found["DBInstances"]
            return {
                "Endpoint.Address": one.get("Endpoint", {}).get("Address", ""),
                "MasterUserSecret.SecretArn": one.get("MasterUserSecret", {}).get("SecretArn", ""),
            }
    return {}


def verify_stack(ask: Asking, name: str, document: Mapping[str, Any]) -> Iterator[ResourceFinding]:
    """A finding for the template as a whole, then one for each promised resource, as it is made."""
    stack = deployed_stack(ask, name, document)
    yield _template(ask, name, document)
    for logical, kind in stack.promised().items():
        yield verify_resource(ask, stack, logical, kind)


def _template(ask: Asking, name: str, document: Mapping[str, Any]) -> ResourceFinding:
    kind = "AWS::CloudFormation::Stack"
    try:
        body = ask("cloudformation", "get_template", StackName=name)["TemplateBody"]
        deployed = parse_template(body if isinstance(body, str) else json.dumps(body))
    except (UnreadableSettingError, TemplateError) as error:
        return ResourceFinding("(template)", kind, name, 0, unreadable=error.problem)
    found = tuple(differences(_plain(document), _plain(deployed), exact=True))
    return ResourceFinding("(template)", kind, name, len(document["Resources"]), found)


def verify_resource(ask: Asking, stack: Stack, name: str, kind: str) -> ResourceFinding:
    """Read one resource back and compare it with what the template promises of it."""
    physical = stack.physical.get(name)
    if physical is None:
        return ResourceFinding(name, kind, "", 0, (Difference("", "a resource", "(not there)"),))
    if kind not in READERS:
        return ResourceFinding(name, kind, physical, 0, unreadable="nobody reads this type")
    try:
        promised = normal(kind, stack.properties(name))
        found = READERS[kind](ask, physical, promised)
    except UnresolvedError as error:
        why = f"the value of {error.what} is not known"
        return ResourceFinding(name, kind, physical, 0, unreadable=why)
    except UnreadableSettingError as error:
        return ResourceFinding(name, kind, physical, 0, unreadable=error.problem)
    except (LookupError, ValueError, TypeError) as error:
        why = f"AWS's answer has another form than expected ({type(error).__name__}: {error})"
        return ResourceFinding(name, kind, physical, 0, unreadable=why)
    compared = {
        property_: value
        for property_, value in promised.items()
        if property_ not in NOT_READ.get(kind, {}) or property_ in found
    }
    return ResourceFinding(
        name, kind, physical, len(compared), tuple(differences(compared, _plain(found)))
    )


def normal(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Promised properties in the one form in which readers give theirs."""
    values: dict[str, Any] = _plain(properties)
    for name in ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument"):
        if name in values:
            values[name] = policy(values[name])
    for one in values.get("Policies", []):
        one["PolicyDocument"] = policy(one["PolicyDocument"])
    if kind == "AWS::CloudWatch::Dashboard":
        values["DashboardBody"] = json.loads(values["DashboardBody"])
    if kind == "AWS::ECR::Repository":
        text = values["LifecyclePolicy"]["LifecyclePolicyText"]
        values["LifecyclePolicy"]["LifecyclePolicyText"] = json.dumps(json.loads(text))
    if kind == "AWS::ElasticLoadBalancingV2::Listener":
        for action in values["DefaultActions"]:
            action.get("AuthenticateOidcConfig", {}).pop("ClientSecret", None)
    return values


def _plain(value: Any) -> Any:
    """A copy as JSON has it, so that a mapping of a library's own is none."""
    return json.loads(json.dumps(value, default=str))
