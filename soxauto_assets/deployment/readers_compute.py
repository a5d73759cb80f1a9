"""Settings of what runs and where, read back in the shape of the template's properties.

Functions, schedules, tasks, services, network, load balancer, PostgreSQL.
"""

from __future__ import annotations

import json
from typing import Any

from soxauto_assets.deployment.asking import Asking

Properties = dict[str, Any]


def function(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Lambda::Function; its code only where it is an image."""
    answer = ask("lambda", "get_function", FunctionName=name)
    about = answer["Configuration"]
    concurrency = ask("lambda", "get_function_concurrency", FunctionName=name)
    found: Properties = {
        part: about[part]
        for part in (
            "FunctionName",
            "Description",
            "PackageType",
            "Runtime",
            "Handler",
            "Role",
            "Timeout",
            "MemorySize",
            "EphemeralStorage",
            "DeadLetterConfig",
            "LoggingConfig",
        )
        if part in about
    }
    found["KmsKeyArn"] = about.get("KMSKeyArn")
    found["Environment"] = {"Variables": about.get("Environment", {}).get("Variables", {})}
    found["ImageConfig"] = about.get("ImageConfigResponse", {}).get("ImageConfig", {})
    found["VpcConfig"] = {
        part: about.get("VpcConfig", {}).get(part, []) for part in ("SubnetIds", "SecurityGroupIds")
    }
    found["ReservedConcurrentExecutions"] = concurrency.get(
        "ReservedConcurrentExecutions", "unbounded"
    )
    if "ImageUri" in promised.get("Code", {}):
        found["Code"] = {"ImageUri": answer.get("Code", {}).get("ImageUri")}
    return found


def invoked_once(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Lambda::EventInvokeConfig."""
    found = ask(
        "lambda",
        "get_function_event_invoke_config",
        absent=("ResourceNotFoundException",),
        FunctionName=promised["FunctionName"],
        Qualifier=promised["Qualifier"],
    )
    return {
        "FunctionName": promised["FunctionName"],
        "Qualifier": promised["Qualifier"],
        "MaximumRetryAttempts": found.get("MaximumRetryAttempts", 2),
        "MaximumEventAgeInSeconds": found.get("MaximumEventAgeInSeconds", 21600),
        "DestinationConfig": {"OnFailure": found.get("DestinationConfig", {}).get("OnFailure", {})},
    }


def permission(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Lambda::Permission: the statement that lets the same service in, if there is one."""
    arn = promised["FunctionName"]
    text = ask("lambda", "get_policy", absent=("ResourceNotFoundException",), FunctionName=arn)
    for statement in json.loads(text.get("Policy", "{}")).get("Statement", []):
        principal = statement.get("Principal")
        service = principal.get("Service") if isinstance(principal, dict) else principal
        conditions = {
            key: value
            for keys in statement.get("Condition", {}).values()
            for key, value in keys.items()
        }
        if service == promised["Principal"]:
            return {
                "FunctionName": statement["Resource"],
                "Action": statement["Action"],
                "Principal": service,
                "SourceArn": conditions.get("AWS:SourceArn"),
                "SourceAccount": conditions.get("AWS:SourceAccount"),
            }
    return {}


def schedule(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::Scheduler::Schedule."""
    return dict(
        ask("scheduler", "get_schedule", Name=promised["Name"], GroupName=promised["GroupName"])
    )


def cluster(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::ECS::Cluster."""
    found = ask("ecs", "describe_clusters", clusters=[name], include=["SETTINGS"])["clusters"]
    one = found[0] if found and found[0].get("status") == "ACTIVE" else {}
    return {"ClusterName": one.get("clusterName"), "ClusterSettings": one.get("settings", [])}


def task_definition(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::ECS::TaskDefinition."""
    found = ask("ecs", "describe_task_definition", taskDefinition=name)["taskDefinition"]
    return dict(found)


def service(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::ECS::Service; one with fewer tasks running than wanted is a difference."""
    found = ask(
        "ecs",
        "describe_services",
        cluster=promised["Cluster"],
        services=[promised["ServiceName"]],
    )["services"]
    one = dict(found[0]) if found and found[0].get("status") == "ACTIVE" else {}
    one["Cluster"] = str(one.pop("clusterArn", "")).rpartition("/")[2]
    return one


def security_group(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::EC2::SecurityGroup, each rule by itself."""
    (found,) = ask("ec2", "describe_security_groups", GroupIds=[name])["SecurityGroups"]
    return {
        "GroupName": found["GroupName"],
        "GroupDescription": found["Description"],
        "VpcId": found.get("VpcId"),
        "SecurityGroupIngress": _rules(found["IpPermissions"], "SourceSecurityGroupId"),
        "SecurityGroupEgress": [
            rule
            for rule in _rules(found["IpPermissionsEgress"], "DestinationSecurityGroupId")
            # The rule of TimeStampEgress stands in the same group and has a reader of its own.
            if rule.get("Description") != TIME_STAMP_RULE
        ],
    }


TIME_STAMP_RULE = "Time stamp authorities are asked over HTTP; their answers are signed"


def time_stamp_rule(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::EC2::SecurityGroupEgress."""
    (found,) = ask("ec2", "describe_security_groups", GroupIds=[promised["GroupId"]])[
        "SecurityGroups"
    ]
    rules = _rules(found["IpPermissionsEgress"], "DestinationSecurityGroupId")
    one = next((rule for rule in rules if rule.get("Description") == TIME_STAMP_RULE), {})
    return {"GroupId": promised["GroupId"], **one}


def _rules(permissions: list[Any], group: str) -> list[Properties]:
    rules = []
    for permission_ in permissions:
        about = {"IpProtocol": permission_["IpProtocol"]}
        for part in ("FromPort", "ToPort"):
            if part in permission_:
                about[part] = permission_[part]
        for peer, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            for one in permission_.get(peer, []):
                described = {"Description": one["Description"]} if "Description" in one else {}
                key = "CidrIp" if peer == "IpRanges" else "CidrIpv6"
                rules.append({**about, **described, name: one[key]})
        for one in permission_.get("UserIdGroupPairs", []):
            described = {"Description": one["Description"]} if "Description" in one else {}
            rules.append({**about, **described, group: one["GroupId"]})
    return rules


def endpoint(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::EC2::VPCEndpoint."""
    (found,) = ask("ec2", "describe_vpc_endpoints", VpcEndpointIds=[name])["VpcEndpoints"]
    about = dict(found)
    about["SecurityGroupIds"] = [one["GroupId"] for one in about.get("Groups", [])]
    return about


def balancer(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::ElasticLoadBalancingV2::LoadBalancer, with the attributes that are promised."""
    (found,) = ask("elbv2", "describe_load_balancers", LoadBalancerArns=[name])["LoadBalancers"]
    attributes = ask("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=name)
    wanted = {one["Key"] for one in promised["LoadBalancerAttributes"]}
    return {
        "Name": found["LoadBalancerName"],
        "Type": found["Type"],
        "Scheme": found["Scheme"],
        "Subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
        "SecurityGroups": found.get("SecurityGroups", []),
        "LoadBalancerAttributes": [one for one in attributes["Attributes"] if one["Key"] in wanted],
    }


def listener(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::ElasticLoadBalancingV2::Listener."""
    (found,) = ask("elbv2", "describe_listeners", ListenerArns=[name])["Listeners"]
    return dict(found)


def target_group(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::ElasticLoadBalancingV2::TargetGroup."""
    (found,) = ask("elbv2", "describe_target_groups", TargetGroupArns=[name])["TargetGroups"]
    return {**found, "Name": found["TargetGroupName"]}


def database(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::RDS::DBInstance."""
    (found,) = ask("rds", "describe_db_instances", DBInstanceIdentifier=name)["DBInstances"]
    return {
        **found,
        "DBSubnetGroupName": found.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        "DBParameterGroupName": next(
            (one["DBParameterGroupName"] for one in found.get("DBParameterGroups", [])), None
        ),
        "VPCSecurityGroups": [
            one["VpcSecurityGroupId"] for one in found.get("VpcSecurityGroups", [])
        ],
        "EnableIAMDatabaseAuthentication": found.get("IAMDatabaseAuthenticationEnabled"),
        "EnableCloudwatchLogsExports": found.get("EnabledCloudwatchLogsExports", []),
        "EnablePerformanceInsights": found.get("PerformanceInsightsEnabled"),
    }


def subnet_group(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::RDS::DBSubnetGroup."""
    (found,) = ask("rds", "describe_db_subnet_groups", DBSubnetGroupName=name)["DBSubnetGroups"]
    return {
        "DBSubnetGroupDescription": found.get("DBSubnetGroupDescription"),
        "SubnetIds": [one["SubnetIdentifier"] for one in found.get("Subnets", [])],
    }


def parameter_group(ask: Asking, name: str, promised: Properties) -> Properties:
    """AWS::RDS::DBParameterGroup, with the parameters that were set."""
    marker: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    while True:
        answer = ask("rds", "describe_db_parameters", DBParameterGroupName=name, **marker)
        for one in answer["Parameters"]:
            parameters[one["ParameterName"]] = one.get("ParameterValue")
        if not answer.get("Marker"):
            return {"Parameters": parameters}
        marker = {"Marker": answer["Marker"]}


READERS = {
    "AWS::EC2::SecurityGroup": security_group,
    "AWS::EC2::SecurityGroupEgress": time_stamp_rule,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::ECS::Cluster": cluster,
    "AWS::ECS::Service": service,
    "AWS::ECS::TaskDefinition": task_definition,
    "AWS::ElasticLoadBalancingV2::Listener": listener,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": balancer,
    "AWS::ElasticLoadBalancingV2::TargetGroup": target_group,
    "AWS::Lambda::EventInvokeConfig": invoked_once,
    "AWS::Lambda::Function": function,
    "AWS::Lambda::Permission": permission,
    "AWS::RDS::DBInstance": database,
    "AWS::RDS::DBParameterGroup": parameter_group,
    "AWS::RDS::DBSubnetGroup": subnet_group,
    "AWS::Scheduler::Schedule": schedule,
}
"""The reader of each type of resource."""
