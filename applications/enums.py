"""Vocabulary of the casework. Values are words; labels are what staff read."""

from django.db import models


class Satisfaction(models.IntegerChoices):
    """The five grades of 好差评, best first (STANDARDS.md 2.4)."""

    VERY_SATISFIED = 5, "非常满意"
    SATISFIED = 4, "满意"
    RATHER_SATISFIED = 3, "基本满意"
    DISSATISFIED = 2, "不满意"
    VERY_DISSATISFIED = 1, "非常不满意"


BAD = frozenset({Satisfaction.DISSATISFIED, Satisfaction.VERY_DISSATISFIED})


class Channel(models.TextChoices):
    ONLINE = "online", "网上"
    WINDOW = "window", "窗口"


class TaskStatus(models.TextChoices):
    """State of one item at one office (子办件)."""

    PRE_REVIEW = "pre_review", "预审中"
    PRE_RETURNED = "pre_returned", "预审退回"
    WAITING = "waiting", "待前置"
    PENDING = "pending", "待送达"
    QUEUED = "queued", "待受理"
    AWAITING_CORRECTION = "awaiting_correction", "待补正"
    IN_REVIEW = "in_review", "办理中"
    AWAITING_VISIT = "awaiting_visit", "待本人到场"
    SUSPENDED = "suspended", "特别程序"
    AWAITING_APPROVAL = "awaiting_approval", "待批准"
    COMPLETED = "completed", "已办结"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    REFUSED = "refused", "不予办理"
    WITHDRAWN = "withdrawn", "已撤回"
    TERMINATED = "terminated", "已终止"


TERMINAL = frozenset(
    {
        TaskStatus.COMPLETED,
        TaskStatus.NOT_ACCEPTED,
        TaskStatus.REFUSED,
        TaskStatus.WITHDRAWN,
        TaskStatus.TERMINATED,
    }
)
# Before any office has it: the hub looks whether the form is complete, or the person is changing it.
BEFORE_OFFICES = frozenset({TaskStatus.PRE_REVIEW, TaskStatus.PRE_RETURNED})
UNFINISHED = frozenset(TaskStatus) - TERMINAL
# Ended by an office, not by the person.
DECIDED = TERMINAL - {TaskStatus.WITHDRAWN}
# With the office and not yet decided: what its queue shows.
AT_OFFICE = frozenset(
    {
        TaskStatus.QUEUED,
        TaskStatus.AWAITING_CORRECTION,
        TaskStatus.IN_REVIEW,
        TaskStatus.AWAITING_VISIT,
        TaskStatus.SUSPENDED,
        TaskStatus.AWAITING_APPROVAL,
    }
)


class ApplicationStatus(models.TextChoices):
    """State of the whole case (总办件); always derived from its tasks, see workflow.overall()."""

    IN_PROGRESS = "in_progress", "办理中"
    ACTION_NEEDED = "action_needed", "需要申请人处理"
    COMPLETED = "completed", "全部办结"
    PARTLY_COMPLETED = "partly_completed", "部分办结"
    REFUSED = "refused", "未予办理"
    WITHDRAWN = "withdrawn", "已撤回"


CLOSED = frozenset(
    {
        ApplicationStatus.COMPLETED,
        ApplicationStatus.PARTLY_COMPLETED,
        ApplicationStatus.REFUSED,
        ApplicationStatus.WITHDRAWN,
    }
)


