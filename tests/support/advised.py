"""Random histories in which causes come back and advisories are issued, declined and answered, by right or not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.escalation.domain.advising import Noticed, rule_of
from services.escalation.domain.model import Case
from shared.contracts.advisories import file_number
from shared.district.model import Profile
from shared.infra.engine import Engine, Input
from tests.support.history import DEPARTMENTS, History, Sent
from tests.support.memory import MemoryStore
from tests.support.model.place import district
from tests.support.stand_ins import run

RULES = [
    {"id": "rubbish", "by": "cause", "categories": ["E06*"], "count": 2, "window": "3650 days", "kind": "procuratorial",
     "reply": "5 working_hours"},
    {"id": "quarrels", "by": "cause", "categories": ["D*", "E08*"], "area": "district", "count": 2,
     "window": "3650 days", "kind": "police", "addressee": "police", "reply": "2 working_days"},
]  # fmt: skip


def advised() -> Profile:
    """Return the district with rules that soon propose something."""
    raw = district().model_dump(mode="json", exclude_none=True)
    return Profile.model_validate({**raw, "advisories": {"rules": RULES}, "closings": {"enabled": False}})


class Advised(History):
    """A history in which the centre and the addressees speak of advisories as often as of cases."""

    def next(self) -> Sent:
        """Make up what is sent next."""
        pick, files = self.chance.pick, list(self.model.files.files.values())
        if not files and pick([True, False]):
            return self.report()
        if not files or pick([True, False]):
            return super().next()
        file: Any = pick([*files * 8, *self.model.cases.values()])
        name = pick(["issue", "issue", "reply", "reply", "decline"])
        contents: dict[str, dict[str, Any]] = {
            "issue": {"kind": pick([None, None, "judicial"]), "addressee": pick([None, None, "water", "nobody"]),
                      "reply_within": pick([None, "90 clock_minutes"])},
            "reply": {"adopted": pick([True, False]), "note": "done"},
            "decline": {"reason": "talked to them"},
        }  # fmt: skip
        who = pick(["centre", "centre", file.lead or "housing", pick(DEPARTMENTS)])
        return self.command(who, f"advisory.{name}", file, **contents[name])


def look(escalation: Engine[Case], times: MemoryStore[Case], profile: Profile) -> int:
    """Let what keeps coming back be found, as the watch does by counting; most districts have no rule for it."""
    found = noticed(times.states(), profile, escalation.clock.now()) if profile.advisories.rules else []
    run(escalation.apply([Input(one.case_id, "", one) for one in found]))
    return len(found)


def noticed(cases: dict[str, Case], profile: Profile, now: datetime) -> list[Noticed]:
    """Return what the watch would have counted enough of."""
    found: dict[str, list[Case]] = {}
    for case in sorted(cases.values(), key=lambda one: (one.began_at, one.case_id)):
        for source in case.sources:
            found.setdefault(source, []).append(case)
    return [
        Noticed(
            district=profile.code,
            source=source,
            profile_version=profile.version,
            count=len(there),
            since=now - rule.window,
            recorded_at=now,
            cases=tuple(one.case_id for one in there),
            lead=there[-1].lead,
        )
        for source, there in found.items()
        if (rule := profile.advisories.rule(rule_of(source))) is not None
        and len(there) >= rule.count
        and file_number(profile.code, source) not in cases
    ]
