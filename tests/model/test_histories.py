"""Random histories: the services' pure cores, chained, end as the reference model does, after every step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from shared.infra.clock import monotonic
from tests.support.cores import Cores
from tests.support.history import STARTS, History, Sent
from tests.support.likeness import differences, of_cores, of_model
from tests.support.model.district import DistrictModel
from tests.support.model.place import KINDS, district
from tests.support.truths import Truths, each_notice_once, no_id_with_two_contents

T = TypeVar("T")


class Drawn:
    """Choices that hypothesis makes."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def pick(self, options: Sequence[T]) -> T:
        """Return one of several."""
        return options[self.number(0, len(options) - 1)]

    def number(self, least: int, most: int) -> int:
        """Return a number between two."""
        drawn: int = self.data.draw(st.integers(least, most))
        return drawn


class Histories(RuleBasedStateMachine):
    """One district under model and services at once."""

    @initialize(data=st.data(), kind=st.sampled_from(sorted(KINDS)), start=st.sampled_from(STARTS))
    def begin(self, data: Any, kind: str, start: Any) -> None:
        """Begin somewhere in the year."""
        profile = district(kind)
        self.chance = Drawn(data)
        self.model = DistrictModel(profile, start)
        self.cores = Cores(profile, start, self.chance.pick)
        self.history = History(self.model, self.chance)
        self.truths = Truths(self.cores.index)

    @rule(data=st.data())
    def somebody_speaks(self, data: Any) -> None:
        """A report or a command; everybody hears it before anything else happens, in whichever order."""
        self.chance.data = data
        one = self.history.next()
        self.model_hears(one)
        self.cores.submit(one.id, one.partner, one.name, one.content)
        self.cores.sweep()
        self.compare()

    def model_hears(self, one: Sent) -> None:
        """Tell the model what was sent."""
        if one.name is None:
            self.model.report(one.id, one.partner, one.content)
        else:
            self.model.command(one.id, one.partner, one.name, one.content)
        self.model.settle()

    @rule(data=st.data())
    def time_passes(self, data: Any) -> None:
        """To the instant at which something happens, or past it."""
        self.chance.data = data
        end = self.history.pause()
        self.model.until(end)
        self.cores.advance(end)
        self.compare()

    def compare(self) -> None:
        """Model and services are alike in everything, and what is always true is true."""
        found = differences(of_model(self.model), of_cores(self.cores))
        assert not found, "\n".join(found)
        self.always()

    def always(self) -> None:
        """What is always true."""
        cores = self.cores
        self.truths.check(cores.reports.states(), cores.cases.states(), cores.times.states())
        each_notice_once(cores.events("notifications"))
        no_id_with_two_contents(record for topic in cores.bus.topics.values() for record in topic)


class Sleepers(Histories):
    """The same with an escalation that sweeps at any moment or never: time is what it is, whoever looks (DOMAIN §5).

    What time makes others do is left out: closings, whistles of the ladder, and wishes for more time, which depend on
    whether the router has heard of a breach.
    """

    @initialize(data=st.data(), start=st.sampled_from(STARTS))
    def begin(self, data: Any, start: Any) -> None:
        """Begin somewhere in the year."""
        super().begin(data, "quiet", start)

    @rule(data=st.data())
    def somebody_speaks(self, data: Any) -> None:
        """A report or a command; nobody sweeps."""
        self.chance.data = data
        one = self.history.next()
        if one.name == "task.extend":
            return
        self.model_hears(one)
        self.cores.submit(one.id, one.partner, one.name, one.content)
        self.cores.sleep(self.model.now)

    @rule(data=st.data(), glance=st.booleans())
    def time_passes(self, data: Any, glance: bool) -> None:  # noqa: FBT001 - drawn
        """Far, with one sweep or none."""
        self.chance.data = data
        end = self.history.pause()
        self.model.until(end)
        self.cores.sleep(end)
        if glance:
            self.cores.glance()
            self.compare()

    def compare(self) -> None:
        """States, verdicts, breaches, levels and teams are those of the clean run; what was told when is not."""
        model, services = of_model(self.model), of_cores(self.cores)
        kept = {part: model[part] for part in ("cases", "clocks", "teams")}
        found = differences(kept, services)
        assert not found, "\n".join(found)
        self.always()


MINUTES = float(os.environ.get("GW_MODEL_MINUTES", "0"))
"""`make model`: look for so long."""

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
SHORT = settings(COMMON, max_examples=15, stateful_step_count=20, derandomize=True)
LONG = settings(COMMON, max_examples=50, stateful_step_count=60)


@pytest.mark.parametrize("machine", [Histories, Sleepers])
def test_model_and_services_are_alike(machine: type[Histories]) -> None:
    """The same few histories each time; in the long run new ones until the time is over."""
    run_state_machine_as_test(machine, settings=SHORT)
    end = monotonic() + 60 * MINUTES
    while monotonic() < end:
        run_state_machine_as_test(machine, settings=LONG)
