"""What label values are called on a centre's screens (docs/glossary.md). What is not named here is shown as it is."""

REPORTS = {"accepted": "受理", "merged": "并案", "duplicate": "重复", "conflict": "矛盾", "rejected": "拒收"}
CASES = {
    "opened": "立案",
    "triaged": "分拣",
    "closed": "办结",
    "withdrawn": "撤回",
    "reopened": "重开",
    "merged": "并案",
    "unmerged": "撤销并案",
}
STATES = {
    "triage": "分拣",
    "dispatched": "已派单",
    "in_progress": "处置中",
    "resolved": "待核查",
    "assigned": "待受理",
    "accepted": "已受理",
    "on_hold": "挂起",
}
TASKS = {"assigned": "派单", "accepted": "受理", "completed": "完成", "returned": "退单", "superseded": "改派"}
PLACES = {"given": "网格码", "polygon": "坐标", "community": "社区", "township": "街道", "district": "仅区县"}
CLOCKS = {
    "started": "起算",
    "warned": "预警",
    "breached": "超期",
    "breach_withdrawn": "撤销超期",
    "extension_ignored": "延期未计",
    "on_time": "按期",
    "late": "逾期",
    "void": "作废",
}
KINDS = {
    "triage": "分拣",
    "case": "全案",
    "accept": "受理",
    "stage": "阶段",
    "handle": "处置",
    "arbitrate": "裁定",
    "verify": "核查",
    "tier": "调解层级",
    "mediation": "调解",
    "obligation": "履约",
    "follow_up": "回访",
    "confirm": "司法确认",
    "appeal": "异议",
    "reply": "复函",
}
REASONS = {
    "opening": "立案即吹",
    "hand": "人工",
    "ladder": "逐级升级",
    "refusals": "推诿",
    "muster_failed": "未到齐再吹",
}
TEAMS = {"summoned": "集结", "on_scene": "到齐", "muster_failed": "未到齐", "stood_down": "解散"}
ATTENDANCE = {"present": "按时到场", "late": "迟到", "substituted": "替补", "absent": "缺席"}
LEVELS = {"1": "部门负责人", "2": "中心主任", "3": "吹哨"}
TIERS = {
    "community": "社区",
    "gold": "金牌",
    "lawyer": "律师",
    "court": "仲裁诉讼",
    "task_force": "专班",
    "batch": "批量",
}
TIER_EVENTS = {
    "entered": "进入",
    "reassigned": "换调解员",
    "hearing": "听证",
    "agreement": "达成协议",
    "failed": "未成",
    "expired": "到期",
    "withdrawn": "撤回",
    "left_for_court": "转诉讼",
    "overtaken": "前级已成",
    "referred": "转专班",
    "closed": "结束",
    "kept": "恢复履行",
}
AGREEMENTS = {
    "agreed": "达成",
    "fulfilled": "履行",
    "breached": "违约",
    "breach_withdrawn": "撤销违约",
    "routed": "转执行或再调解",
    "amended": "变更",
    "applied": "申请司法确认",
    "confirmed": "已确认",
    "refused": "未予确认",
}
OBLIGATIONS = {
    "promised": "约定",
    "partly_paid": "部分支付",
    "fulfilled": "履行",
    "superseded": "被替代",
    "void": "作废",
    "fulfilled_late": "逾期履行",
}
DEFAULTERS = {
    "listed": "列入",
    "appealed": "异议",
    "dismissed": "异议驳回",
    "fulfilled": "履行后修复",
    "appeal_upheld": "异议成立",
    "breach_withdrawn": "违约撤销",
    "amended": "协议变更",
    "withdrawn": "撤回",
}
MONEY = {"agreed": "约定", "paid": "已付"}
WORK = {"recorded": "完成", "missed": "漏", "excused": "准假", "made_good": "补报"}
WORK_KINDS = {"patrol": "巡查", "visit": "走访", "duty": "值守"}
ADVISORIES = {"proposed": "提议", "issued": "发出", "declined": "不发", "replied": "回复"}
EFFECTS = {"stopped": "不再发生", "fell": "减少", "same": "持平", "rose": "增加"}
SURGES = {"detected": "发现", "ended": "结束"}
SUGGESTIONS = {"opened": "直接立案", "triaged": "转分拣", "silent": "无建议"}
ANSWERS = {"agreed": "采纳", "corrected": "更正", "unaided": "自行分类"}
NOTICES = {
    "queued": "待发",
    "delivered": "送达",
    "failed": "失败",
    "unknown": "未知",
    "suppressed": "不发",
    "acknowledged": "已确认",
}
CHANNELS = {"webhook": "接口", "email": "邮件", "file": "文件", "console": "控制台", "other": "其他", "none": "无渠道"}
SERVICES = {"intake": "受理", "router": "派单", "escalation": "督办", "notifier": "通知"}
RECORDS = {"applied": "处理", "duplicate": "重复", "rejected": "拒收", "conflict": "冲突重算", "relayed": "补发"}
FORGOTTEN = {"reports": "上报记录", "pins": "定位", "vault": "联系方式", "erased": "应请求删除"}
