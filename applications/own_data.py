"""我的数据: what the portal keeps about a person, which office got what of it, who looked (个人信息保护法第44、45条, S-19).

Values are read through the models alone. The number of queries does not grow with cases, items, looks or files.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone

from agencies.enums import Role
from agencies.fields import FIELDS
from agencies.models import Posting
from applications import contacts, ratings
from applications.enums import Action, NoticeKind
from applications.models import AccessLog, Application, Dispatch, Draft, ItemTask, Material, Notice, Rating
from applications.querysets import ApplicationQuerySet
from applications.registration import display
from portal.accounts.models import User

WHOLE_FORM = "整张登记表"


@dataclass(frozen=True)
class Handing:
    """What one office was given for one purpose: labels of fields and names of materials, never a value."""

    office: str
    purpose: str
    fields: tuple[str, ...]
    materials: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Look:
    """One line of the access log for the person whose data it is: the office and the post, not the officer."""

    at: datetime
    who: str
    what: str
    number: str
    reason: str


def cases_of(user: User) -> ApplicationQuerySet:
    """The person's cases with everything that this module tells of them."""
    handed = Dispatch.objects.of_tasks().exclude(delivered_at=None).order_by("version")
    return (
        Application.objects.for_applicant(user)
        .with_history()
        .prefetch_related(Prefetch("tasks__dispatches", handed, to_attr="handed"), "materials", "questions__office")
        .with_ratings()
    )


def handings(case: Application) -> list[Handing]:
    """Which office got which fields and materials for which item, by what was really delivered; pre-reviews first."""
    found = [
        Handing(str(review.office), "预审", (WHOLE_FORM,), ("全部材料",), review.asked_at)
        for review in case.pre_reviews.all()
        if review.round == 1
    ]
    for task in case.tasks.all():
        by_office: dict[str, list[Dispatch]] = {}
        for dispatch in task.handed:  # type: ignore[attr-defined]  # cases_of() put them there
            by_office.setdefault(_office_of(task, dispatch), []).append(dispatch)
        found += [_handing(task, office, dispatches) for office, dispatches in by_office.items()]
    return found


def _office_of(task: ItemTask, dispatch: Dispatch) -> str:
    """Whom a version was for: a task that was handed on later was with the office before that."""
    moves = [row for row in task.log.all() if row.action == Action.TRANSFER and row.at > dispatch.created_at]
    return moves[0].data["from_office"] if moves else task.office.name


def _handing(task: ItemTask, office: str, dispatches: list[Dispatch]) -> Handing:
    fields = [line["label"] for dispatch in dispatches for line in dispatch.payload["fields"] if "field" in line]
    materials = [
        material["name"] for dispatch in dispatches for material in dispatch.payload["materials"] if material["files"]
    ]
    return Handing(
        office=office,
        purpose=task.spec.title,
        fields=tuple(dict.fromkeys(fields)),
        materials=tuple(dict.fromkeys(materials)),
        at=max(dispatch.delivered_at for dispatch in dispatches if dispatch.delivered_at),
    )


def not_handed(case: Application) -> list[str]:
    """The items of which no office has anything yet."""
    return [task.spec.title for task in case.tasks.all() if not task.handed and not task.is_terminal]  # type: ignore[attr-defined]


def told_of(case: Application) -> list[tuple[datetime, dict[str, Any]]]:
    """When the person was shown which version of the 个人信息处理告知; nothing for cases from before there was one."""
    rows = [(row.at, row.data["privacy"]) for row in case.log.all() if "privacy" in row.data]
    return list(dict(rows).items())


def looks_at(user: User) -> Any:
    """The rows of the access log about the person's cases, the newest first."""
    own = AccessLog.objects.filter(task__application__applicant=user)
    joined = own.select_related("posting__office", "posting__region", "material", "task__item", "task__application")
    return joined.prefetch_related("task__application__scheme").order_by("-id")


def look(row: AccessLog) -> Look:
    case = row.task.application
    what = f"{_title_of(case, row.material)}（文件）" if row.material else f"完整内容：{_labels(row)}"
    return Look(row.at, _viewer(row.posting), what, case.number, row.reason)


def _viewer(posting: Posting) -> str:
    if posting.office:
        return f"{posting.office}　{posting.get_role_display()}"
    place = posting.region.name if posting.region else ""
    return f"{place}综合窗口" if posting.role == Role.CLERK else f"{place or '平台'}{posting.get_role_display()}"


def _labels(row: AccessLog) -> str:
    named = {
        mapping.target: mapping.label or mapping.target
        for lines in row.task.spec.field_map.values()
        for mapping in lines
        if mapping.field is None
    }
    return "、".join(FIELDS[code].label if code in FIELDS else named.get(code, code) for code in row.fields)


def _title_of(case: Application, material: Material) -> str:
    titles = {spec.code: spec.title for spec in case.scheme.spec.materials}
    return titles.get(material.code, material.original_name)


# -- the file that a person takes away -----------------------------------------------------------------------------------


def everything(user: User) -> dict[str, Any]:
    """All that is kept about the person as plain values for one JSON file; names of staff and notes among them stay out."""
    drafts = Draft.objects.filter(owner=user).select_related("region", "scheme").prefetch_related("materials")
    return {
        "说明": "这是本平台以您的账户留存的全部内容。文件本身按“下载”里的地址在本站取。不含工作人员的姓名和内部意见。",
        "生成时间": _moment(timezone.now()),
        "账户": _account(user),
        "登记表": [_form(draft) for draft in drafts],
        "办件": [_case(case) for case in cases_of(user)],
        "谁看过": [_looked(look(row)) for row in looks_at(user)],
        "消息": [_told(notice) for notice in _notices_of(user)],
    }


