"""Settings of who may what and of what watches, read back in the shape of the template's.

Roles, policies, trail, alarms, dashboard, rules.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from soxauto_assets.deployment.asking import Asking
from soxauto_assets.deployment.comparing import policy

Properties = dict[str, Any]


def role(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::IAM::Role: who takes it, and every policy it has, in line and attached."""
    found = ask("iam", "get_role", RoleName=name)["Role"]
    names = ask("iam", "list_role_policies", RoleName=name)["PolicyNames"]
    attached = ask("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
    return {
        "RoleName": found["RoleName"],
        "Description": found.get("Description"),
        "MaxSessionDuration": found.get("MaxSessionDuration", 3600),
        "AssumeRolePolicyDocument": policy(_document(found["AssumeRolePolicyDocument"])),
        "ManagedPolicyArns": [one["PolicyArn"] for one in attached],
        "Policies": [
            {
                "PolicyName": one,
                "PolicyDocument": policy(
                    _document(
                        ask("iam", "get_role_policy", RoleName=name, PolicyName=one)[
                            "PolicyDocument"
                        ]
                    )
                ),
            }
            for one in names
        ],
    }


def managed_policy(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::IAM::ManagedPolicy, in the version that is in force."""
    found = ask("iam", "get_policy", PolicyArn=name)["Policy"]
    version = ask("iam", "get_policy_version", PolicyArn=name, VersionId=found["DefaultVersionId"])[
        "PolicyVersion"
    ]
    return {
        "ManagedPolicyName": found["PolicyName"],
        "Description": found.get("Description"),
        "PolicyDocument": policy(_document(version["Document"])),
    }


def _document(value: Any) -> Any:
    return json.loads(unquote(value)) if isinstance(value, str) else value


def trail(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::CloudTrail::Trail; one that does not log is a difference."""
    found = ask("cloudtrail", "get_trail", Name=promised["TrailName"])["Trail"]
    status = ask("cloudtrail", "get_trail_status", Name=promised["TrailName"])
    selectors = ask("cloudtrail", "get_event_selectors", TrailName=promised["TrailName"])
    return {
        "TrailName": found.get("Name"),
        "IsLogging": status.get("IsLogging"),
        "IsMultiRegionTrail": found.get("IsMultiRegionTrail"),
        "IncludeGlobalServiceEvents": found.get("IncludeGlobalServiceEvents"),
        "EnableLogFileValidation": found.get("LogFileValidationEnabled"),
        "S3BucketName": found.get("S3BucketName"),
        "S3KeyPrefix": found.get("S3KeyPrefix"),
        "KMSKeyId": found.get("KmsKeyId"),
        "CloudWatchLogsLogGroupArn": found.get("CloudWatchLogsLogGroupArn"),
        "CloudWatchLogsRoleArn": found.get("CloudWatchLogsRoleArn"),
        "EventSelectors": selectors.get("EventSelectors", []),
    }


def alarm(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::CloudWatch::Alarm."""
    alarms = ask("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]
    return dict(alarms[0]) if alarms else {}


def dashboard(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::CloudWatch::Dashboard."""
    found = ask("cloudwatch", "get_dashboard", DashboardName=name)
    return {
        "DashboardName": found.get("DashboardName"),
        "DashboardBody": json.loads(found["DashboardBody"]),
    }


def rule(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Events::Rule."""
    found = ask("events", "describe_rule", Name=promised["Name"])
    targets = ask("events", "list_targets_by_rule", Rule=promised["Name"])["Targets"]
    return {
        "Name": found["Name"],
        "Description": found.get("Description"),
        "State": found["State"],
        "EventPattern": json.loads(found.get("EventPattern", "{}")),
        "Targets": targets,
    }


READERS = {
    "AWS::CloudTrail::Trail": trail,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CloudWatch::Dashboard": dashboard,
    "AWS::Events::Rule": rule,
    "AWS::IAM::ManagedPolicy": managed_policy,
    "AWS::IAM::Role": role,
}
"""The reader of each type of resource."""
