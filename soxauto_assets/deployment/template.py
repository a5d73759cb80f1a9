"""The CloudFormation template as data, and its properties with all functions worked out.

Here: the short tags of YAML (``!Ref`` …), conditions, and the intrinsic functions that
``deploy/soxauto.yaml`` uses. Not here: what AWS says (``readers``), and the comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from soxauto_assets.errors import PermanentError

_PSEUDO = re.compile(r"\$\{(!?)([A-Za-z0-9:.]+)\}")


class TemplateError(PermanentError):
    """The template cannot be read, or holds a function that is not known here."""


class UnresolvedError(Exception):
    """A value is known to CloudFormation alone; ``what`` names it."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class _NoValue:
    """``AWS::NoValue``: the property is not there."""


NO_VALUE = _NoValue()


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's tags; each becomes its long form (``Fn::Sub`` …)."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _tagged)


def parse_template(text: str) -> dict[str, Any]:
    """The template's document. Raises TemplateError where it is no YAML or has no resources."""
    try:
        document = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise TemplateError(
            "The template is no YAML.", remedy="Take deploy/soxauto.yaml of the release."
        ) from error
    if not isinstance(document, dict) or "Resources" not in document:
        raise TemplateError(
            "The template has no Resources.", remedy="Take deploy/soxauto.yaml of the release."
        )
    return document


def read_template(path: Path) -> dict[str, Any]:
    """The document in the file. Raises TemplateError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(
            f"The template {path} cannot be read.",
            remedy="Name it: soxauto deploy verify --template FILE.",
        ) from error
    return parse_template(text)


@dataclass(frozen=True)
class Stack:
    """A deployed template: its document, and what CloudFormation made of it.

    ``parameters`` are those of the stack, ``pseudo`` the values of ``AWS::Region`` and the like,
    ``physical`` the physical id of each logical one, ``attributes`` what ``Fn::GetAtt`` gives, by
    ``Logical.Attribute``, as far as it is known.
    """

    document: Mapping[str, Any]
    parameters: Mapping[str, str]
    pseudo: Mapping[str, str]
    physical: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)

    def promised(self) -> dict[str, str]:
        """The logical id of every resource whose condition holds, with its type."""
        return {
            name: resource["Type"]
            for name, resource in self.document["Resources"].items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }

    def properties(self, name: str) -> dict[str, Any]:
        """The properties of a resource, worked out. Raises UnresolvedError and TemplateError."""
        values = self.value(self.document["Resources"][name].get("Properties", {}))
        assert isinstance(values, dict)
        return values

    def holds(self, condition: str) -> bool:
        """Whether the condition of that name holds."""
        if condition not in self.document.get("Conditions", {}):
            raise TemplateError(
                f"The template has no condition {condition}.",
                remedy="Take deploy/soxauto.yaml of the release.",
            )
        return bool(self.value(self.document["Conditions"][condition]))

    def value(self, node: Any) -> Any:
        """``node`` with its functions worked out; without what has no value."""
        if isinstance(node, dict):
            if len(node) == 1:
                ((name, argument),) = node.items()
                if name in ("Ref", "Condition") or str(name).startswith("Fn::"):
                    return self._function(name, argument)
            values = {key: self.value(item) for key, item in node.items()}
            return {key: item for key, item in values.items() if item is not NO_VALUE}
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NO_VALUE]
        return node

    def _function(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._reference(argument)
            case "Condition":
                return self.holds(argument)
            case "Fn::GetAtt":
                return self._attribute(".".join(argument))
            case "Fn::Sub":
                return _PSEUDO.sub(self._substituted, argument)
            case "Fn::Join":
                return str(argument[0]).join(map(str, self.value(argument[1])))
            case "Fn::Split":
                return str(self.value(argument[1])).split(argument[0])
            case "Fn::Select":
                return self.value(argument[1])[int(argument[0])]
            case "Fn::If":
                return self.value(argument[1] if self.holds(argument[0]) else argument[2])
            case "Fn::Equals":
                left, right = map(self.value, argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self.value(argument[0])
            case "Fn::And":
                return all(map(self.value, argument))
            case "Fn::Or":
                return any(map(self.value, argument))
        raise TemplateError(
            f"The template uses {name}, which is not known here.",
            remedy="Teach soxauto_assets/deployment/template.py the function.",
        )

    def _substituted(self, match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        if "." in name:
            return self._attribute(name)
        return str(self._reference(name))

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self._declared:
            return self._declared[name]
        if name in self.physical:
            return self.physical[name]
        raise UnresolvedError(name)

    def _attribute(self, name: str) -> str:
        if name in self.attributes:
            return self.attributes[name]
        raise UnresolvedError(name)

    @cached_property
    def _declared(self) -> dict[str, Any]:
        """The parameters, lists as lists."""
        values: dict[str, Any] = {}
        for name, declared in self.document.get("Parameters", {}).items():
            text = str(self.parameters.get(name, declared.get("Default", "")))
            several = declared["Type"].startswith(("List<", "CommaDelimitedList"))
            values[name] = text.split(",") if several else text
        return values
