"""Alarms of a video-AI platform: a label, the camera and its position, a snapshot.

    {"alarm_id": "cam17-000123", "label": "GarbageExposed", "confidence": 0.91, "time": "2026-07-01 08:30:00",
     "camera": {"id": "cam17", "name": "解放中路与南环路口", "lon": 106.66, "lat": 35.54, "datum": "gcj02"},
     "snapshot": "https://…/123.jpg", "video": "https://…/123.mp4", "description": "…"}

The label becomes the category claim, read through the partner's label map. Camera fields may also stand flat, with
`camera_` before their names.
"""

from __future__ import annotations

from typing import Any

from services.intake.domain.wording import Invalid
from services.intake.sources._flat import as_text, rest, take, validated
from shared.contracts.incidents import Report

_ALARM = {
    "report_id": ("alarm_id", "event_id", "id"),
    "category": ("label", "event_type"),
    "occurred_at": ("time", "timestamp", "alarm_time"),
    "text": ("description",),
    "severity": ("severity",),
}
_CAMERA = {
    "lon": ("lon", "longitude"),
    "lat": ("lat", "latitude"),
    "datum": ("datum",),
    "address": ("address", "name"),
    "grid": ("grid",),
}
_PICTURES = {"image/jpeg": ("snapshot", "image_url", "picture"), "video/mp4": ("video", "video_url")}
_HASH = {"image/jpeg": ("snapshot_sha256",), "video/mp4": ("video_sha256",)}


def parse(payload: dict[str, Any]) -> Report:
    """Return the alarm as a report.

    Raises:
        Invalid: `invalid-report`, with a line a field.
    """
    camera = payload.get("camera")
    if camera is None:
        camera = {name.removeprefix("camera_"): value for name, value in payload.items() if name.startswith("camera_")}
    if not isinstance(camera, dict):
        raise Invalid("invalid-report", ["camera: is not an object"])
    fields = take(payload, _ALARM)
    as_text(fields, "report_id")
    more = rest(payload, _ALARM, _PICTURES, _HASH)
    return validated(
        {**fields, "location": take(camera, _CAMERA), "media": _media(payload), "attributes": more},
    )


def _media(payload: dict[str, Any]) -> list[dict[str, Any]]:
    hashes = take(payload, _HASH)
    return [{"url": url, "mime": mime, "sha256": hashes.get(mime)} for mime, url in take(payload, _PICTURES).items()]
