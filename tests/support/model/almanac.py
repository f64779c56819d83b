"""Public holidays and make-up working days (调休), written down from the notices of the State Council.

2025: 国办发明电〔2024〕12号; 2026: 国办发明电〔2025〕7号. Facts, copied by hand: the product takes them from a library.
"""

from __future__ import annotations

from datetime import date, timedelta


def _span(first: str, last: str) -> set[date]:
    """Return the days from one to another, both included."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return {begin + timedelta(days=n) for n in range((end - begin).days + 1)}


def _days(*texts: str) -> set[date]:
    return {date.fromisoformat(text) for text in texts}


HOLIDAYS = (
    _span("2025-01-01", "2025-01-01")  # 元旦
    | _span("2025-01-28", "2025-02-04")  # 春节
    | _span("2025-04-04", "2025-04-06")  # 清明节
    | _span("2025-05-01", "2025-05-05")  # 劳动节
    | _span("2025-05-31", "2025-06-02")  # 端午节
    | _span("2025-10-01", "2025-10-08")  # 国庆节、中秋节
    | _span("2026-01-01", "2026-01-03")  # 元旦
    | _span("2026-02-15", "2026-02-23")  # 春节
    | _span("2026-04-04", "2026-04-06")  # 清明节
    | _span("2026-05-01", "2026-05-05")  # 劳动节
    | _span("2026-06-19", "2026-06-21")  # 端午节
    | _span("2026-09-25", "2026-09-27")  # 中秋节
    | _span("2026-10-01", "2026-10-07")  # 国庆节
)

WORKED_WEEKENDS = _days(
    "2025-01-26", "2025-02-08",  # 春节
    "2025-04-27",  # 劳动节
    "2025-09-28", "2025-10-11",  # 国庆节
    "2026-01-04",  # 元旦
    "2026-02-14", "2026-02-28",  # 春节
    "2026-05-09",  # 劳动节
    "2026-09-20", "2026-10-10",  # 国庆节
)  # fmt: skip
