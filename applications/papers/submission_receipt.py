"""申请回执: what was received, when, from whom and by whom."""

from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone

from agencies.catalogue import place_told
from agencies.deadlines import calendar_now
from agencies.words import NOT_PUBLISHED, full_day
from applications import agents
from applications.enums import Channel
from applications.models import Application, Document, ItemTask
from applications.papers.as_asked import materials_given, tasks_in_order, ticked_at
from applications.papers.parts import Row
from applications.papers.words import entered_words, masked_id, moment, phone_of

# So many lines of items and materials together find room on one page if they stand close.
ONE_PAGE = 14


def submission_receipt(document: Document) -> dict[str, Any]:
    """What was received, when, from whom and by whom. It says that nothing is accepted yet."""
    application = document.application
    spec = application.scheme.spec
    submitted = timezone.localdate(application.submitted_at)
    days = spec.receiving_limit.days or 5
    later = set(application.ticked) - ticked_at(document)
    tasks = [task for task in tasks_in_order(application) if task.item.code not in later]
    given, agent = materials_given(document, says_promise=True), agents.full(application.answers)
    rows = [
        Row("申请人", application.subject_name),
        Row("身份证号", masked_id(application.subject_id_no)),
        Row("收到时间", moment(application.submitted_at)),
        Row("申请方式", f"{application.get_channel_display()}　{entered_words(application)}"),
    ]
    return {
        "rows": rows,
        "agent": agent,
        "items": [
            {"name": task.item.name, "office": task.office.name, "phone": phone_of(task), "wait": _wait_words(task)}
            for task in tasks
        ],
        "given": given,
        "is_tight": len(tasks) + len(given) + bool(agent) <= ONE_PAGE,
        "pre_review": _pre_review_words(document),
        "reply_days": days,
        "reply_by": _reply_day(application, submitted, days),
        "phone": application.region.phone or NOT_PUBLISHED,
        "supervision": spec.supervision_phone or NOT_PUBLISHED,
        "query_url": f"{settings.SITE_URL}/query/",
        "window": application.region.window or NOT_PUBLISHED,
        "window_where": _window_where(application),
        "is_window": application.channel == Channel.WINDOW,
        "entered_by": str(application.entered_by),
    }


def _window_where(application: Application) -> str:
    """Address and opening hours of the window, summer and winter, as this version of the scheme publishes them."""
    told = place_told(application.scheme, application.region)
    hours = "；".join(map(str, told.hours)) if told else ""
    return f"地址：{(told.address if told else None) or NOT_PUBLISHED}　开放时间：{hours or NOT_PUBLISHED}"


def _pre_review_words(document: Document) -> str:
    """Who looks through the form first and until when, as it stood when the paper was asked for; empty without."""
    rounds = document.application.pre_reviews.filter(asked_at__lte=document.requested_at).select_related("office")
    review = rounds.last()
    return f"{full_day(review.answer_by)}前，由{review.office.name}告知预审结果" if review is not None else ""


def _wait_words(task: ItemTask) -> str:
    """What an item waits for from its beginning: other items of the case and external facts."""
    spec, application = task.application.scheme.spec, task.application
    ticked = frozenset(application.ticked)
    words = []
    for need in task.spec.requires:
        if need.kind != "hard" or (need.when and not need.when.holds(application.answers, ticked)):
            continue
        if need.item and need.item in ticked:
            words.append(f"{spec.item(need.item).title}办好后开始")
        if need.fact:
            words.append(f"等{spec.fact(need.fact).name}")
    return "；".join(words)


def _reply_day(application: Application, submitted: date, days: int) -> str:
    """The day by which offices answer; said to be expected while the holidays of its year are not announced."""
    calendar = calendar_now().at(application.region_id)
    day = calendar.add(submitted, days)
    return full_day(day) if calendar.knows(day) else f"预计 {full_day(day)}"
