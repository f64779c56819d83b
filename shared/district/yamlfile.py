"""Reading YAML into plain values with the line of each part, duplicates noticed.

Every scalar stays text until the model reads it: YAML's own guesses would turn `0102` into 66 and `22:00` into 1320.
"""

from __future__ import annotations

from typing import Any

import yaml

from shared.district.problems import Lines, Loc, Position, Problem

_NOTHING = frozenset({"", "~", "null"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlFile:
    """One YAML file: its value (None where there is none), the line of each path in it, and what is wrong with it."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self.lines: Lines = {(): Position(name, 1)}
        self.problems: list[Problem] = []
        self.value = self._compose(text)

    def _compose(self, text: str) -> Any:
        try:
            root = yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self._complain(line, f"is not YAML: {error.problem} {error.context or ''}".rstrip())
        except yaml.YAMLError as error:
            self._complain(0, f"is not YAML: {error}")
        else:
            return None if root is None else self._value(root, ())
        return None

    def _complain(self, line: int, message: str) -> None:
        self.problems.append(Problem(Position(self._name, line), message))

    def _value(self, node: yaml.Node, loc: Loc) -> Any:
        """Turn a node into a value and note the line of everything in it."""
        self.lines.setdefault(loc, Position(self._name, node.start_mark.line + 1))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(one, (*loc, n)) for n, one in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        return None if plain and node.value in _NOTHING else node.value

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        """Read a mapping; a key with nothing behind it is as good as not there."""
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if (*loc, key) in self.lines:
                self._complain(line, f"'{key}' is already given at {self.lines[(*loc, key)]}")
                continue
            self.lines[(*loc, key)] = Position(self._name, line)
            value = self._value(value_node, (*loc, key))
            if value is not None:
                found[key] = value
        return found
