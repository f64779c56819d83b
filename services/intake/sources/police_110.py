"""Alerts that a 110 centre hands over: a flat form with Chinese field names.

    {"警情编号": "110-20260701-0001", "报警时间": "20260701083000", "报警内容": "…", "警情类别": "邻里纠纷",
     "报警人": "王某某", "报警电话": "13800000000", "案发地址": "…", "经度": 106.66, "纬度": 35.54, "警情级别": "黄"}

The classes of police alerts are not public; the names in 警情类别 are read as aliases of the district's categories.
"""

from __future__ import annotations

from typing import Any

from services.intake.sources._chinese import Form
from shared.contracts.incidents import Report

_FORM = Form(
    report={
        "report_id": ("警情编号", "接警单编号", "接警单号"),
        "occurred_at": ("报警时间", "接警时间"),
        "text": ("报警内容", "警情内容", "简要警情"),
        "category": ("警情类别", "警情类型"),
        "severity": ("警情级别",),
        "people": ("涉及人数",),
    },
    person={
        "name": ("报警人", "报警人姓名"),
        "phone": ("报警电话", "联系电话"),
        "identity_number": ("身份证号", "证件号码"),
        "anonymous": ("是否保密", "是否匿名"),
    },
    severity={"红": 1, "特急": 1, "橙": 2, "紧急": 2, "黄": 3, "一般": 3, "蓝": 4, "咨询": 4},
)


def parse(payload: dict[str, Any]) -> Report:
    """Return the alert as a report.

    Raises:
        Invalid: `invalid-report`, with a line a field.
    """
    return _FORM.parse(payload)
