"""What every service reads from the environment, once, in its main.py."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, HttpUrl, field_validator, model_validator
from pydantic_settings import NoDecode

from shared.infra.clock import Clock, ClockFault, ScaledClock, SteppedClock, SystemClock
from shared.infra.connections import ConnectionSettings

HTTP_PORT = "the port it listens on"


class Mode(StrEnum):
    """`live` for the real thing; a virtual clock is refused in it."""

    LIVE = "live"
    DEMO = "demo"
    REPLAY = "replay"


class ServiceSettings(ConnectionSettings):
    """Settings common to the four services; an unknown GW_ variable belongs to another process and is passed over."""

    mode: Mode = Field(default=Mode.LIVE, description="`live` for the real thing; the others may have a virtual clock")
    kafka_idempotent: bool = Field(
        default=True, description="a producer that writes nothing twice; not every broker has it"
    )
    kafka_compression: Literal["lz4", "zstd", "gzip", "none"] | None = Field(
        default=None, description="how records are packed; none: as they are"
    )
    http_host: str = Field(
        default="127.0.0.1", description="the address that health, metrics and intake's HTTP listen on"
    )
    http_port: int = Field(default=8080, ge=1, le=65535, description=HTTP_PORT)
    http_tls_in_front: bool = Field(default=False, description="a proxy speaks TLS for us: answers say so (HSTS)")
    http_head_seconds: float = Field(default=10, gt=0, description="so long the head of a request may take to come")
    http_exchange_seconds: float = Field(default=60, gt=0, description="and all of it, with our answer taken")
    districts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="district codes, comma between; this process serves only these, none named: all"
    )
    worker: str = Field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}",
        description="this process's name, different for each replica; host and process id if not set",
    )
    stop_seconds: float = Field(default=25, gt=0, description="a process told to end is gone then, finished or not")
    log_format: Literal["json", "console"] = Field(default="json", description="one JSON object a line, or for the eye")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="`debug` adds a line for each decision, by which a case can be followed"
    )
    clock_tolerance_seconds: float = Field(
        default=30, gt=0, description="a process whose clock is further from the database's does not act"
    )
    traces_url: HttpUrl | None = Field(
        default=None, description="OTLP over HTTP, with its path (http://collector:4318/v1/traces); none: no traces"
    )
    traces_ratio: float = Field(default=1.0, ge=0, le=1, description="so many of the traces that begin here are kept")
    clock_start: AwareDatetime | None = Field(default=None, description="the virtual instant at which the clock begins")
    clock_origin: AwareDatetime | None = Field(default=None, description="the real instant at which it was that")
    clock_rate: float | None = Field(default=None, gt=0, description="virtual seconds in a real one")
    clock_steps: Path | None = Field(default=None, description="plays only: the file whose last line is the time")
    fault_point: str | None = Field(default=None, description="tests only: where this process kills itself")
    fault_clock: str | None = Field(
        default=None, description="tests only: minutes that its clock is off, once a file is there: 180@FILE"
    )

    @field_validator("districts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("traces_url", mode="before")
    @classmethod
    def _nowhere(cls, value: object) -> object:
        return value or None

    @field_validator("fault_clock")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value:
            ClockFault.parse(value)
        return value or None

    @field_validator("kafka_compression")
    @classmethod
    def _no_compression(cls, value: str | None) -> str | None:
        return None if value == "none" else value

    @model_validator(mode="after")
    def _virtual_clock_is_whole_and_allowed(self) -> ServiceSettings:
        parts = (self.clock_start, self.clock_origin, self.clock_rate)
        if self.mode is Mode.LIVE and any(part is not None for part in (*parts, self.clock_steps)):
            raise ValueError("a virtual clock is refused in live mode: set GW_MODE=demo or replay")
        if 0 < sum(part is not None for part in parts) < len(parts):
            raise ValueError("a virtual clock needs GW_CLOCK_START, GW_CLOCK_ORIGIN and GW_CLOCK_RATE")
        if (self.fault_point or self.fault_clock) and self.mode is Mode.LIVE:
            raise ValueError("GW_FAULT_POINT and GW_FAULT_CLOCK are refused in live mode")
        return self

    def clock(self) -> Clock:
        """Return the clock the settings ask for."""
        if self.clock_steps is not None:
            return SteppedClock(self.clock_steps)
        if self.clock_start is None:
            return SystemClock()
        start, origin, rate = self.clock_start, self.clock_origin, self.clock_rate
        return ScaledClock(_given(start), _given(origin), rate or 1.0)


def _given(value: datetime | None) -> datetime:
    if value is None:
        raise ValueError("a virtual clock needs its start and origin")
    return value
