"""The proof: what each acknowledged report came to, beside what the same script comes to when nothing is disturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.fault.harness.inbox import Inbox
from tests.fault.harness.plays import Play
from tests.fault.harness.record import Bus, Origin
from tests.fault.harness.stored import Kept
from tests.fault.harness.world import Injection

BEFORE_SECONDS = 15.0
AFTER_SECONDS = 20.0
UNREAD_SHARE = 0.001
"""Of all notices, so many may come again although the receiver answered in time."""

"""A message that had left shortly before its sender was killed, or while the database could not take its receipt."""

CRASHES = frozenset({"point", "kill", "service-frozen", "mongo-killed", "mongo-frozen"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be. `what` is lost, doubled, different, stuck or grown."""

    what: str
    sentence: str
    play: Play | None = None


@dataclass(slots=True)
class Proof:
    """What was compared, and what came of it."""

    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, sentences: Iterable[str]) -> None:
        """Add findings that belong to no single case."""
        self.findings += [Finding(what, sentence) for sentence in sentences]


def outcome(play: Play, bus: Bus, kept: Kept) -> list[str]:
    """Return everything that was said and is kept of a case, as lines."""
    said = [f"said {text} x{number}" for text, number in sorted(bus.events.get(play.case_id, {}).items())]
    own = letters_about(play, bus)
    letters = [f"letter {text} x{number}" for text, number in sorted(own.items())]
    return [*said, *letters, *kept.lines.get(play.case_id, ())]


def letters_about(play: Play, bus: Bus) -> Counter[str]:
    """Return the dead letters of a case; a report that was in doubt and sent again is refused as often as it came."""
    own = Counter(bus.letters_of.get(play.case_id, {})) + Counter(bus.letters_of.get(play.report_id, {}))
    return Counter({text: 1 if text.startswith("intake ") else number for text, number in own.items()})


def judge(plays: Sequence[Play], specimens: Sequence[Play], bus: Bus, kept: Kept) -> Iterator[Finding]:
    """Compare every case with the specimen of its story; specimens with each other first."""
    clean: dict[tuple[str, str], list[str]] = {}
    for play in specimens:
        lines = clean.setdefault((play.name, play.spot.district), outcome(play, bus, kept))
        yield from _compared(play, lines, outcome(play, bus, kept))
    for play in plays:
        yield from _placed(play, kept)
        yield from _compared(play, clean[play.name, play.spot.district], outcome(play, bus, kept))


def _placed(play: Play, kept: Kept) -> Iterator[Finding]:
    """Look for the one case of a report that was acknowledged."""
    about = (play.spot.district, play.partner, play.report_id)
    cases = kept.cases_of.get(about, [])
    if play.acknowledged is None:
        yield Finding("stuck", f"{play.report_id} was never acknowledged", play)
    elif not kept.reports.get(about) or not cases:
        yield Finding("lost", f"{play.report_id} was acknowledged and has no case", play)
    elif len(cases) > 1 or len(kept.reports[about]) > 1:
        yield Finding("doubled", f"{play.report_id} has the cases {', '.join(cases)}", play)
    if play.done is None:
        yield Finding("stuck", f"{play.case_id} ({play.name}) stands at cue {play.cue}: {dict(play.heard)}", play)


def _compared(play: Play, clean: Sequence[str], found: Sequence[str]) -> Iterator[Finding]:
    missing, more = Counter(clean) - Counter(found), Counter(found) - Counter(clean)
    if not missing and not more:
        return
    names = {line.split(" x")[0] for line in missing} & {line.split(" x")[0] for line in more}
    what = "lost" if missing and not more else "doubled" if more and (not missing or names) else "different"
    said = "; ".join([*(f"missing: {line}" for line in missing), *(f"not in the clean run: {line}" for line in more)])
    yield Finding(what, f"{play.case_id} ({play.name}): {said[:1_500]}", play)


def letters_fit(bus: Bus, poison: set[Origin]) -> Iterator[Finding]:
    """Look for the dead letter of every poison; those of the scripts are part of their outcomes."""
    for origin in poison - bus.letters.keys():
        yield Finding("lost", f"poison at {origin} has no dead letter")


@dataclass(slots=True)
class Deliveries:
    """How often each notice arrived."""

    keys: int = 0
    in_crashes: int = 0
    in_doubt: int = 0
    unread: int = 0
    findings: list[Finding] = field(default_factory=list)


def _beside(times: Sequence[float], injections: Sequence[Injection]) -> str:
    """Return when a notice arrived, in seconds after the fault that struck last before it came for the first time."""
    before = [one for one in injections if one.struck <= times[0]]
    name, since = (before[-1].kind, before[-1].struck) if before else ("begin", times[0])
    return f"{', '.join(f'{at - since:.1f} s' for at in times)} after {name}"


def deliveries(inbox: Inbox, bus: Bus, injections: Sequence[Injection]) -> Deliveries:
    """Judge what came more than once, and what was receipted and never came.

    An attempt that the notifier itself counted is one whose answer it did not read in time: it had to send again. That
    happens where it gets no processor for two seconds. Many of them would be a notifier that forgets answers.
    """
    told = Deliveries(keys=len(inbox.taken))
    windows = [
        (one.struck - BEFORE_SECONDS, max(one.ended, one.struck) + AFTER_SECONDS)
        for one in injections
        if one.kind in CRASHES
    ]
    for notice, times in inbox.taken.items():
        if len(times) == 1:
            continue
        if notice in inbox.doubtful:
            told.in_doubt += 1
        elif any(begin <= times[0] <= end for begin, end in windows):
            told.in_crashes += 1
        elif len(times) <= bus.attempts.get(notice, 0):
            told.unread += 1
        else:
            told.findings.append(
                Finding("doubled", f"notice {notice} arrived {len(times)} times: {_beside(times, injections)}")
            )
    if told.unread > max(1, told.keys * UNREAD_SHARE):
        told.findings.append(Finding("doubled", f"{told.unread} notices came again although answered in time"))
    told.findings += [
        Finding("lost", f"notice {one} has a receipt and never came")
        for one in bus.delivered - Counter(inbox.taken.keys())
    ]
    told.findings += [Finding("doubled", f"notice {one} has {n} receipts") for one, n in bus.delivered.items() if n > 1]
    return told
