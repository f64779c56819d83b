"""From an audience to people: who is meant, by the roster of the moment, and how each can be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.notifier.domain.model import AddressKind, CaseView, ReporterView
from services.notifier.domain.notice import Route
from services.notifier.domain.roster import people
from services.notifier.domain.steps import Telling
from services.notifier.domain.steps import asked as step_of
from shared.contracts.cases import CaseResolved
from shared.district.areas import Grid
from shared.district.lookup import DirectoryIndex
from shared.district.model import Audience, DutyRole, Profile

UNKNOWN_ROLE = "unknown_role"
UNKNOWN_DEPARTMENT = "unknown_department"
NO_ROSTER = "no_roster"
NO_ADDRESS = "no_address"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A role somebody fills now, never a person's name; without routes, `reason` says why.

    `department` is the one the recipient belongs to; `reporter` the reference of a reporter.
    """

    name: str
    routes: tuple[Route, ...] = ()
    reason: str = NO_ADDRESS
    department: str | None = None
    reporter: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom recipients are looked for: the telling, its case, the newest profile, the moment of the roster."""

    telling: Telling
    view: CaseView
    index: DirectoryIndex
    at: datetime
    channels: dict[str, AddressKind]


def audiences(profile: Profile, view: CaseView, telling: Telling) -> tuple[Audience, ...]:
    """Return whom the profile wants told: of an escalation its rung too, of a resolved case whoever verifies it."""
    wanted = list(profile.notify.audience(telling.asks, view.policy))
    if telling.level is not None:
        rungs = [rung for rung in profile.escalation.ladder if rung.level == telling.level]
        wanted = [audience for rung in rungs for audience in rung.audience] + wanted
    if telling.asks == _RESOLVED:
        wanted = [*_VERIFIER[profile.verification.by], *(one for one in wanted if one not in _VERIFIERS)]
    return tuple(dict.fromkeys(wanted))


_VERIFIERS = (Audience.GRID_WORKER, Audience.REPORTER)
_VERIFIER = {"grid": _VERIFIERS[:1], "reporter": _VERIFIERS[1:], "none": ()}
_RESOLVED = step_of(CaseResolved)


def recipients(audience: Audience, asked: Asked) -> tuple[Recipient, ...]:
    """Return everybody of an audience; somebody who cannot be found is there too, with the reason."""
    find = _FINDERS.get(audience)
    if find is None:
        return (Recipient(audience.value, reason=UNKNOWN_ROLE),)
    return find(asked)


def _of_departments(role: DutyRole) -> Callable[[Asked], tuple[Recipient, ...]]:
    def find(asked: Asked) -> tuple[Recipient, ...]:
        return tuple(one for code in asked.telling.about for one in _department(asked, code, role)) or (
            Recipient(role.value, reason=UNKNOWN_DEPARTMENT),
        )

    return find


def _department(asked: Asked, code: str, role: DutyRole) -> tuple[Recipient, ...]:
    name = f"{code}/{role.value}"
    department = asked.index.department(code)
    if department is None:
        return (Recipient(name, reason=UNKNOWN_DEPARTMENT, department=code),)
    on_duty = people(department, role, asked.at, asked.index.profile.zone)
    return tuple(
        Recipient(name if n == 0 else f"{name}#{n + 1}", routes, department=code) for n, routes in enumerate(on_duty)
    ) or (Recipient(name, reason=NO_ROSTER, department=code),)


def _of_centre(role: DutyRole) -> Callable[[Asked], tuple[Recipient, ...]]:
    def find(asked: Asked) -> tuple[Recipient, ...]:
        code = asked.index.departments.centre
        return _department(asked, code, role) if code else (Recipient("centre", reason=UNKNOWN_DEPARTMENT),)

    return find


def _township(asked: Asked) -> tuple[Recipient, ...]:
    code = asked.index.departments.resolve("@township", asked.view.township, asked.view.community)
    if code is None:
        return (Recipient("township", reason=UNKNOWN_DEPARTMENT),)
    return _department(asked, code, DutyRole.DUTY_OFFICER)


def _grid_worker(asked: Asked) -> tuple[Recipient, ...]:
    """Return the worker of the case's grid; of a sub-grid the whole's too once the case has risen to a level."""
    grid = asked.index.grid_by_code(asked.view.grid) if asked.view.grid else None
    if grid is None:
        return (Recipient("grid_worker", reason=NO_ROSTER),)
    return tuple(_of_grid(asked, one) for one in _answering(asked, grid))


def _answering(asked: Asked, grid: Grid) -> tuple[Grid, ...]:
    """Return the grid, and what it is part of where nobody works in the part, or more than the part is called for."""
    whole = asked.index.grid_by_code(grid.parent) if grid.parent else None
    if whole is None:
        return (grid,)
    if grid.worker is None:
        return (whole,)
    return (grid, whole) if asked.telling.level is not None else (grid,)


def _of_grid(asked: Asked, grid: Grid) -> Recipient:
    """Return a grid's worker; a contact that names a worker needs the grid to have one."""
    known = {"worker": grid.worker, "grid": grid.code}
    contacts = asked.index.profile.notify.grid_worker_contacts
    routes = [
        Route(channel=one.channel, address=_filled(one.address, known))
        for one in contacts
        if not (grid.worker is None and "{worker}" in one.address)
    ]
    return Recipient(f"grid/{grid.code}", tuple(routes), NO_ROSTER)


def _filled(address: str, known: dict[str, str | None]) -> str:
    for name, value in known.items():
        address = address.replace(f"{{{name}}}", value or "")
    return address


def _reporters(asked: Asked) -> tuple[Recipient, ...]:
    wanted = asked.telling.reporter
    return tuple(
        reporter(one, asked.index.profile.notify.channels, asked.channels)
        for one in asked.view.reporters
        if wanted is None or one.ref == wanted
    )


def reporter(person: ReporterView, order: tuple[str, ...], channels: dict[str, AddressKind]) -> Recipient:
    """Return a reporter with the channels that can use what is known of the person, in the district's order."""
    routes = [Route(channel=name) for name in order if person.kinds and _usable(channels.get(name), person.kinds)]
    reason = person.reason or NO_ADDRESS
    return Recipient(f"reporter/{person.ref}", tuple(routes), reason, reporter=person.ref)


def _usable(kind: AddressKind | None, kinds: tuple[AddressKind, ...]) -> bool:
    """Say whether a channel can use one of the addresses; one that is not at hand stays in, to be seen failing."""
    return kind is None or kind is AddressKind.ANY or kind in kinds


_FINDERS: dict[Audience, Callable[[Asked], tuple[Recipient, ...]]] = {
    Audience.DUTY_OFFICER: _of_departments(DutyRole.DUTY_OFFICER),
    Audience.HEAD: _of_departments(DutyRole.HEAD),
    Audience.CENTRE: _of_centre(DutyRole.DUTY_OFFICER),
    Audience.CENTRE_DIRECTOR: _of_centre(DutyRole.HEAD),
    Audience.TOWNSHIP: _township,
    Audience.GRID_WORKER: _grid_worker,
    Audience.REPORTER: _reporters,
}
