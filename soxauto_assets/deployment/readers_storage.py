"""Settings of what keeps and protects, read back in the shape of the template's properties.

Buckets, keys, secret, topic, queue, tables, queries, image, logs. Each reader gets the physical id
and the promised properties, which tell it what to ask for where AWS names things otherwise.
"""

from __future__ import annotations

import json
from typing import Any

from soxauto_assets.deployment.asking import Asking
from soxauto_assets.deployment.comparing import policy

Properties = dict[str, Any]


def bucket(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::S3::Bucket."""
    here: dict[str, Any] = {"Bucket": name}
    lock = ask(
        "s3",
        "get_object_lock_configuration",
        absent=("ObjectLockConfigurationNotFoundError",),
        **here,
    ).get("ObjectLockConfiguration", {})
    encryption = ask(
        "s3",
        "get_bucket_encryption",
        absent=("ServerSideEncryptionConfigurationNotFoundError",),
        **here,
    ).get("ServerSideEncryptionConfiguration", {})
    lifecycle = ask(
        "s3",
        "get_bucket_lifecycle_configuration",
        absent=("NoSuchLifecycleConfiguration",),
        **here,
    ).get("Rules", [])
    logging = ask("s3", "get_bucket_logging", **here).get("LoggingEnabled", {})
    found: Properties = {
        "BucketName": name,
        "VersioningConfiguration": {
            "Status": ask("s3", "get_bucket_versioning", **here).get("Status", "never enabled")
        },
        "PublicAccessBlockConfiguration": ask(
            "s3",
            "get_public_access_block",
            absent=("NoSuchPublicAccessBlockConfiguration",),
            **here,
        ).get("PublicAccessBlockConfiguration", {}),
        "OwnershipControls": ask(
            "s3",
            "get_bucket_ownership_controls",
            absent=("OwnershipControlsNotFoundError",),
            **here,
        ).get("OwnershipControls", {}),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
                    "ServerSideEncryptionByDefault": {
                        "SSEAlgorithm": default.get("SSEAlgorithm"),
                        "KMSMasterKeyID": default.get("KMSMasterKeyID"),
                    },
                }
                for rule in encryption.get("Rules", [])
                for default in [rule.get("ApplyServerSideEncryptionByDefault", {})]
            ]
        },
        "LoggingConfiguration": {
            "DestinationBucketName": logging.get("TargetBucket"),
            "LogFilePrefix": logging.get("TargetPrefix"),
        },
        "LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in lifecycle]},
        "ObjectLockEnabled": lock.get("ObjectLockEnabled") == "Enabled",
        "ObjectLockConfiguration": lock,
    }
    return found


def _lifecycle_rule(rule: Properties) -> Properties:
    found = {
        "Id": rule.get("ID"),
        "Status": rule.get("Status"),
        "Prefix": rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")),
        "Transitions": [
            {"StorageClass": step.get("StorageClass"), "TransitionInDays": step.get("Days")}
            for step in rule.get("Transitions", [])
        ],
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload", {}),
        "ExpirationInDays": rule.get("Expiration", {}).get("Days"),
        "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration", {}),
    }
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


def bucket_policy(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::S3::BucketPolicy."""
    bucket_name = promised["Bucket"]
    text = ask("s3", "get_bucket_policy", absent=("NoSuchBucketPolicy",), Bucket=bucket_name)
    return {"Bucket": bucket_name, "PolicyDocument": policy(text.get("Policy", "{}"))}


def key(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::KMS::Key; one that is not enabled is a difference of its description."""
    about = ask("kms", "describe_key", KeyId=name)["KeyMetadata"]
    text = ask("kms", "get_key_policy", KeyId=name, PolicyName="default")["Policy"]
    found: Properties = {
        "Description": about["Description"]
        if about["KeyState"] == "Enabled"
        else f"{about['KeyState']}: {about['Description']}",
        "KeySpec": about["KeySpec"],
        "KeyUsage": about["KeyUsage"],
        "KeyPolicy": policy(text),
    }
    if about["KeySpec"] == "SYMMETRIC_DEFAULT":
        rotation = ask("kms", "get_key_rotation_status", KeyId=name)
        found["EnableKeyRotation"] = rotation["KeyRotationEnabled"]
    return found


def alias(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::KMS::Alias."""
    aliases = ask("kms", "list_aliases", KeyId=promised["TargetKeyId"])["Aliases"]
    found: Properties = next(
        (one for one in aliases if one["AliasName"] == promised["AliasName"]), {}
    )
    return {"AliasName": found.get("AliasName"), "TargetKeyId": found.get("TargetKeyId")}


def secret(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::SecretsManager::Secret; its description, never its value."""
    about = ask("secretsmanager", "describe_secret", SecretId=name)
    return {property_: about.get(property_) for property_ in ("Name", "Description", "KmsKeyId")}


def rotation(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::SecretsManager::RotationSchedule."""
    about = ask("secretsmanager", "describe_secret", SecretId=promised["SecretId"])
    rules = about.get("RotationRules", {}) if about.get("RotationEnabled") else {}
    return {
        "SecretId": promised["SecretId"],
        "RotationLambdaARN": about.get("RotationLambdaARN"),
        "RotationRules": rules,
    }


def topic(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::SNS::Topic."""
    about = ask("sns", "get_topic_attributes", TopicArn=name)["Attributes"]
    return {
        "TopicName": about["TopicArn"].rpartition(":")[2],
        "DisplayName": about.get("DisplayName"),
        "KmsMasterKeyId": about.get("KmsMasterKeyId"),
    }


def topic_policy(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::SNS::TopicPolicy."""
    (arn,) = promised["Topics"]
    about = ask("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
    return {"Topics": [arn], "PolicyDocument": policy(about.get("Policy", "{}"))}


def subscription(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::SNS::Subscription; one that was not confirmed delivers nothing, and is none."""
    arn = promised["TopicArn"]
    found: Properties = next(
        (
            one
            for one in ask.pages(
                "sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn
            )
            if one["Endpoint"] == promised["Endpoint"]
        ),
        {},
    )
    confirmed = str(found.get("SubscriptionArn", "")).startswith("arn:")
    return {
        "TopicArn": arn,
        "Protocol": found.get("Protocol"),
        "Endpoint": found.get("Endpoint") if confirmed else "(not confirmed)",
    }


def queue(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::SQS::Queue."""
    about = ask("sqs", "get_queue_attributes", QueueUrl=name, AttributeNames=["All"])["Attributes"]
    return {
        "QueueName": about["QueueArn"].rpartition(":")[2],
        "KmsMasterKeyId": about.get("KmsMasterKeyId"),
        "MessageRetentionPeriod": about.get("MessageRetentionPeriod"),
    }


def queue_policy(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::SQS::QueuePolicy."""
    (url,) = promised["Queues"]
    about = ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["Policy"])
    return {
        "Queues": [url],
        "PolicyDocument": policy(about.get("Attributes", {}).get("Policy", "{}")),
    }


def glue_database(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Glue::Database."""
    wanted = promised["DatabaseInput"]["Name"]
    found = ask("glue", "get_database", Name=wanted)["Database"]
    return {"DatabaseInput": {part: found.get(part) for part in ("Name", "Description")}}


def work_group(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Athena::WorkGroup."""
    found = ask("athena", "get_work_group", WorkGroup=promised["Name"])["WorkGroup"]
    found_configuration = dict(found.get("Configuration", {}))
    return {
        "Name": found["Name"],
        "Description": found.get("Description"),
        "State": found.get("State"),
        "WorkGroupConfiguration": found_configuration,
    }


def repository(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::ECR::Repository."""
    found = ask("ecr", "describe_repositories", repositoryNames=[name])["repositories"][0]
    rules = ask(
        "ecr",
        "get_lifecycle_policy",
        absent=("LifecyclePolicyNotFoundException",),
        repositoryName=name,
    )
    return {
        "RepositoryName": found["repositoryName"],
        "ImageTagMutability": found["imageTagMutability"],
        "ImageScanningConfiguration": found["imageScanningConfiguration"],
        "EncryptionConfiguration": found.get("encryptionConfiguration", {}),
        "LifecyclePolicy": {
            "LifecyclePolicyText": json.dumps(json.loads(rules.get("lifecyclePolicyText", "{}")))
        },
    }


def log_group(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Logs::LogGroup."""
    groups = ask("logs", "describe_log_groups", logGroupNamePrefix=name)["logGroups"]
    found: Properties = next((one for one in groups if one["logGroupName"] == name), {})
    return {
        "LogGroupName": found.get("logGroupName"),
        "RetentionInDays": found.get("retentionInDays", "for ever"),
        "KmsKeyId": found.get("kmsKeyId"),
    }


def metric_filter(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Logs::MetricFilter."""
    filters = ask(
        "logs",
        "describe_metric_filters",
        logGroupName=promised["LogGroupName"],
        filterNamePrefix=promised["FilterName"],
    )["metricFilters"]
    found: Properties = next(
        (one for one in filters if one["filterName"] == promised["FilterName"]), {}
    )
    return {
        "FilterName": found.get("filterName"),
        "LogGroupName": found.get("logGroupName", promised["LogGroupName"]),
        "FilterPattern": found.get("filterPattern"),
        "MetricTransformations": found.get("metricTransformations", []),
    }


READERS = {
    "AWS::Athena::WorkGroup": work_group,
    "AWS::ECR::Repository": repository,
    "AWS::Glue::Database": glue_database,
    "AWS::KMS::Alias": alias,
    "AWS::KMS::Key": key,
    "AWS::Logs::LogGroup": log_group,
    "AWS::Logs::MetricFilter": metric_filter,
    "AWS::S3::Bucket": bucket,
    "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::SecretsManager::RotationSchedule": rotation,
    "AWS::SecretsManager::Secret": secret,
    "AWS::SNS::Subscription": subscription,
    "AWS::SNS::Topic": topic,
    "AWS::SNS::TopicPolicy": topic_policy,
    "AWS::SQS::Queue": queue,
    "AWS::SQS::QueuePolicy": queue_policy,
}
"""The reader of each type of resource."""
