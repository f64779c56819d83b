"""Facts in words: codes become names, instants local times, limits phrases, in the languages of the templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.domain.facts import Facts, visible
from shared.contracts.limits import Limit
from shared.district.lookup import DirectoryIndex
from shared.district.model import Audience

ENGLISH = "en"

_UNITS = {
    "clock_minutes": ("分钟", "minutes"),
    "clock_hours": ("小时", "hours"),
    "working_minutes": ("个工作分钟", "working minutes"),
    "working_hours": ("个工作小时", "working hours"),
    "calendar_days": ("天", "days"),
    "working_days": ("个工作日", "working days"),
}
_CLOCKS = {
    "triage": ("分拣", "triage"),
    "case": ("整案办理", "whole case"),
    "accept": ("受理", "acceptance"),
    "stage": ("阶段办理", "stage"),
    "handle": ("办理", "handling"),
    "arbitrate": ("裁定", "arbitration"),
    "verify": ("核查", "verification"),
    "obligation": ("协议履行", "obligation"),
    "follow_up": ("回访", "follow-up visit"),
    "confirm": ("申请司法确认", "application for judicial confirmation"),
    "tier": ("本层级调解", "tier of mediation"),
    "mediation": ("调解总期限", "mediation as a whole"),
    "appeal": ("失信异议审查", "decision on the appeal"),
    "reply": ("建议答复", "reply to an advisory"),
}
_ADVICES = {
    "judicial": ("司法建议", "judicial advisory"),
    "procuratorial": ("检察建议", "procuratorial advisory"),
    "police": ("公安提示函", "police advisory"),
}
_TIERS = {
    "community": ("社区调解", "mediation by the community"),
    "gold": ("金牌调解", "mediation by a gold mediator"),
    "lawyer": ("律师调解", "mediation by a lawyer"),
    "court": ("仲裁或诉讼", "arbitration or court"),
    "task_force": ("专班调解", "mediation by a task force"),
    "batch": ("批量纠纷分户调解", "the file of one household in a batch"),
}
_DUTIES = {
    "pay": ("付款", "pay"),
    "repair": ("修复", "repair"),
    "apologise": ("赔礼道歉", "apologise"),
    "move_out": ("搬离", "move out"),
    "hand_over": ("交付", "hand over"),
    "restore": ("恢复原状", "restore"),
    "stop": ("停止侵害", "stop"),
    "other": ("履行其他义务", "do what was agreed"),
}
_ROUTES = {
    "enforcement": ("申请强制执行", "enforcement by the court"),
    "mediation": ("退回再次调解", "back to mediation"),
}
_SEVERITIES = {1: ("特急", "critical"), 2: ("紧急", "urgent"), 3: ("一般", "normal"), 4: ("轻微", "minor")}


@dataclass(frozen=True, slots=True)
class Speech:
    """A language, and the profile whose names it uses."""

    language: str
    index: DirectoryIndex

    def pick(self, words: tuple[str, str]) -> str:
        """Return the word of this language."""
        return words[1] if self.language == ENGLISH else words[0]

    def name(self, named: Any, code: str) -> str:
        """Return the name of a department, category or district; the code where there is none."""
        if named is None:
            return code
        own: str | None = named.name_en if self.language == ENGLISH else None
        return own or named.name

    @property
    def district(self) -> str:
        """The district's name."""
        return self.name(self.index.profile, self.index.profile.code)

    def department(self, code: str) -> str:
        """Return the name of a department."""
        return self.name(self.index.department(code), code)

    def departments(self, codes: tuple[str, ...]) -> str:
        """Return the names of departments as a list in words."""
        return self.pick(("、", ", ")).join(self.department(code) for code in codes)

    def category(self, key: str) -> str:
        """Return the name of a category."""
        return self.name(self.index.categories.get(key), key)

    def instant(self, at: datetime) -> str:
        """Return local time without the year: `7月1日 16:30`, `1 Jul 16:30`."""
        local = at.astimezone(self.index.profile.zone)
        return self.pick((f"{local.month}月{local.day}日 {local:%H:%M}", f"{local.day} {local:%b %H:%M}"))

    def grids(self, codes: tuple[str, ...]) -> str:
        """Return the names of grids as a list in words."""
        named = (self.index.grid(code) for code in codes)
        return self.pick(("、", ", ")).join(
            grid.name if grid else code for grid, code in zip(named, codes, strict=True)
        )

    def work(self, obligation: str) -> str:
        """Return the name of what grid workers owe."""
        owed = self.index.profile.work.obligations
        return next((one.name for one in owed if one.id == obligation), obligation)

    def limit(self, limit: Limit) -> str:
        """Return a limit: `4个工作小时`, `4 working hours`."""
        unit = self.pick(_UNITS[limit.unit.value])
        return f"{limit.amount} {unit}" if self.language == ENGLISH else f"{limit.amount}{unit}"

    def clock(self, kind: str) -> str:
        """Return what a clock measures."""
        return self.pick(_CLOCKS.get(kind, (kind, kind)))

    def tier(self, name: str) -> str:
        """Return a tier of mediation."""
        return self.pick(_TIERS.get(name, (name, name)))

    def mediator(self, code: str) -> str:
        """Return the mediator's name, which is that of a function."""
        named = self.index.mediators.get(code)
        return named.name if named else code

    def duty(self, what: str) -> str:
        """Return what was promised."""
        return self.pick(_DUTIES.get(what, (what, what)))

    def route(self, where: str) -> str:
        """Return where a broken agreement goes."""
        return self.pick(_ROUTES.get(where, (where, where)))

    def advice(self, kind: str) -> str:
        """Return whose advisory it is."""
        return self.pick(_ADVICES.get(kind, (kind, kind)))

    def severity(self, level: int) -> str:
        """Return how bad it is."""
        return self.pick(_SEVERITIES.get(level, (str(level), str(level))))


_SAY: dict[str, Callable[[Speech, Any], Any]] = {
    "department": Speech.department,
    "departments": Speech.departments,
    "substitute": Speech.department,
    "substituted": Speech.department,
    "grids": Speech.grids,
    "work": Speech.work,
    "category": Speech.category,
    "suggested": Speech.category,
    "confidence": lambda _, confidence: f"{confidence:.0%}",
    "due_at": Speech.instant,
    "until": Speech.instant,
    "limit": Speech.limit,
    "clock": Speech.clock,
    "tier": Speech.tier,
    "mediator": Speech.mediator,
    "duty": Speech.duty,
    "route": Speech.route,
    "advice": Speech.advice,
    "severity": Speech.severity,
    "fraction": lambda _, fraction: f"{fraction:.0%}",
}


def in_words(facts: Facts, audience: Audience, speech: Speech) -> dict[str, Any]:
    """Return what a template of this audience may use, in words; what is absent is None."""
    typed = {name: getattr(facts, name, value) for name, value in visible(facts, audience).items()}
    said = {name: _SAY[name](speech, value) if name in _SAY and value else value for name, value in typed.items()}
    return {**said, "audience": audience.value, "district": speech.district}
