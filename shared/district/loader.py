"""Loading a district profile from its files, checked as a whole; the only module here that reads anything."""

from __future__ import annotations

from pathlib import Path

from shared.district.checks import CHECKS
from shared.district.model import Profile
from shared.district.problems import Finding, Position, Problem, ProfileError
from shared.district.shape import section_fields, shape
from shared.district.source import Source, key_of, read

_SINGULAR = {
    "townships": "township",
    "communities": "community",
    "grids": "grid",
    "departments": "department",
    "partners": "partner",
    "mediators": "mediator",
    "categories": "category",
    "classes": "class",
    "overrides": "override",
    "rules": "rule",
}

__all__ = ["Position", "Problem", "ProfileError", "load"]


def load(path: Path) -> Profile:
    """Return the profile in a directory of YAML and CSV files, or in one YAML file.

    Raises:
        ProfileError: the profile is not valid; it lists everything that is wrong, by file and line.
        FileNotFoundError: there is nothing at the path.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no profile at {path}")
    source = read(path, section_fields())
    if source.problems and not source.data:
        raise ProfileError(source.problems)
    shaped, findings = shape(source.data)
    if shaped is not None and not source.problems:
        findings += [
            Finding(shaped.raw(one.loc), one.message, one.see and shaped.raw(one.see))
            for check in CHECKS
            for one in check(shaped)
        ]
    problems = [*source.problems, *(_problem(source, finding) for finding in findings)]
    if problems or shaped is None:
        raise ProfileError(problems)
    return shaped.profile


def _problem(source: Source, finding: Finding) -> Problem:
    see = f", see {source.position(finding.see)}" if finding.see else ""
    return Problem(source.position(finding.loc), f"{_subject(source, finding)}{finding.message}{see}")


def _subject(source: Source, finding: Finding) -> str:
    """Name the entry a finding is about: `department housing: `."""
    match finding.loc:
        case (str(section), int(at), *_) if isinstance(entries := source.data.get(section), list):
            return f"{_SINGULAR.get(section, section)} {key_of(entries[at]) or at + 1}: "
        case (str(section), *rest) if rest:
            return f"{section}: "
    return ""