def _notices_of(user: User) -> Any:
    own = Q(recipient=user) | Q(recipient=None, application__applicant=user)
    return (
        Notice.objects.filter(own).exclude(kind=NoticeKind.CONFIRM_EMAIL).select_related("application").order_by("id")
    )


def _moment(moment: datetime | None) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds") if moment else ""


def _account(user: User) -> dict[str, Any]:
    return {
        "账号": user.username,
        "姓名": user.legal_name,
        "身份证号": user.id_no,
        "身份证号已核对": not user.is_identity_claimed,
        "手机号": user.phone,
        "邮箱": user.email,
        "邮箱已确认": user.has_confirmed_email,
        "先用哪种方式通知": user.get_contact_by_display(),
        "送不到的联系方式": contacts.lost(user),
        "建立时间": _moment(user.date_joined),
        "最近登录": _moment(user.last_login),
    }


def _answers(answers: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"代码": code, "名称": FIELDS[code].label, "内容": display(FIELDS[code], str(value))}
        for code, value in answers.items()
        if code in FIELDS and value not in (None, "")
    ]


def _files(materials: Iterable[Material]) -> list[dict[str, Any]]:
    return [
        {
            "材料": material.code,
            "文件名": material.original_name,
            "字节数": material.size,
            "页数": material.pages,
            "SHA-256": material.sha256,
            "上传时间": _moment(material.uploaded_at),
            "已提交": material.is_sent,
            "下载": f"/apply/file/{material.pk}/",
        }
        for material in materials
    ]


def _form(draft: Draft) -> dict[str, Any]:
    titles = {item.code: item.title for item in draft.scheme.spec.items}
    return {
        "安置地": str(draft.region),
        "办理事项": [titles.get(code, code) for code in draft.ticked],
        "内容": _answers(draft.answers),
        "材料": _files(draft.materials.all()),
        "建立时间": _moment(draft.created_at),
        "保存时间": _moment(draft.saved_at),
        "提交时间": _moment(draft.sent_at),
    }


def _case(case: Application) -> dict[str, Any]:
    return {
        "办件编号": case.number,
        "安置地": str(case.region),
        "渠道": case.get_channel_display(),
        "状态": case.get_status_display(),
        "提交时间": _moment(case.submitted_at),
        "办结时间": _moment(case.closed_at),
        "内容": _answers(case.answers),
        "材料": _files(case.materials.all()),
        "事项": [_item(task) for task in case.tasks.all()],
        "交给了谁": [
            {
                "机构": handing.office,
                "用途": handing.purpose,
                "内容": list(handing.fields),
                "材料": list(handing.materials),
                "送达时间": _moment(handing.at),
            }
            for handing in handings(case)
        ],
        "个人信息处理告知": [{"时间": _moment(at), **told} for at, told in told_of(case)],
        "经过": [
            {"时间": _moment(row.at), "动作": row.get_action_display(), "身份": row.get_party_display()}
            for row in case.log.all()
        ],
        "文书": [
            {"种类": paper.get_kind_display(), "编号": paper.number, "校验码": paper.check_code}
            for paper in case.documents.all()
        ],
        "反映": [
            {"时间": _moment(question.asked_at), "内容": question.text, "答复": question.answer}
            for question in case.questions.all()
        ],
        "评价": [_rated(rating, case) for rating in case.ratings.all()],
    }


def _rated(rating: Rating, case: Application) -> dict[str, Any]:
    titles = {task.pk: task.spec.title for task in case.tasks.all()}
    return {
        "时间": _moment(rating.rated_at),
        "评的是": titles[rating.task_id] if rating.task_id else "整个办件",
        "渠道": rating.get_channel_display(),
        "评价": rating.get_grade_display(),
        "方面": ratings.reason_words(rating),
        "内容": rating.text,
        "答复": rating.answered.answer if rating.answered else "",
    }


def _item(task: ItemTask) -> dict[str, Any]:
    result = getattr(task, "result", None)
    return {
        "事项": task.spec.title,
        "机构": task.office.name,
        "状态": task.get_status_display(),
        "决定": result.get_decision_display() if result else "",
        "文号": result.reference if result else "",
        "结果说明": result.summary if result else "",
        "快递单号": result.courier if result else "",
        "签收人": result.receiver if result else "",
        "补正": [
            {
                "告知时间": _moment(notice.asked_at),
                "说明": notice.note,
                "要补的": [
                    {"字段": line.field, "材料": line.material, "原因": line.reason} for line in notice.lines.all()
                ],
                "已填未交": _answers(notice.kept),
            }
            for notice in task.corrections.all()
        ],
        "到场": [
            {"地点": visit.place, "约定时间": _moment(visit.chosen_at), "到场时间": _moment(visit.came_at)}
            for visit in task.visits.all()
        ],
    }


def _looked(seen: Look) -> dict[str, str]:
    return {
        "时间": _moment(seen.at),
        "谁": seen.who,
        "看了什么": seen.what,
        "办件编号": seen.number,
        "用途": seen.reason,
    }


def _told(notice: Notice) -> dict[str, Any]:
    return {
        "时间": _moment(notice.created_at),
        "种类": notice.get_kind_display(),
        "办件编号": notice.application.number if notice.application else "",
        "内容": list(notice.details),
        "方式": notice.get_channel_display(),
        "发到": notice.sent_to,
        "发送时间": _moment(notice.sent_at),
        "已读时间": _moment(notice.read_at),
    }
