"""Who does it, and by when: the first rule that matches, then rule, category, class and district, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from shared.contracts.limits import Limit, Stage
from shared.district.model import Policy, Profile


@dataclass(frozen=True)
class Route:
    """What routing settled for a case, for good."""

    rule: str
    category: str
    lead: str
    assists: tuple[str, ...]
    severity: int
    accept: Limit
    stages: tuple[Stage, ...]
    verify: Limit
    media: int
    mime: tuple[str, ...]
    blown: bool
    notice: str | None


def department(profile: Profile, ref: str, township: str | None) -> str | None:
    """The department that a code, `@township`, `@centre`, or the nine digits of a township mean."""
    if ref == "@centre":
        return centre(profile)
    if ref == "@township" or (ref.isdigit() and len(ref) == 9):
        area = township if ref == "@township" else ref
        return next((one.code for one in profile.departments if area in one.areas), None)
    return ref if any(one.code == ref for one in profile.departments) else None


def centre(profile: Profile) -> str:
    """The governance centre."""
    return next(one.code for one in profile.departments if one.kind == "centre")


def category_of(profile: Profile, claim: str | None) -> str | None:
    """The key that a key, an alias or a name means."""
    for one in profile.categories:
        if claim in (one.key, one.name, *one.aliases):
            return one.key
    return None


def route(profile: Profile, key: str, report: dict[str, Any], township: str | None) -> Route:
    """Decide for one report: `report` has partner, text and severity."""
    rule = next((one for one in profile.rules if _matches(one.when, key, report)), None)
    layers: list[Policy] = [rule.then] if rule else []
    layers += [one for one in profile.categories if one.key == key]
    layers += [one for length in (3, 1) for one in profile.classes if one.key == key[:length]]
    layers += [profile.default]

    def said(field: str) -> Any:
        return next((value for one in layers if (value := getattr(one, field)) is not None), None)

    lead = department(profile, said("lead"), township) or department(profile, profile.default.lead, township) or ""
    assists = [department(profile, ref, township) for ref in said("assists")]
    severity = report["severity"] or said("severity")
    if rule and rule.then.severity:
        severity = min(severity, rule.then.severity)
    joint = rule is not None and rule.then.joint
    serious = severity <= profile.whistle.joint_severity
    evidence = said("evidence")
    return Route(
        rule=rule.id if rule else "default",
        category=key,
        lead=lead,
        assists=tuple(dict.fromkeys(one for one in assists if one and one != lead)),
        severity=severity,
        accept=said("accept"),
        stages=said("stages"),
        verify=said("verify"),
        media=evidence.min_media,
        mime=evidence.mime,
        blown=said("whistle") or (joint and serious),
        notice=said("notice"),
    )


def _matches(when: Any, key: str, report: dict[str, Any]) -> bool:
    """Say whether all conditions hold; the model's districts ask for categories, partners and keywords only."""
    return (
        (not when.categories or any(fnmatchcase(key, glob) for glob in when.categories))
        and (not when.partners or report["partner"] in when.partners)
        and (not when.keywords or any(word in report["text"] for word in when.keywords))
    )
