"""Every command of docs/deploy.md exists: subcommands and options of soxauto and of the AWS CLI."""

from __future__ import annotations

import json
import re
import shlex

import botocore.session
import pytest
import typer.main
from botocore import xform_name

from soxauto_assets.deployment.template import read_template
from soxauto_assets.entrypoints.bindings import resources
from soxauto_assets.entrypoints.cli import app
from soxauto_assets.entrypoints.lambda_event import asked_for
from soxauto_assets.entrypoints.lambda_result import Result, Status
from soxauto_assets.settings import PROJECT_FOLDER, Settings

PAGE = (PROJECT_FOLDER / "docs" / "deploy.md").read_text()
TEMPLATE = read_template(PROJECT_FOLDER / "deploy" / "soxauto.yaml")
SESSION = botocore.session.get_session()
CLI_OPTIONS = {"query", "output", "region", "cli-binary-format", "cli-read-timeout"}
"""Options that every command of the AWS CLI takes."""
OWN_COMMANDS = {
    ("cloudformation", "deploy"): {
        "stack-name",
        "template-file",
        "s3-bucket",
        "capabilities",
        "parameter-overrides",
        "role-arn",
    },
    ("ecr", "get-login-password"): set(),
    ("logs", "tail"): {"since", "format", "follow"},
    ("s3", "ls"): {"recursive"},
    ("s3", "mb"): set(),
}
"""Commands that the AWS CLI adds to the services' own operations, with the options used here."""


def commands(program: str) -> list[list[str]]:
    """The commands of the page's blocks and tables that begin with the program."""
    blocks = "\n".join(re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S)).replace("\\\n", " ")
    lines = re.split(r"\n|\$\(|\) *\n|\|", blocks)
    lines += re.findall(rf"`({program} [^`]+)`", PAGE)
    return [
        shlex.split(line.strip().rstrip(")"))
        for line in lines
        if line.strip().startswith(f"{program} ")
    ]


@pytest.mark.parametrize("command", commands("aws"), ids=" ".join)
def test_the_aws_command_and_its_options_exist(command: list[str]) -> None:
    _, service, operation, *rest = command
    given = {word[2:].partition("=")[0] for word in rest if word.startswith("--")}
    if (service, operation) in OWN_COMMANDS:
        assert given - CLI_OPTIONS <= OWN_COMMANDS[service, operation]
        return
    model = SESSION.get_service_model(service)
    by_name = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in by_name
    shape = model.operation_model(by_name[operation]).input_shape
    options = {xform_name(member, "-") for member in shape.members}
    assert given - CLI_OPTIONS <= options
    required = {xform_name(member, "-") for member in shape.required_members}
    assert required <= given


@pytest.mark.parametrize("command", commands("soxauto"), ids=" ".join)
def test_the_soxauto_command_and_its_options_exist(command: list[str]) -> None:
    found = typer.main.get_command(app)
    words = command[1:]
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]  # type: ignore[attr-defined]
    assert not hasattr(found, "commands"), command
    options = {option for one in found.params for option in (*one.opts, *one.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options


def test_parameters_alarms_and_names_of_the_page_are_those_of_the_template() -> None:
    for command in commands("aws"):
        if "--parameter-overrides" in command:
            for word in command[command.index("--parameter-overrides") + 1 :]:
                if word.startswith("--"):
                    break
                assert word.partition("=")[0] in TEMPLATE["Parameters"]
    alarms = {
        resource["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${Prefix}-")
        for resource in TEMPLATE["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    section = PAGE.partition("## Monitoring")[2].partition("A task that stops")[0]
    assert set(re.findall(r"`([a-z-]+)`", section)) == alarms
    known = set(TEMPLATE["Parameters"]) | {
        "ResultReuseConfiguration",
        "MonthFailedError",
        "CURRENT",
    }
    known |= {status.value for status in Status}
    for parameter in re.findall(r"`([A-Z][A-Za-z]+)(?:=\w+)?`", PAGE):
        assert parameter in known, parameter


def test_every_role_of_people_is_told() -> None:
    section = PAGE.partition("| `sox-role` |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `([a-z-]+)` \|", section, re.M)
    tags = re.findall(r'"aws:PrincipalTag/sox-role": "([a-z-]+)"', json.dumps(TEMPLATE))
    assert sorted(told) == sorted(tags)


def test_the_events_and_the_result_of_the_page_are_those_of_the_function() -> None:
    section = PAGE.partition("## What the function takes")[2].partition("\n## ")[0]
    asked = 0
    for text in re.findall(r"`(\{[^`]*\})`", section):
        asked_for(json.loads(text), Settings.load({}))
        asked += 1
    assert asked >= 6
    (document,) = re.findall(r"```json\n(.*?)```", section, re.S)
    shown = json.loads(document)
    told = asked_for({"period": shown["period"], "reports": ["cr_05"]}, Settings.load({}))
    empty = Result(told, "id", resources(Settings.load({})), whole=False).as_document()
    assert list(shown) == list(empty)
    assert set(shown["reports"][0]) == set(empty["reports"][0])  # type: ignore[index]
    for status in Status:
        assert f"| `{status.value}` |" in section
