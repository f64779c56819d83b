"""Work orders of a 12345 hotline: a flat form with Chinese field names.

{"工单编号": "12345-20260701-0001", "来电时间": "2026-07-01 08:30:00", "诉求内容": "…", "诉求类别": "暴露垃圾",
 "来电人": "王某某", "联系电话": "13800000000", "是否保密": "否", "事发地址": "…", "紧急程度": "一般"}
"""

from __future__ import annotations

from typing import Any

from services.intake.sources._chinese import Form
from shared.contracts.incidents import Report

_FORM = Form(
    report={
        "report_id": ("工单编号", "工单号", "诉求编号"),
        "occurred_at": ("来电时间", "诉求时间", "受理时间"),
        "text": ("诉求内容", "工单内容", "内容"),
        "category": ("诉求类别", "诉求类型", "类别编码"),
        "severity": ("紧急程度",),
        "people": ("涉及人数",),
        "due_at": ("办理期限", "办结时限"),
    },
    person={
        "name": ("来电人", "诉求人", "来电人姓名", "姓名"),
        "phone": ("联系电话", "来电号码", "电话"),
        "identity_number": ("身份证号", "证件号码"),
        "email": ("电子邮箱",),
        "anonymous": ("是否保密", "是否匿名"),
    },
    severity={"特急": 1, "紧急": 2, "加急": 2, "一般": 3, "普通": 3},
)


def parse(payload: dict[str, Any]) -> Report:
    """Return the work order as a report.

    Raises:
        Invalid: `invalid-report`, with a line a field.
    """
    return _FORM.parse(payload)
