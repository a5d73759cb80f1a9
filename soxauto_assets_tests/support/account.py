"""The template deployed on MiniStack, which enforces IAM, key and bucket policies, over TLS.

What it cannot show: its CloudFormation knows three types of ours not at all (``NOT_DEPLOYED``) and
drops settings of others (``test_deployment.py`` lists them); it never sees a second factor; what a
service does on the role's behalf (``kms:ViaService``) it does not tell KMS; and it takes a role's
session for ``aws:PrincipalArn`` and knows no condition on the namespace of metrics, so that the
copy that is deployed here names sessions and has no such condition. It knows no
``MasterUserSecret`` of RDS, so that the copy names an ARN; and it takes the reading of a function's
concurrency for its writing. The tests of the parsed
template stand for these.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import cffi
import cryptography
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from soxauto_assets.deployment.template import read_template
from soxauto_assets.settings import PROJECT_FOLDER
from soxauto_assets_tests.support.ministack_process import REGION, ministack_process

TEMPLATE = PROJECT_FOLDER / "deploy" / "soxauto.yaml"
ACCOUNT, STACK = "123456789012", "soxauto"
_SECONDS = 90
NOT_DEPLOYED = {
    "AWS::CloudTrail::Trail",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::EC2::SecurityGroupEgress",
}
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/jumia-sox/soxauto@sha256:{'a' * 64}"
_ROOT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Account:
    """An emulated account in which the stack stands. ``certificate`` is that of its address."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.endpoint = f"https://127.0.0.1:{port}"
        self.certificate = certificate
        self._session = boto3.session.Session()  # one, for it reads each service's model once

    def client(self, service: str, role: str | None = None) -> Any:
        """A client as root, or as the role of the template with that name (``runner``)."""
        if role is None:
            return self.client_with(
                service, {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            )
        return self.client_with(service, self.keys(role))

    def keys(self, role: str) -> dict[str, str]:
        """The keys of a session of the role, by boto3's names of them."""
        answer = self.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/jumia-sox-{role}", RoleSessionName="test"
        )["Credentials"]
        return {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }

    def client_with(self, service: str, keys: Mapping[str, str]) -> Any:
        return self._session.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            verify=str(self.certificate),
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            **keys,
        )

    @property
    def outputs(self) -> dict[str, str]:
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


@contextmanager
def emulated_account(folder: Path) -> Iterator[Account]:
    """A running emulator without a stack; its files are in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = _certificate(folder)
    settings = {
        **_ROOT,
        "AUTH": "true",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_SSL_CERT": str(certificate),
        "MINISTACK_SSL_KEY": str(key),
        "PYTHONPATH": str(_with_cryptography(folder / "packages")),
        "STATE_DIR": str(folder / "state"),
        "USE_SSL": "1",
    }
    with ministack_process(folder, settings, _listens) as port:
        yield Account(port, certificate)


def deploy(account: Account, **parameters: str) -> dict[str, Any]:
    """Make the stack, as root; the template as deployed, in which each role trusts root too.

    Raises AssertionError with what CloudFormation says.
    """
    document = read_template(TEMPLATE)
    text = json.dumps(document).replace(
        ', "Condition": {"StringEquals": {"cloudwatch:namespace": "SOXAuto/PG01"}}', ""
    )
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:database-password"
    text = text.replace(
        '{"Fn::GetAtt": ["DagsterDatabase", "MasterUserSecret.SecretArn"]}', f'"{secret}"'
    ).replace("${DagsterDatabase.MasterUserSecret.SecretArn}", secret)
    text = text.replace(
        '"lambda:GetFunctionConcurrency"',
        '"lambda:GetFunctionConcurrency", "lambda:PutFunctionConcurrency"',
    )
    document = json.loads(text)
    document["Resources"] = {
        name: resource
        for name, resource in document["Resources"].items()
        if resource["Type"] not in NOT_DEPLOYED
    }
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::KMS::Key":
            _name_sessions(resource["Properties"]["KeyPolicy"])
        if resource["Type"] == "AWS::IAM::Role":
            resource["Properties"]["AssumeRolePolicyDocument"]["Statement"].append(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "sts:AssumeRole",
                }
            )
    s3 = account.client("s3")
    s3.create_bucket(Bucket="bootstrap", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="bootstrap", Key="soxauto.json", Body=json.dumps(document).encode())
    given = {**network(account), **OIDC, "AlertEmail": "sox@example.com", "ImageUri": IMAGE}
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"{account.endpoint}/bootstrap/soxauto.json",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in {**given, **parameters}.items()
        ],
    )
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(0.2)
    failed = [
        (event["LogicalResourceId"], event.get("ResourceStatusReason"))
        for event in cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        if "FAILED" in event["ResourceStatus"]
    ]
    assert stack["StackStatus"] == "CREATE_COMPLETE", (stack["StackStatus"], failed)
    return document


def _name_sessions(policy: dict[str, Any]) -> None:
    """Name sessions of roles, not roles, which is what ``aws:PrincipalArn`` is to the emulator."""
    for statement in policy["Statement"]:
        roles = statement.get("Condition", {}).pop("ArnNotEquals", None)
        if roles is not None:
            statement["Condition"]["ArnNotLike"] = {
                "aws:PrincipalArn": [
                    {
                        "Fn::Sub": role["Fn::Sub"]
                        .replace(":iam:", ":sts:")
                        .replace(":role/", ":assumed-role/")
                        + "/*"
                    }
                    for role in roles["aws:PrincipalArn"]
                ]
            }


OIDC = {
    "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0b8ee4dc-0000-4000-8000-0",
    "OidcIssuer": "https://login.example.com",
    "OidcAuthorizationEndpoint": "https://login.example.com/authorize",
    "OidcTokenEndpoint": "https://login.example.com/token",
    "OidcUserInfoEndpoint": "https://login.example.com/userinfo",
    "OidcClientId": "soxauto",
    "AuditorOidcClientId": "soxauto-auditors",
}


def network(account: Account) -> dict[str, str]:
    """A VPC with two subnets, and the secret of the identity provider: what a customer has."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in ((1, "a"), (2, "b"))
    ]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    account.client("secretsmanager").create_secret(
        Name="SOXAUTO_OIDC",
        SecretString=json.dumps({"client_secret": "one", "auditor_client_secret": "two"}),
    )
    return {
        "VpcId": vpc,
        "VpcCidr": "10.20.0.0/16",
        "SubnetIds": ",".join(subnets),
        "RouteTableIds": table,
    }


def _with_cryptography(folder: Path) -> Path:
    """A folder with our ``cryptography``, without which the emulator makes no signing key."""
    folder.mkdir()
    site = Path(cryptography.__file__).parent.parent
    parts = [Path(cryptography.__file__).parent, Path(cffi.__file__).parent]
    parts += [*site.glob("_cffi_backend*"), *site.glob("cryptography-*.dist-info")]
    for part in parts:
        (folder / part.name).symlink_to(part)
    return folder


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def refused(error: botocore.exceptions.ClientError) -> bool:
    """Whether the answer was a refusal for want of a right."""
    code = error.response["Error"]["Code"]
    return code in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"} or (
        "AuthorizationError" in code
    )