class Action(models.TextChoices):
    SUBMIT = "submit", "提交登记表"
    ADD_ITEMS = "add_items", "增加事项"
    PRE_PASS = "pre_pass", "预审通过"
    PRE_RETURN = "pre_return", "预审退回"
    PRE_AMEND = "pre_amend", "改后再交"
    RELEASE = "release", "前置满足"
    DELIVER = "deliver", "送达部门"
    CONFIRM_FACT = "confirm_fact", "确认到账"
    TAKE = "take", "认领"
    ACCEPT = "accept", "受理"
    ACCEPT_PROVISIONALLY = "accept_provisionally", "容缺受理"
    DEEM_ACCEPTED = "deem_accepted", "视为受理"
    REQUEST_CORRECTION = "request_correction", "一次性告知补正"
    RESUBMIT = "resubmit", "补正提交"
    CALL_IN = "call_in", "通知本人到场"
    OFFER_TIMES = "offer_times", "另约到场时间"
    BOOK_TIME = "book_time", "选定到场时间"
    ASK_OTHER_TIME = "ask_other_time", "请求另约时间"
    RECORD_NO_SHOW = "record_no_show", "约好未到场"
    RECORD_VISIT = "record_visit", "本人已到场"
    SUSPEND = "suspend", "进入特别程序"
    RESUME = "resume", "特别程序结束"
    EXTEND = "extend", "延长办理期限"
    PROPOSE = "propose", "报请批准"
    SEND_BACK = "send_back", "退回承办"
    APPROVE = "approve", "批准办结"
    APPROVE_REFUSAL = "approve_refusal", "批准不予办理"
    COMPLETE = "complete", "办结"
    DO_NOT_ACCEPT = "do_not_accept", "不予受理"
    REFUSE = "refuse", "不予办理"
    WITHDRAW = "withdraw", "撤回"
    TERMINATE = "terminate", "终止"
    TRANSFER = "transfer", "转办"
    SUPPLY = "supply", "补交容缺材料"
    AMEND = "amend", "更正登记表"
    RECOMPUTE = "recompute", "重算到期日"
    PAY = "pay", "发放"
    PRODUCE = "produce", "开始制证"
    MAKE_READY = "make_ready", "制好待领取"
    MAIL = "mail", "寄出"
    HAND_OVER = "hand_over", "送达"


class Party(models.TextChoices):
    """Who may do an action."""

    APPLICANT = "applicant", "申请人"
    CLERK = "clerk", "窗口人员"
    REVIEWER = "reviewer", "审核人员"
    APPROVER = "approver", "批准人员"
    SYSTEM = "system", "系统"


class DispatchKind(models.TextChoices):
    """What a dispatch tells: a task with its data, or that a task which the other side has is no longer its own."""

    TASK = "task", "办件"
    WITHDRAWN = "withdrawn", "撤回告知"
    TERMINATED = "terminated", "终止告知"
    MOVED = "moved", "改由别处办理告知"


class DispatchStatus(models.TextChoices):
    PENDING = "pending", "待送"
    SENDING = "sending", "发送中"
    DELIVERED = "delivered", "已送达"
    ATTENTION = "attention", "待人工处理"
    CANCELLED = "cancelled", "已取消"


# The worker goes on with these by itself; with what is unsent besides, a person does.
ON_ITS_WAY = frozenset({DispatchStatus.PENDING, DispatchStatus.SENDING})
UNSENT = ON_ITS_WAY | {DispatchStatus.ATTENTION}


class Outcome(models.TextChoices):
    """How one try of a dispatch ended. What is unknown is kept apart from what failed."""

    DELIVERED = "delivered", "对方已收到"
    SENT = "sent", "已发出，等对方确认"
    PASSING = "passing", "暂时不通"
    UNKNOWN = "unknown", "对方是否收到不清楚"
    LASTING = "lasting", "对方不接收"
    CONFIGURATION = "configuration", "对接设置有误"
    TOO_LATE = "too_late", "发出后已撤回"


class NoticeKind(models.TextChoices):
    CONFIRM_EMAIL = "confirm_email", "确认邮箱"
    CONTACT_CHANGED = "contact_changed", "联系方式改了"
    FORM_CHANGED = "form_changed", "登记表的账号或电话改了"
    SUBMITTED = "submitted", "登记表已提交"
    CORRECTION = "correction", "需要补正"
    IN_PERSON = "in_person", "需要本人到场"
    PRE_RETURNED = "pre_returned", "预审退回"
    VISIT_REMINDER = "visit_reminder", "明天到场"
    PROGRESS = "progress", "有新进展"
    DECISION = "decision", "有一件作出了决定"
    CLOSED = "closed", "全部办结"
    OFFICE_SILENT = "office_silent", "到期未答复，视为受理"
    ANSWERED = "answered", "窗口反映有了答复"
    REPORTING = "reporting", "报到期限"
    FORM_ENDS = "form_ends", "登记表要删掉"
    REPORT_MISSED = "report_missed", "超过报到期限"
    DUE_SOON = "due_soon", "快到期"
    OVERDUE = "overdue", "已超期"


