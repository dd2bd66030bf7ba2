"""The links of the header: which ones a person sees, and which of them is the page at hand."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from agencies.enums import Role

Entry = tuple[str, str]

PUBLIC: tuple[Entry, ...] = (
    ("applicant:start", "我要办"),
    ("applicant:case_list", "查进度"),
    ("home:guide", "办事指南"),
)
DESK: tuple[Entry, ...] = (
    ("desk:queue", "待办队列"),
    ("desk:done", "已办"),
    ("desk:question_list", "待答复"),
    ("desk:norms", "业务规范"),
)
OVERSIGHT: tuple[Entry, ...] = (
    ("console:overview", "总览"),
    ("desk:question_list", "待答复"),
    ("console:ratings", "好差评"),
    ("console:dispatches", "推送情况"),
    ("console:notices", "通知记录"),
    ("console:schemes", "实施方案"),
    ("console:calendars", "工作日历"),
)
STAFF: dict[str, tuple[Entry, ...]] = {
    Role.CLERK: (
        ("window:index", "收件录入"),
        ("window:case_list", "已收办件"),
        ("window:visit_list", "到场预约"),
        ("window:question_list", "办不成事"),
        ("window:account", "账号"),
    ),
    Role.REVIEWER: DESK,
    Role.APPROVER: DESK,
    Role.SUPERVISOR: OVERSIGHT,
    Role.ADMINISTRATOR: (*OVERSIGHT, ("admin:index", "后台管理")),
    Role.AUDITOR: (("console:audit", "审计记录"),),
}


@dataclass(frozen=True)
class NavLink:
    name: str
    label: str
    url: str
    is_current: bool = False


def _links(entries: tuple[Entry, ...], path: str) -> list[NavLink]:
    """Entries as links; one whose page does not exist is left out. The longest address that leads here is current."""
    found: list[tuple[str, str, str]] = []
    for name, label in entries:
        try:
            found.append((name, label, reverse(name)))
        except NoReverseMatch:
            continue
    here = max((url for _, _, url in found if path.startswith(url)), key=len, default=None)
    return [NavLink(name, label, url, url == here) for name, label, url in found]


def public(request: HttpRequest) -> list[NavLink]:
    return _links(PUBLIC, request.path)


def staff(request: HttpRequest) -> list[NavLink]:
    """The links of the role that the person's posting gives; none without a posting."""
    posting = getattr(request, "posting", None)
    return _links(STAFF.get(posting.role, ()), request.path) if posting else []


def own_entry(request: HttpRequest) -> str:
    """Where a signed-in person starts: the first page of the role, the admin for staff without one, else the cases."""
    links = staff(request)
    if links:
        return links[0].url
    if getattr(request.user, "is_staff", False):
        return reverse("admin:index")
    for link in public(request):
        if link.name == "applicant:case_list":
            return link.url
    return reverse("home:index")
