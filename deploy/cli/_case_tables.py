"""A case as tables for people. No addresses and no contacts: who may see those is the notifier's business."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from deploy.cli._case_reading import Seen
from deploy.cli._console import print_table, say
from deploy.cli._dispute_tables import show_dispute
from deploy.cli._live import ZONE
from deploy.cli._promise_tables import show_promises
from services.escalation.domain.ledger import Explained
from services.escalation.domain.model import Case as Timed
from services.escalation.domain.model import Clock, Seat
from services.notifier.domain.notice import NoticeState
from services.router.domain.model import Case as Routed
from services.router.domain.model import Task

NOTHING = "-"
MANY_DAYS = 40
"""Days of a count that are shown; the middle of a longer one is left out of the table, never out of --json."""


def local(instant: datetime | None) -> str:
    """Return an instant in local time to the second."""
    return NOTHING if instant is None else f"{instant.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def show_case(seen: Seen) -> None:
    """Print what the services know of a case."""
    print_table(("", ""), _summary(seen), title=seen.case_id)
    if seen.routed is not None:
        columns = ("task", "role", "state", "accepted", "completed", "holds", "extensions")
        rows = ((seen.routed.id_of(task), *_task(task)) for task in seen.routed.tasks)
        print_table(columns, rows, title="Tasks")
        show_dispute(seen.routed)
        show_promises(seen.routed)
    if seen.timed is not None:
        print_table(("clock", "owner", "due", "next", "state"), map(_clock, seen.timed.clocks), title="Clocks")
        _show_team(seen.timed)
    if seen.notices is None:
        say("The notices were left out: there are too many to look through.")
    elif seen.notices:
        columns = ("queued", "step", "recipient", "channel", "status", "attempts", "reason")
        print_table(columns, map(_notice, seen.notices), title="Notices")


def _summary(seen: Seen) -> Iterable[tuple[str, str]]:
    if seen.routed is not None:
        yield from _of_router(seen.routed)
    if seen.timed is not None:
        timed = seen.timed
        yield "level", f"{timed.level} in episode {timed.episode}"
        yield "place", " ".join(str(part) for part in (timed.place.address, timed.grid or timed.township) if part)
        yield "next", local(timed.next_at)
    missing = [name for name, state in (("router", seen.routed), ("escalation", seen.timed)) if state is None]
    if missing:
        yield "unknown to", ", ".join(missing)


def _of_router(case: Routed) -> Iterable[tuple[str, str]]:
    yield "state", f"{case.state}{f' ({case.outcome})' if case.outcome else ''}"
    yield "category", f"{case.category or NOTHING} by rule {case.rule or NOTHING}, severity {case.severity}"
    if case.waiting and (said := case.waiting.suggested):
        yield "suggested", f"{said.category}, {said.confidence:.0%} sure, by {said.source}"
    yield "departments", ", ".join((case.lead or NOTHING, *case.assists))
    yield "reported", f"{local(case.opened_at)} by {case.partner} {case.report_id}, {1 + case.merged} reports"
    if case.apart:
        yield "taken apart", ", ".join(case.apart)
    if case.surge:
        yield "surge", f"parent of {case.children} cases ({case.surge})"
    if case.parent:
        yield "child of", case.parent
    yield "refusals", str(case.refusals)
    yield "profile", f"{case.district}@{case.profile_version}"


def _task(task: Task) -> Sequence[str]:
    times = (local(task.accepted_at), local(task.completed_at))
    return task.role, task.state, *times, str(task.holds), str(task.extensions)


def _clock(clock: Clock) -> Sequence[str]:
    return clock.key, clock.owner, local(clock.due_at), local(clock.next_at), _how(clock)


def _how(clock: Clock) -> str:
    """Return one word for how a clock stands."""
    if clock.verdict is not None:
        return str(clock.verdict)
    if clock.hold is not None:
        return "held"
    return "running" if clock.breached_at is None else "breached"


def _show_team(case: Timed) -> None:
    team = case.team
    if team is None:
        return
    state = "on scene" if team.on_scene_at else "called"
    ended = f", stood down {local(team.ended_at)} ({team.ended_because})" if team.ended_at else ""
    title = f"Team {team.number}, round {team.round}: {state}, {team.quorum} needed by {local(team.muster_by)}{ended}"
    print_table(("member", "required", "answer", "present", "distance", "absent"), map(_seat, team.seats), title=title)


def _seat(seat: Seat) -> Sequence[str]:
    name = f"{seat.by} for {seat.department}" if seat.by else seat.department
    answer = {True: "coming", False: "cannot come", None: "silent" if seat.silent else NOTHING}[seat.coming]
    distance = NOTHING if seat.distance_m is None else f"{seat.distance_m:.0f} m"
    return name, "yes" if seat.required else "no", answer, local(seat.present_at), distance, str(seat.absences)


def _notice(notice: NoticeState) -> Sequence[str]:
    how = (notice.channel, notice.status, str(notice.attempts), notice.reason or "")
    return local(notice.queued_at), notice.step, notice.recipient, *how


def show_explained(clocks: Sequence[Explained]) -> None:
    """Print why each clock is due when it is."""
    for clock in clocks:
        lines = [(local(line.at), line.what, line.says, local(line.due), line.differs or "") for line in clock.lines]
        print_table(("at", "what", "", "due", "differs"), lines, title=_title(clock))
        days = [(str(day.day), f"{day.amount:g}", f"{day.total:g}", day.note) for day in clock.days]
        print_table(("day", clock.counts, "total", ""), _shortened(days))
        for difference in clock.differences:
            say(f"{clock.key}: {difference}")


def _title(clock: Explained) -> str:
    """Return one sentence that says it all."""
    how = f"verdict {clock.verdict}" if clock.verdict else "held" if clock.held else "running"
    limit = clock.limit or "its own due instant"
    moved = "" if clock.due_at == clock.original_due_at else f", originally {local(clock.original_due_at)}"
    return (
        f"{clock.key} ({clock.owner}): {limit} from {local(clock.started_at)}, due {local(clock.due_at)}{moved}, {how}"
    )


def _shortened(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    if len(rows) <= MANY_DAYS:
        return rows
    half = MANY_DAYS // 2
    return [*rows[:half], (f"… {len(rows) - 2 * half} days", "", "", ""), *rows[-half:]]
