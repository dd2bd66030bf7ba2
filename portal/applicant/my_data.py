"""我的数据: what is kept about the signed-in person, who got it and looked at it, how to mend it, and all of it as a file."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from applications import own_data
from applications.enums import TaskStatus
from applications.models import Application, Draft, Rating
from portal.accounts.models import User
from portal.web.access import SignedInRequest, signed_in
from portal.web.presenters import Action, SummaryRow, day_words, masked, moment_words

CASES = 5
LOOKS = 20


@signed_in
@require_GET
def my_data(request: SignedInRequest) -> HttpResponse:
    """By case: which office got what and why; below it who looked. Values are not repeated here, they stand in the file."""
    page = Paginator(own_data.cases_of(request.user), CASES).get_page(request.GET.get("page"))
    looks = own_data.looks_at(request.user)
    seen = [_LookRow.of(own_data.look(row)) for row in looks[:LOOKS]]
    return render(
        request,
        "applicant/my_data.html",
        {
            "kept": _kept(request.user, page),
            "page": page,
            "cases": [_case(case) for case in page],
            "looks": seen,
            "looks_total": looks.count(),
            "draft_days": settings.DRAFT_DAYS,
            "corrections": [_correction_link(case) for case in page if _asks(case)],
        },
    )


@signed_in
@require_GET
def my_data_file(request: SignedInRequest) -> HttpResponse:
    """Everything of the signed-in person as one file, made now and stored nowhere."""
    response = JsonResponse(
        own_data.everything(request.user), json_dumps_params={"ensure_ascii": False, "indent": 2}, charset="utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="my-data-{timezone.localdate():%Y%m%d}.json"'
    return response


def _kept(user: User, page: Page) -> list[SummaryRow]:
    drafts = Draft.objects.for_person(user).count()
    change = Action("修改", reverse("applicant:contact"), about="联系方式")
    go = Action("去看", reverse("applicant:case_list"), about="登记表和办件")
    cases = page.paginator.count
    rated = Rating.objects.for_applicant(user).count()
    return [
        SummaryRow("姓名", user.legal_name, "登录和填表用"),
        SummaryRow("身份证号", masked(user.id_no), "认出是您本人" if user.id_no else "第一次提交时填"),
        SummaryRow("手机和邮箱", "、".join(masked(way) for way in (user.phone, user.email) if way), "通知您", change),
        SummaryRow("没有提交的登记表", f"{drafts} 张" if drafts else "没有", "接着填用", go if drafts else None),
        SummaryRow("办件", f"{cases} 件" if cases else "没有", "办您选的事", go if cases else None),
        SummaryRow("评价", f"{rated} 次" if rated else "没有", "督办人员看，改进办事"),
    ]


@dataclass(frozen=True)
class _HandingRow:
    office: str
    purpose: str
    when: str
    fields: str
    materials: str


@dataclass(frozen=True)
class _CaseRows:
    number: str
    url: str
    about: str
    rows: list[_HandingRow]
    waiting: str
    is_pre_reviewed: bool
    told: list[tuple[str, str]]


def _case(case: Application) -> _CaseRows:
    return _CaseRows(
        number=case.number,
        url=reverse("applicant:case", args=[case.number]),
        about=f"{case.region}　{day_words(timezone.localdate(case.submitted_at))}提交",
        rows=[
            _HandingRow(
                office=handing.office,
                purpose=handing.purpose,
                when=moment_words(handing.at),
                fields="、".join(handing.fields),
                materials="、".join(handing.materials),
            )
            for handing in own_data.handings(case)
        ],
        waiting="、".join(own_data.not_handed(case)),
        is_pre_reviewed=bool(case.pre_reviews.all()),
        told=[(told["version"], moment_words(at)) for at, told in own_data.told_of(case)],
    )


@dataclass(frozen=True)
class _LookRow:
    when: str
    who: str
    what: str
    reason: str
    number: str

    @classmethod
    def of(cls, look: own_data.Look) -> "_LookRow":
        return cls(moment_words(look.at), look.who, look.what, look.reason, look.number)


def _asks(case: Application) -> bool:
    return any(task.status == TaskStatus.AWAITING_CORRECTION for task in case.tasks.all())


def _correction_link(case: Application) -> dict[str, Any]:
    return {"number": case.number, "url": reverse("applicant:correction", args=[case.number])}
