"""Routing: the first rule that matches, then what rule, area, category, class and district say, field by field.

Compiled once for each profile; choosing costs microseconds, for it runs for every report.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from shared.district.conditions import Condition, View, compile_conditions
from shared.district.departments import DepartmentIndex
from shared.district.model import Profile
from shared.district.resolution import Decided, PolicyBook
from shared.district.routing import Facts, Routing
from shared.district.rulebook import Rule

__all__ = ["Facts", "Routing", "RuleBook", "choose"]

_REMEMBERED = 16_384


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    conditions: tuple[Condition, ...]

    def failure(self, view: View) -> str | None:
        """Return why the rule does not match, or None when it does."""
        for condition in self.conditions:
            if not condition.test(view):
                return condition.otherwise
        return None


class Routed(Protocol):
    """What `choose` needs of an index."""

    rulebook: RuleBook


def choose(index: Routed, facts: Facts) -> Routing:
    """Return who handles a report, by when, and why."""
    return index.rulebook.choose(facts)


class RuleBook:
    """The rules and policies of one profile, ready to choose by."""

    def __init__(self, profile: Profile, departments: DepartmentIndex) -> None:
        self._zone = profile.zone
        self._joint_severity = profile.whistle.joint_severity
        known = frozenset(one.key for one in profile.categories)
        within = _grids_within(profile)
        self._rules = tuple(_compile(rule, known, within) for rule in profile.rules)
        policies = PolicyBook(profile, departments)
        self._decide = lru_cache(maxsize=_REMEMBERED)(
            lambda at, key, township, community: policies.decide(
                None if at is None else profile.rules[at], key, township, community
            )
        )

    def choose(self, facts: Facts) -> Routing:
        """Return who handles a report, by when, and why."""
        at, tried = self._first_match(View(facts, self._zone))
        decided = self._decide(at, facts.category, facts.township, facts.community)
        then = None if at is None else self._rules[at].rule.then
        severity, note = _severity(facts.severity, then.severity if then else None, decided)
        joint = then is not None and then.joint
        whistle = decided.whistle or (joint and severity <= self._joint_severity)
        notes = decided.notes if decided.whistle or not joint else self._told_of_joint(decided, severity)
        return Routing(
            rule_id=None if at is None else self._rules[at].rule.id,
            lead=decided.lead,
            assists=decided.assists,
            accept=decided.accept,
            stages=decided.stages,
            verify=decided.verify,
            severity=severity,
            priority=decided.priority,
            evidence=decided.evidence,
            joint=joint,
            whistle=whistle,
            notice=decided.notice,
            explanation=(*tried, *notes, *note),
        )

    def _told_of_joint(self, decided: Decided, severity: int) -> tuple[str, ...]:
        """Return the notes with the word of a joint case's severity in place of the policies' about the whistle."""
        most = self._joint_severity
        said = f"whistle: {severity <= most}, a joint case of severity {severity}; blown up to {most}"
        return (*(note for note in decided.notes if not note.startswith("whistle: ")), said)

    def _first_match(self, view: View) -> tuple[int | None, list[str]]:
        """Return the position of the first rule that matches, and one line for each rule tried."""
        tried: list[str] = []
        for at, compiled in enumerate(self._rules):
            failure = compiled.failure(view)
            if failure is None:
                tried.append(f"rule {compiled.rule.id}: matches")
                return at, tried
            tried.append(failure)
        return None, tried


def _grids_within(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Return for each grid with sub-grids or successors the codes that mean a part of its ground."""
    parts: dict[str, tuple[str, ...]] = {}
    for grid in profile.grids:
        if grid.parent is not None:
            parts[grid.parent] = (*parts.get(grid.parent, ()), grid.code)
        if grid.retired:
            parts[grid.code] = grid.successors
    return parts


def _compile(rule: Rule, known: frozenset[str], within: dict[str, tuple[str, ...]]) -> _Compiled:
    conditions = compile_conditions(rule.when, known, within)
    named = tuple(Condition(one.test, f"rule {rule.id}: no, {one.otherwise}") for one in conditions)
    return _Compiled(rule, named)


def _severity(reported: int | None, by_rule: int | None, decided: Decided) -> tuple[int, tuple[str, ...]]:
    """Return the severity: the reporter's where given, but a rule may make it more serious, never less."""
    if reported is None:
        return decided.severity, ()
    if by_rule is not None and by_rule < reported:
        return by_rule, (f"severity: the report says {reported}, the rule makes it {by_rule}",)
    return reported, (f"severity: {reported}, by the report",)
