"""What real partners also send: the same twice, the same thing seen by another, contradictions, and plain rubbish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random  # noqa: TID251 - the type of the dice that chance.py makes

from deploy.demo.habits import HABITS
from deploy.demo.places import moved
from deploy.demo.reports import Draft, Reporters
from deploy.demo.submission import Kind, Submission
from deploy.partner.messages import Inbound
from shared.contracts.actors import PartnerKind
from shared.contracts.commands import CompleteTask, WithdrawCase

DUPLICATES = 0.035
CONFLICTS = 0.005
NEAR = 0.05
MALFORMED = 0.012
NEAR_METRES = 20.0
NEAR_AFTER = timedelta(minutes=10)

NEIGHBOUR = {
    PartnerKind.GRID_APP: PartnerKind.HOTLINE_12345,
    PartnerKind.HOTLINE_12345: PartnerKind.GRID_APP,
    PartnerKind.VIDEO_AI: PartnerKind.GRID_APP,
    PartnerKind.POLICE_110: PartnerKind.HOTLINE_12345,
    PartnerKind.DEPARTMENT: PartnerKind.GRID_APP,
}
"""Who reports the same thing a little later."""


@dataclass(slots=True)
class Flaws:
    """Adds its share of flaws to a day's reports."""

    reporters: Reporters
    chance: Random

    def around(self, drafts: Sequence[Draft]) -> Iterator[Submission]:
        """Yield every report and the flaws that follow from some of them."""
        for draft in drafts:
            yield draft.submission()
            if self.chance.random() < DUPLICATES:
                yield self._again(draft)
            if self.chance.random() < CONFLICTS:
                yield self._contradicted(draft)
            if self.chance.random() < NEAR:
                yield self._seen_by_another(draft).submission(Kind.NEAR)
            if self.chance.random() < MALFORMED:
                yield self._spoilt(draft)

    def _again(self, draft: Draft) -> Submission:
        """The partner's system was not sure that it had been heard and sends the same bytes again."""
        once = draft.submission()
        return replace(once, at=once.at + timedelta(seconds=self.chance.uniform(20, 1200)), kind=Kind.DUPLICATE)

    def _contradicted(self, draft: Draft) -> Submission:
        """The same id with another text: nobody can know which of the two is meant."""
        text = draft.data["text"] + "（更正：地点在马路对面）"
        other = replace(draft, at=draft.at + timedelta(minutes=15), data={**draft.data, "text": text})
        return other.submission(Kind.CONFLICT)

    def _seen_by_another(self, draft: Draft) -> Draft:
        """Somebody else reports the same thing ten minutes later from twenty metres away."""
        kind = NEIGHBOUR[draft.kind] if NEIGHBOUR[draft.kind] in self.reporters.kinds else draft.kind
        lon, lat = moved(draft.spot.lon, draft.spot.lat, *self._step())
        spot = replace(draft.spot, lon=lon, lat=lat)
        again = self.reporters.draft(draft.at + NEAR_AFTER, kind, draft.matter, spot, self.chance)
        happened = draft.happened + NEAR_AFTER
        said = {
            "text": draft.data["text"],
            "occurred_at": HABITS[kind].tell(happened),
            "category": draft.matter.category,
        }
        return replace(again, happened=happened, data={**again.data, **said})

    def _step(self) -> tuple[float, float]:
        return self.chance.choice(((NEAR_METRES, 0.0), (-NEAR_METRES, 0.0), (0.0, NEAR_METRES), (0.0, -NEAR_METRES)))

    def _spoilt(self, draft: Draft) -> Submission:
        """Something that cannot be taken in; each way of being wrong as often as the others."""
        spoil = self.chance.choice((self._cut_off, self._empty, self._unknown_code, self._forbidden, self._absurd))
        kind = Kind.COMMAND if spoil == self._forbidden else Kind.MALFORMED
        return Submission(draft.at + timedelta(seconds=30), spoil(replace(draft, data=self._fresh(draft))), kind)

    @staticmethod
    def _fresh(draft: Draft) -> dict[str, object]:
        return {**draft.data, "report_id": f"{draft.data['report_id']}-X"}

    @staticmethod
    def _cut_off(draft: Draft) -> Inbound:
        whole = draft.submission().message
        text = whole.value.decode()
        return replace(whole, value=text[: len(text) // 2].encode())

    @staticmethod
    def _empty(draft: Draft) -> Inbound:
        data = {key: value for key, value in draft.data.items() if key not in {"text", "category"}}
        return replace(draft, data=data).submission().message

    @staticmethod
    def _unknown_code(draft: Draft) -> Inbound:
        data = {key: value for key, value in draft.data.items() if key != "text"} | {"category": "E99999"}
        return replace(draft, data=data).submission().message

    @staticmethod
    def _absurd(draft: Draft) -> Inbound:
        wrong = {"lon": 135.6, "lat": 1066.0}
        return replace(draft, data={**draft.data, "location": wrong, "severity": 9}).submission().message

    def _forbidden(self, draft: Draft) -> Inbound:
        """A camera that wants to withdraw a case, a hotline that wants to finish a department's task."""
        case = f"{draft.sender.district}-{draft.at:%y%m%d}-aaaaaaaa"
        data = {"case_id": case, "occurred_at": f"{draft.happened.isoformat()}"}
        id_ = f"{draft.sender.partner}-forbidden-{draft.data['report_id']}"
        if draft.kind is PartnerKind.VIDEO_AI:
            return draft.sender.binary(WithdrawCase.type, id_, case, {**data, "reason": "误报"}, draft.happened)
        task = {**data, "task_id": f"{case}/housing#1"}
        return draft.sender.binary(CompleteTask.type, id_, case, task, draft.happened)
