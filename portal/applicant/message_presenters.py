"""The person's messages: what each tells, where it leads, whether it also went out."""

from dataclasses import dataclass

from django.urls import reverse

from applications.enums import FOR_STAFF, NoticeKind, NoticeStatus
from applications.models import Notice
from portal.web.presenters import moment_words

_TITLES = {
    NoticeKind.CONTACT_CHANGED: "联系方式改了",
    NoticeKind.FORM_CHANGED: "登记表的账号或电话改了",
    NoticeKind.SUBMITTED: "登记表已提交",
    NoticeKind.CORRECTION: "需要您补正",
    NoticeKind.IN_PERSON: "需要您到场",
    NoticeKind.PRE_RETURNED: "登记表要修改",
    NoticeKind.VISIT_REMINDER: "明天到场",
    NoticeKind.PROGRESS: "有新进展",
    NoticeKind.DECISION: "有一件事作出了决定",
    NoticeKind.CLOSED: "全部有结果了",
    NoticeKind.OFFICE_SILENT: "到期没有答复",
    NoticeKind.REPORTING: "报到期限",
    NoticeKind.FORM_ENDS: "登记表要删掉了",
    NoticeKind.REPORT_MISSED: "过了报到期限",
    NoticeKind.DUE_SOON: "快到期的事项",
    NoticeKind.OVERDUE: "已超期的事项",
}


@dataclass(frozen=True)
class MessageRow:
    """One message with where it leads, and whether it also went out."""

    title: str
    details: list[str]
    when: str
    number: str
    url: str
    sent: str
    is_new: bool


def message_row(notice: Notice) -> MessageRow:
    way = notice.get_channel_display()
    sent = {
        NoticeStatus.SENT: f"已发{way}",
        NoticeStatus.BOUNCED: f"{way or '短信'}没有送到",
        NoticeStatus.FAILED: f"{way or '短信'}没有发出",
    }.get(NoticeStatus(notice.status), "")
    number = notice.application.number if notice.application else ""
    return MessageRow(
        title=_TITLES[NoticeKind(notice.kind)],
        details=list(notice.details),
        when=moment_words(notice.created_at),
        number=number,
        url=_address_of(notice),
        sent=sent,
        is_new=notice.read_at is None,
    )


def _address_of(notice: Notice) -> str:
    if notice.kind in FOR_STAFF:
        return reverse("home:landing")
    if notice.kind == NoticeKind.CONTACT_CHANGED:
        return reverse("applicant:contact")
    case = notice.application
    return reverse("applicant:case", args=[case.number]) if case else reverse("applicant:case_list")
