"""`POST /v1/alerts`: what Alertmanager's webhook says becomes notices, by the roster and with every guarantee of one.

It is no way in for partners: whoever has the token runs the platform. 200 means that the notices are in the database,
and Alertmanager may forget it; it repeats whatever is answered otherwise. Nothing here needs the broker.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.notifier.adapters.profiles import CachedProfiles
from services.notifier.domain.alerts import WARNING, AlertEvent, AlertRaised, AlertResolved, alert_number
from shared.decision import Poison, Transient
from shared.district.lookup import DirectoryIndex
from shared.infra.asgi import ClientGoneError, HttpError, answer, header, read_body
from shared.infra.clock import Clock
from shared.infra.engine import Input
from shared.infra.http import JSON, Receive, Scope, Send, refuse, reply
from shared.infra.log import get_logger
from shared.infra.mongo import as_transient

ROUTE = "/v1/alerts"
MAX_BYTES = 4 * 1024 * 1024
MAX_ALERTS = 1_000
BODY_SECONDS = 10.0
RETRY_AFTER_SECONDS = 10

Apply = Callable[[Sequence[Input]], Awaitable[None]]


class Alert(BaseModel):
    """One alert as Alertmanager's webhook gives it, version 4."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: AwareDatetime = Field(alias="startsAt")
    ends_at: AwareDatetime = Field(alias="endsAt")
    fingerprint: str = Field(min_length=1, max_length=64)


class Message(BaseModel):
    """One call of the webhook: the alerts of one group."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    alerts: tuple[Alert, ...] = Field(max_length=MAX_ALERTS)


@dataclass(slots=True)
class AlertGate:
    """Lets in who has the token. `home` is the district whose people hear what is about no district."""

    token_file: Path
    home: str
    profiles: CachedProfiles
    apply: Apply
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            await refuse(send, 405, "Only POST is answered here.", allow="POST")
            return
        try:
            self._let_in(scope)
            message = _read(await read_body(receive, MAX_BYTES, BODY_SECONDS))
            await self._tell(message)
        except ClientGoneError:
            return
        except HttpError as error:
            await answer(send, error, as_json=True)
            return
        get_logger().info("alerts_taken", alerts=len(message.alerts))
        await reply(send, 200, b"{}", JSON, {})

    def _let_in(self, scope: Scope) -> None:
        """Refuse who does not have the token; the file is read anew, so that one may be replaced at any time."""
        scheme, _, given = header(scope, "authorization").partition(" ")
        try:
            token = self.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            get_logger().error("alerts_token_unreadable", error=type(error).__name__)
            token = ""
        if not token or scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise HttpError(401, "Send the token of GW_ALERTS_TOKEN_FILE.", headers={"www-authenticate": "Bearer"})

    async def _tell(self, message: Message) -> None:
        try:
            with as_transient():
                inputs = [self._input(alert) for alert in message.alerts]
                await self.apply(inputs)
        except (Transient, Poison) as away:
            get_logger().warning("alerts_not_taken", error=str(away))
            later = {"retry-after": str(RETRY_AFTER_SECONDS)}
            raise HttpError(503, "Not saved; send it again.", headers=later) from None

    def _input(self, alert: Alert) -> Input:
        index = self._district(alert.labels.get("district", ""))
        number = alert_number(index.profile.code, alert.fingerprint, alert.starts_at)
        return Input(number, number, self._event(alert, index, number))

    def _district(self, code: str) -> DirectoryIndex:
        """Return the profile of the alert's own district, else that of those who run the platform.

        Raises:
            Poison: not even theirs is known (yet).
        """
        try:
            return self.profiles.current(code)
        except Poison:
            return self.profiles.current(self.home)

    def _event(self, alert: Alert, index: DirectoryIndex, number: str) -> AlertEvent:
        over = alert.status == "resolved"
        kind = AlertResolved if over else AlertRaised
        said = alert.annotations
        return kind(
            district=index.profile.code,
            case_id=number,
            occurred_at=alert.ends_at if over else alert.starts_at,
            recorded_at=self.clock.now(),
            name=alert.labels.get("alertname", "alert")[:100],
            severity=alert.labels.get("severity", WARNING),
            department=_department(index, alert.labels.get("team", "")),
            summary=said.get("summary", ""),
            summary_en=said.get("summary_en", ""),
            runbook=said.get("runbook", "")[:200],
        )


def _department(index: DirectoryIndex, team: str) -> str:
    """Return the department of that code; a district without one leaves it to its centre, for somebody must hear."""
    return team if index.department(team) is not None else index.departments.centre or team


def _read(body: bytes) -> Message:
    try:
        return Message.model_validate_json(body)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
        raise HttpError(400, *wrong[:20]) from None
