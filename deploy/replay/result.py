"""What a replay found, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

SHOWN = 10


class Value(BaseModel):
    """Frozen."""

    model_config = ConfigDict(frozen=True)


class Differs(Value):
    """A row on which pipeline and city differ; `ours` None: the pipeline gave no verdict."""

    line: int
    id: str
    case_id: str
    ours_late: bool | None
    city_late: bool


class CityResult(Value):
    """The requests of the city, verdict by verdict."""

    file: str
    rows: int
    late_by_us: int
    late_by_the_city: int
    differences: int
    first_differences: tuple[Differs, ...] = ()
    breaches_withdrawn: int
    peculiar: dict[str, int]
    seconds: float
    rows_per_second: float


class MessagesResult(Value):
    """The messages through intake; none may be lost, and every time must be read as it was written."""

    file: str
    rows: int
    accepted: int
    merged: int
    duplicate: int
    rejected: int
    lost: int
    wrong_times: int


class Result(Value):
    """One run; a part is absent when its file is."""

    city: CityResult | None = None
    messages: MessagesResult | None = None
    dead_letters: dict[str, int]
    wall_seconds: float

    @property
    def fine(self) -> bool:
        """Whether pipeline and city agree on every row, and no message was lost or misread."""
        city_fine = self.city is None or self.city.differences == 0
        messages = self.messages
        return city_fine and (messages is None or messages.lost + messages.rejected + messages.wrong_times == 0)

    def lines(self) -> Iterator[str]:
        """Yield the result in words."""
        if self.city is not None:
            yield from _city_lines(self.city)
        if self.messages is not None:
            yield from _message_lines(self.messages)
        told = ", ".join(f"{error} {count}" for error, count in self.dead_letters.items()) or "none"
        yield f"dead letters         {told}"
        yield f"wall seconds         {self.wall_seconds:.1f}"


def _city_lines(city: CityResult) -> Iterator[str]:
    yield f"file                 {city.file}"
    yield f"rows                 {city.rows:,}"
    for kind, count in city.peculiar.items():
        yield f"  {kind:<34} {count:,}"
    yield f"late by us           {city.late_by_us:,}"
    yield f"late by the city     {city.late_by_the_city:,}"
    yield f"differences          {city.differences:,}"
    for one in city.first_differences:
        yield f"  line {one.line} request {one.id} case {one.case_id}: ours {one.ours_late}, the city's {one.city_late}"
    yield f"breaches withdrawn   {city.breaches_withdrawn:,}"
    yield f"rows per second      {city.rows_per_second:,.0f}"


def _message_lines(messages: MessagesResult) -> Iterator[str]:
    yield f"file                 {messages.file}"
    yield f"messages             {messages.rows:,}"
    yield (
        f"  accepted {messages.accepted:,}, merged {messages.merged:,}, duplicate {messages.duplicate:,}, "
        f"rejected {messages.rejected:,}, lost {messages.lost:,}, times misread {messages.wrong_times:,}"
    )
