"""The rules by which memory and open files count as flat after faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.fault.harness.sampler import Sample

WARM_SECONDS = 20.0
LIVED_SECONDS = 40.0
"""A process that has lived shorter than this says nothing about growth."""

MORE_FILES = 24
"""Connections come and go with the load; a leak of one for each lost connection goes far past this in a minute."""

MORE_MB = 60.0
MOST_MB = 250.0


def grown(samples: Mapping[str, Sequence[Sample]]) -> Iterator[str]:
    """Yield a sentence for every process that ended with far more than it had once it was warm."""
    for name, all_of in samples.items():
        for pid in dict.fromkeys(one.pid for one in all_of):
            own = [one for one in all_of if one.pid == pid]
            warm = [one for one in own if one.at - own[0].at >= WARM_SECONDS]
            if not warm or own[-1].at - own[0].at < LIVED_SECONDS:
                continue
            yield from _of(name, warm[0], own[-1])


def _of(name: str, first: Sample, last: Sample) -> Iterator[str]:
    span = last.at - first.at
    if last.files - first.files > MORE_FILES:
        yield f"{name} ({last.pid}): {first.files} open files became {last.files} in {span:.0f} s"
    if last.rss > MOST_MB or last.rss - first.rss > MORE_MB:
        yield f"{name} ({last.pid}): {first.rss:.0f} MB became {last.rss:.0f} MB in {span:.0f} s"