# What an address is told once more when another one takes its place; nobody is called when it does not arrive there.
TO_ADDRESS_BEFORE = frozenset({NoticeKind.CONTACT_CHANGED, NoticeKind.FORM_CHANGED})

# Messages to members of staff; all others are for the applicant.
FOR_STAFF = frozenset({NoticeKind.OFFICE_SILENT, NoticeKind.REPORT_MISSED, NoticeKind.DUE_SOON, NoticeKind.OVERDUE})


class NoticeStatus(models.TextChoices):
    PENDING = "pending", "待发送"
    SENT = "sent", "已发送"
    HELD_BACK = "held_back", "没有发送"
    BOUNCED = "bounced", "没有送到"
    FAILED = "failed", "未能发送"


class Decision(models.TextChoices):
    APPROVED = "approved", "准予办结"
    REFUSED = "refused", "不予办理"
    NOT_ACCEPTED = "not_accepted", "不予受理"


class Fulfilment(models.TextChoices):
    """What still follows a decision: money, a card, a paper. It never holds up the case."""

    NONE = "none", "无后续"
    PAYMENT_DUE = "payment_due", "待发放"
    PAID = "paid", "已发放"
    IN_PRODUCTION = "in_production", "制证中"
    READY = "ready", "待领取"
    MAILED = "mailed", "已寄出"
    DELIVERED = "delivered", "已送达"


# Granted, and the person does not have it yet: money to pay, a card or paper to make, to be fetched or on its way.
NOT_HANDED_OVER = frozenset({Fulfilment.PAYMENT_DUE, Fulfilment.IN_PRODUCTION, Fulfilment.READY, Fulfilment.MAILED})


class ExportKind(models.TextChoices):
    DISPATCHES = "dispatches", "推送清单"
    TASKS = "tasks", "在办清单"
    FIGURES = "figures", "各地统计"
    BATCH = "batch", "离线交换包"


class ImportStatus(models.TextChoices):
    WAITING = "waiting", "正在处理"
    DONE = "done", "已处理完"
    REFUSED = "refused", "文件不能采用"
    FAILED = "failed", "没有处理完"


class DocumentKind(models.TextChoices):
    REGISTRATION = "registration", "登记表"
    SUBMISSION_RECEIPT = "submission_receipt", "申请回执"
    ACCEPTANCE_NOTICE = "acceptance_notice", "受理通知书"
    CORRECTION_NOTICE = "correction_notice", "补正材料一次性告知书"
    NON_ACCEPTANCE_NOTICE = "non_acceptance_notice", "不予受理通知书"
    REFUSAL_NOTICE = "refusal_notice", "不予办理决定书"
    SUSPENSION_NOTICE = "suspension_notice", "特别程序告知书"
    EXTENSION_NOTICE = "extension_notice", "延长办理期限通知书"
    DELIVERY_RECEIPT = "delivery_receipt", "送达回证"
    RESULT_SHEET = "result_sheet", "办理结果反馈单"


class DocumentStatus(models.TextChoices):
    REQUESTED = "requested", "生成中"
    READY = "ready", "已生成"
    FAILED = "failed", "未能生成"


class Grade(models.TextChoices):
    """Trust grade of a material (国办函〔2016〕108号, DOMAIN.md 3.4)."""

    A = "A", "甲级 部门签发"
    B = "B", "乙级 已核原件"
    C = "C", "丙级 申请人上传"
    D = "D", "丁级 申请人自制"


class Verdict(models.TextChoices):
    """What an office found about one file of its task."""

    FINE = "fine", "齐"
    UNREADABLE = "unreadable", "看不清"
    WRONG = "wrong", "不符合"
