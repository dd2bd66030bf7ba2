"""补正材料一次性告知书: everything that an office wants supplied; or, of a case, everything that its offices want, on one paper.

A paper of one task is that office's to read and to seal; the paper of the case is for the person and the window alone.
"""

from typing import Any

from django.utils import timezone

from agencies.fields import FIELDS
from agencies.spec import SchemeSpec
from agencies.words import full_day, plain_day
from applications.models import Correction, CorrectionLine, Document, ItemTask
from applications.papers.as_asked import files_received
from applications.papers.parts import Line, Notice, Row
from applications.papers.words import phone_of


def correction(document: Document) -> dict[str, Any]:
    """Every deficit of the paper's notices at once, so that one paper tells all there is to bring."""
    notices = _notices(document)
    tasks = [notice.task for notice in notices]
    return {
        "notice": _body(document, notices),
        # Every notice goes on with 申请; some regions' names of items end in it already.
        "item": tasks[0].item.name.removesuffix("申请"),
        "office": tasks[0].office.name,
        "submitted_on": plain_day(timezone.localdate(document.application.submitted_at)),
    }


def tasks_told(document: Document) -> list[ItemTask]:
    """The items that the paper is about."""
    return [notice.task for notice in _notices(document)]


def _notices(document: Document) -> list[Correction]:
    notices = Correction.objects.filter(pk__in=document.facts["corrections"]).prefetch_related("lines")
    return list(notices.select_related("task__item", "task__office", "asked_by").order_by("id"))


def _body(document: Document, notices: list[Correction]) -> Notice:
    spec, region = document.application.scheme.spec, document.application.region
    given = {material.code for material in files_received(document)}
    lines = [
        Line(*_deficit_words(line, spec, given), notice.task.item.name if len(notices) > 1 else "")
        for notice in notices
        for line in notice.lines.all()
        if not line.follows
    ]
    rows = []
    for notice in notices:
        name = f"{notice.task.office.name}：" if len(notices) > 1 else ""
        rows += [Row("说明", f"{name}{notice.note}")] if notice.note else []
    if len({notice.answer_by for notice in notices}) == 1:
        rows.append(Row("补正期限", f"{full_day(notices[0].answer_by)}前", True))
    else:
        rows += [
            Row("补正期限", f"{full_day(notice.answer_by)}前（{notice.task.item.name}）", True) for notice in notices
        ]
    window = region.window or notices[0].task.office.name
    rows.append(Row("怎样补正", f"登录本站在“查进度”里补；没有账号的到{window}，由窗口代您补"))
    told = dict.fromkeys(f"{notice.asked_by or notice.task.office.name}　{phone_of(notice.task)}" for notice in notices)
    rows.append(Row("告知人、电话", "；".join(told)))
    joint = "各部门的告知书另有一份，加盖各自的业务专用章；这一份把要补的合在一起，方便您一次备齐。"
    closing = (
        *([joint] if len(notices) > 1 else []),
        "补正的时间不计入办理期限。补正后只送回提出补正的部门，其他事项照常办理。",
        "到期没有补正的，办理机构可以终止办理这一件；终止后可以重新申请。",
    )
    lead = f"申请，经审查，有 {len(lines)} 处需要补正。现将需要补正的全部内容一次告知如下。"
    return Notice(lead, tuple(rows), closing, tuple(lines), is_joint=len(notices) > 1)


def _deficit_words(line: CorrectionLine, spec: SchemeSpec, given: set[str]) -> tuple[str, str, str]:
    """What it is about, what is wrong, how to supply it."""
    if line.material:
        material = spec.material(line.material)
        how = "重新上传" if line.material in given else "补交"
        return material.title, line.reason, f"{how}，办理时带原件" if material.original else how
    return f"登记表“{FIELDS[line.field].label}”", line.reason, "改正后重新填写"
