"""What grid workers say they did, judged: whose grid, which round, where, and not said before."""

from __future__ import annotations

from services.escalation.domain.beat import Round
from services.escalation.domain.book import Book
from services.escalation.domain.geo import outside_m
from services.escalation.domain.judging import on_leave
from shared.contracts.actors import PartnerKind
from shared.contracts.work import RecordVisit, RecordWork, WorkCommand, WorkKind, WorkMadeGood, WorkRecorded
from shared.decision import Rejected
from shared.district.areas import Grid
from shared.district.work import Obligation

KINDS = {"patrol": WorkKind.PATROL, "visit": WorkKind.VISIT, "duty": WorkKind.DUTY}


def kind_of(command: RecordWork) -> WorkKind:
    """Return what a record says was done: its type's first word."""
    return WorkKind(command.type.split(".")[1])


def check_leader(book: Book, command: WorkCommand) -> None:
    """Let a township speak for its own workers only.

    Raises:
        Rejected: `forbidden`.
    """
    actor = command.actor
    own = book.directory.departments.resolve("@township", book.beat.township)
    if actor.kind is PartnerKind.TOWNSHIP and actor.department != own:
        raise Rejected("forbidden", f"{actor.partner} does not lead the workers of township {book.beat.township}.")


def on_record(book: Book, command: RecordWork) -> str:
    """Count what was done towards its round.

    Raises:
        Rejected: `forbidden`, `unknown-grid`, `not-their-grid`, `nothing-owed`, `outside-window`, `incomplete-visit`,
            `replayed-record`, `no-position`, `outside-grid`.
    """
    check_leader(book, command)
    grid = _grid(book, command)
    one, obligation = _round(book, command, grid)
    holder = _check_worker(book, command, grid)
    if any(command.nonce in nonces for known in book.beat.rounds for nonces in known.done.values()):
        raise Rejected("replayed-record", "A record with this nonce counts already.")
    _check_questions(command, obligation)
    _check_position(book, command, grid, obligation)
    done = one.done.get(grid.code, ())
    if len(done) >= obligation.times:
        return "more_than_owed"
    return _count(book, command, grid, (one, obligation), holder)


def _grid(book: Book, command: RecordWork) -> Grid:
    grid = book.directory.grid_by_code(command.grid, command.lon, command.lat)
    if grid is None or grid.township != book.beat.township:
        raise Rejected("unknown-grid", f"Township {book.beat.township} has no grid {command.grid}.")
    return grid


def _round(book: Book, command: RecordWork, grid: Grid) -> tuple[Round, Obligation]:
    """Return the round that the record falls into; of several the first in which something is still owed."""
    wanted = {
        one.id: one
        for one in book.profile.work.obligations
        if one.kind is kind_of(command) and one.owed_in(grid) and command.obligation in (None, one.id)
    }
    if not wanted:
        called = command.obligation or kind_of(command).value
        raise Rejected("nothing-owed", f"No {called} is owed in grid {grid.code}.")
    at = command.occurred_at
    found = [one for one in book.beat.rounds if one.obligation in wanted and one.starts_at <= at < one.ends_at]
    if not found:
        raise Rejected("outside-window", f"No {kind_of(command)} is owed in grid {grid.code} at that time.")
    first = next((one for one in found if len(one.done.get(grid.code, ())) < wanted[one.obligation].times), found[0])
    return first, wanted[first.obligation]


def _check_worker(book: Book, command: RecordWork, grid: Grid) -> str | None:
    """Return whom the worker stands in for; nobody in the worker's own grid.

    A grid without a worker is anybody's of the township.
    """
    if command.worker == grid.worker:
        return None
    if grid.worker is None:
        if book.directory.worker_township(command.worker) == book.beat.township:
            return None
    else:
        leave = on_leave(book, grid.worker, command.occurred_at, command.occurred_at)
        if leave is not None and leave[1] == command.worker:
            return grid.worker
    raise Rejected("not-their-grid", f"{command.worker} neither works in grid {grid.code} nor stands in there.")


def _check_questions(command: RecordWork, obligation: Obligation) -> None:
    left = set(obligation.questions) - set(command.asked if isinstance(command, RecordVisit) else ())
    if left:
        raise Rejected("incomplete-visit", f"The visit does not count, not asked: {', '.join(sorted(left))}.")


def _check_position(book: Book, command: RecordWork, grid: Grid, obligation: Obligation) -> None:
    if command.lon is None or command.lat is None:
        if obligation.position == "required":
            raise Rejected("no-position", f"{obligation.id} counts with a position only.")
        return
    if grid.polygon is None:
        return
    far = outside_m(grid.polygon, (command.lon, command.lat))
    if far > book.profile.work.geofence_m:
        raise Rejected("outside-grid", f"The position lies {far:.0f} m outside grid {grid.code}.")


def _count(book: Book, command: RecordWork, grid: Grid, found: tuple[Round, Obligation], holder: str | None) -> str:
    one, obligation = found
    nonces = (*one.done.get(grid.code, ()), command.nonce)
    told = one.told
    complete = len(nonces) >= obligation.times
    if complete and grid.code in told:
        told = tuple(code for code in told if code != grid.code)
    book.put(one.model_copy(update={"done": {**one.done, grid.code: nonces}, "told": told}))
    at, number = command.occurred_at, len(nonces)
    who = {"grid": grid.code, "worker": command.worker}
    points = getattr(book.profile.work.points, obligation.kind.value)
    numbers = {"number": number, "needed": obligation.times, "holder": holder, "points": points}
    book.say_of(one, obligation, WorkRecorded, at, **who, **numbers)
    if told == one.told:
        return "work_recorded"
    book.say_of(one, obligation, WorkMadeGood, at, **who)
    return "work_made_good"
