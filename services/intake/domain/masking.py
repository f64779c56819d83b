"""What of a person may not leave intake in free text: telephone and identity numbers, e-mail addresses, given names.

What stays of a number is what people need to tell two apart: 138****0000, 620802************, z***@example.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.intake.domain.text import clean_line, clean_text

# Bounded on purpose: an open-ended `+` before `@` takes quadratic time on a long text without one.
_PERSONAL = re.compile(
    r"(?P<identity>(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx]))"
    r"|(?P<mobile>(?<!\d)(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d))"
    r"|(?P<fixed>(?<!\d)(?:\(0\d{2,3}\) ?|0\d{2,3}[- ])[2-9]\d{6,7}(?!\d))"
    r"|(?P<mail>[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
)
_WORTH_A_LOOK = re.compile(r"\d{4}|@")
_NAME_MIN = 2
_NAMES = ("name", "姓名")
_OF_PERSONS = frozenset({
    "reporter", "contact", "name", "phone", "mobile", "tel", "telephone", "email", "identity_number", "id_card",
    "姓名", "联系人", "来电人", "报警人", "电话", "手机", "手机号", "联系电话", "身份证号", "电子邮箱",
})  # fmt: skip
"""Fields that hold a person whatever form they are in."""


def mask(text: str) -> str:
    """Return the text (in NFKC) with telephone numbers, identity numbers and e-mail addresses masked."""
    return _PERSONAL.sub(_masked, text) if _WORTH_A_LOOK.search(text) else text


def _masked(match: re.Match[str]) -> str:
    found = match[0]
    if match.lastgroup == "identity":
        return found[:6] + "*" * 12
    if match.lastgroup == "mail":
        return f"{found[0]}***@{found.rpartition('@')[2]}"
    digits = re.sub(r"\D", "", found)
    if match.lastgroup == "mobile":
        return f"{digits[-11:-8]}****{digits[-4:]}"
    return f"{digits[: len(digits) - 7]}-****{digits[-3:]}"


def mask_field(name: str, value: Any) -> Any:
    """Return the value of a field nobody told us of, masked at any depth; None where its name says it is a person."""
    if name.strip().lower() in _OF_PERSONS:
        return None
    if isinstance(value, dict):
        return {mask(clean_text(key)): mask_field(key, one) for key, one in value.items()}
    if isinstance(value, list):
        return [mask_field("", one) for one in value]
    if isinstance(value, str):
        return mask(clean_text(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return value if mask(str(value)) == str(value) else mask(str(value))
    return value


def redact(text: str, names: Sequence[str]) -> str:
    """Return the text masked, and the names of persons in it cut to their first character: 王某某 -> 王**."""
    text = mask(text)
    for name in names:
        if len(name) >= _NAME_MIN and name in text:
            text = text.replace(name, name[0] + "*" * (len(name) - 1))
    return text


def names_in(reporter: str | None, parties: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the reporter and of the parties, longest first, as they would stand in a clean text."""
    said = [reporter, *(party.get(field) for party in parties for field in _NAMES)]
    found = {clean_line(name) for name in said if isinstance(name, str)}
    return sorted(found, key=lambda name: (-len(name), name))
