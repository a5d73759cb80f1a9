"""What counts as a difference, and that nothing the template promises is left unread."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.deployment import readers_compute, readers_storage, readers_watching
from soxauto_assets.deployment.comparing import Difference, differences, policy
from soxauto_assets.deployment.statement import Occasion, state_document
from soxauto_assets.deployment.template import (
    NO_VALUE,
    Stack,
    TemplateError,
    UnresolvedError,
    read_template,
)
from soxauto_assets.deployment.verification import NOT_READ, READERS, ResourceFinding
from soxauto_assets_tests.deployment.test_template import PATH, listed

scalars = st.one_of(st.booleans(), st.integers(), st.text(max_size=5))
settings = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=4), inner)
    ),
    max_leaves=8,
)


@given(settings)
def test_what_is_as_promised_differs_in_nothing(value: Any) -> None:
    assert list(differences(value, value)) == []
    assert list(differences(value, value, exact=True)) == []


@given(st.dictionaries(st.sampled_from("ABC"), scalars, min_size=1), scalars)
def test_a_promised_setting_that_is_other_or_gone_is_named(promised: Any, other: Any) -> None:
    name = next(iter(promised))
    gone = {key: value for key, value in promised.items() if key != name}
    assert [one.setting for one in differences(promised, gone)] == [name]
    changed = {**promised, name: f"{other}, not {promised[name]}"}
    assert [one.setting for one in differences(promised, changed)] == [name]


@pytest.mark.parametrize(
    ("promised", "found", "expected"),
    [
        ({"A": 1}, {"a": 1}, []),
        ({"A": 1}, {"A": "1", "B": 2}, []),
        ({"A": True}, {"A": "true"}, []),
        ({"A": 900.0}, {"A": 900}, []),
        ({"A": [1, 2]}, {"A": [2, 1]}, []),
        ({"A": [1]}, {"A": [1, 2]}, [("A", "(not there)", "2")]),
        ({"A": [1, 2]}, {"A": [1]}, [("A", "2", "(not there)")]),
        ({"Variables": {"A": "x"}}, {"Variables": {"A": "x", "B": "y"}}, "Variables.B"),
        ({"A": {"B": 0}}, {"A": {}}, [("A.B", "0", "(not there)")]),
    ],
)
def test_differences_are_told_as_setting_promised_and_found(
    promised: Any, found: Any, expected: Any
) -> None:
    told = list(differences(promised, found))
    if isinstance(expected, str):
        assert told == [Difference(expected, "(not there)", "y")]
    else:
        assert told == [Difference(*one) for one in expected]


def test_one_more_statement_and_one_more_action_are_differences() -> None:
    one = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "a"}
    promised = {"PolicyDocument": policy({"Statement": one})}
    same = {"PolicyDocument": policy({"Statement": [{**one, "Action": ["s3:GetObject"]}]})}
    assert list(differences(promised, same)) == []
    for more in (
        [one, {**one, "Resource": "b"}],
        [{**one, "Action": ["s3:GetObject", "s3:PutObject"]}],
        [{**one, "Condition": {"Bool": {"a": "b"}}}],
        [],
    ):
        found = {"PolicyDocument": policy({"Statement": more})}
        assert list(differences(promised, found)) != []


# -- nothing is left unread


def test_every_type_of_the_template_has_a_reader_and_no_reader_is_idle() -> None:
    kinds = {one["Type"] for one in read_template(PATH)["Resources"].values()}
    assert kinds == set(READERS)


def test_every_property_that_is_not_read_says_why() -> None:
    for reasons in NOT_READ.values():
        for reason in reasons.values():
            assert len(reason.split()) >= 3


OTHER_NAMES = {
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}


def test_the_role_that_reads_has_the_right_for_every_request_of_the_readers() -> None:
    policies = read_template(PATH)["Resources"]["ReadSettingsPolicy"]["Properties"]
    granted = {
        action
        for one in policies["PolicyDocument"]["Statement"]
        for action in listed(one["Action"])
    }
    source = "".join(map(inspect.getsource, (readers_compute, readers_storage, readers_watching)))
    requests = re.findall(r'ask(?:\.pages)?\(\s*"(\w+)",\s*"(\w+)"', source)
    assert len(requests) > 40
    for service, operation in requests:
        camel = "".join(part.capitalize() for part in operation.split("_")).replace("Db", "DB")
        prefix = {"elbv2": "elasticloadbalancing"}.get(service, service)
        action = OTHER_NAMES.get(f"{prefix}:{camel}", f"{prefix}:{camel}")
        assert action in granted, action


# -- functions of the template


def stack(**attributes: str) -> Stack:
    document = {
        "Parameters": {"Name": {"Type": "String", "Default": "x"}, "Ids": {"Type": "List<I>"}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "Name"}, "x"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
        },
        "Resources": {"A": {"Type": "T"}, "B": {"Type": "T", "Condition": "No"}},
    }
    return Stack(document, {"Ids": "1,2"}, {"AWS::Region": "r"}, {"A": "a-1"}, attributes)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "A"}, "a-1"),
        ({"Ref": "Name"}, "x"),
        ({"Ref": "Ids"}, ["1", "2"]),
        ({"Ref": "AWS::NoValue"}, NO_VALUE),
        ({"Fn::Sub": "${AWS::Region}/${A.Arn}/${!Literal}"}, "r/arn/${Literal}"),
        ({"Fn::Join": [",", {"Ref": "Ids"}]}, "1,2"),
        ({"Fn::Select": [1, {"Fn::Split": ["@", "a@b"]}]}, "b"),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"K": {"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, 1]}, "L": 1}, {"L": 1}),
        ([{"Ref": "AWS::NoValue"}, 1], [1]),
    ],
)
def test_functions_are_worked_out(node: Any, value: Any) -> None:
    assert stack(**{"A.Arn": "arn"}).value(node) == value


def test_a_resource_without_its_condition_is_not_promised() -> None:
    assert stack().promised() == {"A": "T"}


def test_what_cannot_be_worked_out_is_said_and_never_guessed() -> None:
    for node in ({"Ref": "Gone"}, {"Fn::GetAtt": ["A", "Arn"]}, {"Fn::Sub": "${A.Arn}"}):
        with pytest.raises(UnresolvedError):
            stack().value(node)
    with pytest.raises(TemplateError, match="Fn::Cidr"):
        stack().value({"Fn::Cidr": []})
    with pytest.raises(TemplateError, match="Unknown"):
        stack().holds("Unknown")


def test_the_state_names_every_finding_and_is_only_as_promised_where_all_was_read() -> None:
    import json
    from datetime import UTC, datetime

    at = datetime(2024, 10, 1, 8, tzinfo=UTC)
    occasion = Occasion("soxauto", "1", "r", "arn", "aa", "bb", at)
    well = ResourceFinding("A", "T", "a", 3)
    unread = ResourceFinding("B", "T", "b", 0, unreadable="denied")
    assert json.loads(state_document(occasion, [well]))["verdict"] == "AS PROMISED"
    state = json.loads(state_document(occasion, [well, unread]))
    assert (state["verdict"], state["unreadable"], state["settings_compared"]) == (
        "DIFFERENT",
        1,
        3,
    )
    assert [one["name"] for one in state["resources"]] == ["A", "B"]
