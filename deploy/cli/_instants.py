"""What a person wrote as an instant to look back from."""

from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from deploy.figures.reading import instant_of


def until_instant(as_of: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the instant that is meant, in a district's zone where it has none.

    Raises:
        typer.BadParameter: it is no instant, or still to come.
    """
    try:
        until = instant_of(as_of, zone)
    except ValueError:
        hint = "2026-07-01T12:00:00+08:00, 2026-07-01T12:00 or 2026-07-01"
        raise typer.BadParameter(f"{as_of!r} is no instant: {hint}", param_hint="--as-of") from None
    if until > now:
        local = now.astimezone(zone).isoformat(timespec="seconds")
        said = f"{as_of} is still to come (it is {local}), and what will be recorded by then may change the answer"
        raise typer.BadParameter(f"{said}; leave it out to ask for now.", param_hint="--as-of")
    return until
