"""One task: exactly what the agency was given, files behind a check, full numbers against a record."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import InternalError, transaction
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from agencies.fields import FIELDS
from applications import access, review, visits
from applications.enums import Verdict
from applications.models import AccessLog, Ticket
from portal.desk import views
from portal.web.presenters import masked, short_day
from tests import factories
from tests.portal.desk.conftest import change_item, file_of, reviewer, said, see_all, signed_in, url


def test_page_shows_the_payload_in_the_order_of_the_field_map_and_nothing_else() -> None:
    task = factories.queued_task("I04")

    page = reviewer(task).get(url("task", task)).context["task"]

    payload = task.dispatches.get().payload
    assert [line.label for line in page.lines] == [line["label"] for line in payload["fields"]]


@pytest.mark.parametrize("item", ["I10", "I11"])
def test_medical_page_tells_nothing_that_the_agency_does_not_need(item: str) -> None:
    """OR-20: each agency sees the part of the form that it handles."""
    task = factories.queued_task(item)
    answers = task.application.answers
    hidden = ["politics", "account", "education", "host_name", "licence_no", "unit"]
    shown = {line.get("field") for line in task.dispatches.get().payload["fields"]}

    page = reviewer(task).get(url("task", task)).content.decode()

    assert shown.isdisjoint(hidden)
    assert [answers[field] for field in hidden if answers.get(field) and str(answers[field]) in page] == []
    assert "政治面貌" not in page


def test_clock_of_a_correction_before_acceptance_says_that_the_office_has_answered() -> None:
    task = factories.queued_task("I04")
    review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("请写到村", field="hukou_before")]
    )

    words = reviewer(task).get(url("task", task)).context["task"].clock_words

    assert words[1:-1] == ["已一次告知补正，补正交齐后重新计算答复期限"]


def test_clock_of_an_item_that_ended_in_a_pause_is_not_said_to_be_paused() -> None:
    task = factories.queued_task("I04")
    officer = factories.reviewer_of(task)
    review.accept(task, reviewer=officer)
    visits.call_in(task, reviewer=officer, note="来采指纹")
    review.terminate(task, reviewer=officer, note="申请人去世")

    words = reviewer(task).get(url("task", task)).context["task"].clock_words

    assert words[1:-1] == [f"{short_day(timezone.localdate())}受理"]


def test_page_names_only_the_materials_of_the_item() -> None:
    task = factories.queued_task("I04")
    others = {m.name for m in task.application.scheme.spec.materials if m.code not in task.material_codes()}

    page = reviewer(task).get(url("task", task)).context["task"]

    assert {file.name for file in page.files}.isdisjoint(others)
    assert len(page.files) == len(task.material_codes())


def test_numbers_are_masked_until_their_purpose_is_told() -> None:
    task = factories.queued_task("I04")
    id_no = task.application.subject_id_no
    client = reviewer(task)

    before = client.get(url("task", task)).content.decode()
    after = client.post(url("reveal", task), {"reason": "核对户籍"}).content.decode()

    assert (id_no in before, masked(id_no) in before) == (False, True)
    assert id_no in after
    log = AccessLog.objects.get()
    assert (log.reason, "id_no" in log.fields, "mobile" in log.fields) == ("核对户籍", True, True)
    assert id_no not in str(log.fields) + log.reason


def test_reveal_without_purpose_shows_and_records_nothing() -> None:
    task = factories.queued_task("I04")

    response = reviewer(task).post(url("reveal", task), {"reason": "  "})

    assert task.application.subject_id_no not in response.content.decode()
    assert "请写明查看完整号码的用途" in response.content.decode()
    assert AccessLog.objects.count() == 0


def test_full_numbers_are_gone_with_the_next_page() -> None:
    task = factories.queued_task("I04")
    client = reviewer(task)
    client.post(url("reveal", task), {"reason": "核对户籍"})

    assert task.application.subject_id_no not in client.get(url("task", task)).content.decode()


def test_file_is_handed_out_in_a_sandbox_and_recorded() -> None:
    task = factories.queued_task("I04")
    file = file_of(task)

    response = reviewer(task).get(url("material", task, file.pk))

    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'self'"
    assert response["Cache-Control"] == "no-store"
    assert response.content[:3] == b"\xff\xd8\xff"
    assert AccessLog.objects.get().material == file


def test_file_of_another_item_is_not_there() -> None:
    task = factories.queued_task("I04")
    other = task.application.materials.exclude(code__in=task.material_codes()).first()

    assert reviewer(task).get(url("material", task, other.pk)).status_code == 404
    assert reviewer(task).get(url("material", task, uuid.uuid4())).status_code == 404


def test_answer_that_was_not_sent_yet_is_not_there() -> None:
    task = factories.queued_task("I04")
    code = file_of(task).code
    review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清", material=code)]
    )
    given = factories.answer_file(task.application, code)
    client = reviewer(task)

    page = client.get(url("task", task)).content.decode()

    assert str(given.pk) not in page
    assert client.get(url("material", task, given.pk)).status_code == 404


def test_waiting_task_shows_no_form_before_it_is_sent() -> None:
    task = factories.task_of(factories.delivered(), "I05")

    page = reviewer(task).get(url("task", task)).context["task"]

    assert (page.lines, page.files) == ([], [])
    assert page.next_step == "等“恢复户口”办结，之后自动开始"


def test_verdict_leads_on_to_the_next_unseen_file() -> None:
    task = factories.queued_task("I04")
    client = reviewer(task)
    first, second = access.visible_materials(task)[:2]
    client.get(url("material", task, first.pk))

    response = client.post(
        url("verdict", task, first.pk), {"verdict": "unreadable", "note": "印章压住日期"}, follow=True
    )

    page = response.context["task"]
    assert page.viewer.url == url("material", task, second.pk)
    assert [file.tag.words for file in page.files][:2] == ["看不清", "未看"]
    assert task.checks.get().note == "印章压住日期"


def test_verdict_on_a_file_that_nobody_opened_is_refused() -> None:
    task = factories.queued_task("I04")

    response = reviewer(task).post(url("verdict", task, file_of(task).pk), {"verdict": "fine"}, follow=True)

    assert said(response) == ["请先打开这份材料看过，再写结论"]
    assert task.checks.count() == 0


def test_verdict_can_be_changed_until_the_decision() -> None:
    task = factories.queued_task("I04")
    see_all(task)
    user = factories.reviewer_of(task)
    access.judge(task, file_of(task), Verdict.FINE, reviewer=user)

    access.judge(task, file_of(task), Verdict.WRONG, reviewer=user, note="不是本人的")

    assert (task.checks.get().verdict, task.checks.get().note) == (Verdict.WRONG, "不是本人的")


def test_words_of_the_approver_stay_when_another_officer_takes_the_task() -> None:
    task = factories.queued_task("I04")
    change_item(task, two_steps=True)
    first, second = factories.reviewer_of(task), factories.reviewer_of(task)
    review.accept(task, reviewer=first)
    review.propose(task, reviewer=first, note="建议办结")
    review.send_back(task, approver=factories.approver_of(task), note="再核对住址")
    review.take(task, reviewer=second)

    news = signed_in(second).get(url("task", task)).context["task"].news

    assert ("amber", "退回承办", "高书记：再核对住址") in news


def test_deemed_acceptance_is_announced() -> None:
    """DOMAIN.md 3.2: nobody answered in time, so the item counts as accepted from the day of receipt."""
    task = factories.queued_task("I04")
    review.deem_accepted(task, at=task.received_at)

    ((tone, words, _),) = reviewer(task).get(url("task", task)).context["task"].news

    assert (tone, words) == ("amber", "视为受理")


def test_timeline_is_oldest_first_with_names_and_words() -> None:
    task = factories.queued_task("I04")
    user = factories.reviewer_of(task)
    review.accept(task, reviewer=user)
    visits.call_in(task, reviewer=user, note="来采指纹")

    events = reviewer(task).get(url("task", task)).context["task"].events

    assert [event.deed for event in events][-3:] == ["送达部门", "受理", "通知本人到场"]
    assert events[-1].note == "审核人员　乌云其其格　来采指纹"


def test_task_template_asks_the_database_nothing(django_assert_num_queries: object) -> None:
    task = factories.queued_task("I04")
    request = RequestFactory().get(url("task", task))
    request.user = factories.reviewer_of(task)
    request.posting = request.user.postings.select_related("office__agency", "office__region").get()  # type: ignore[attr-defined]
    request.session = {}  # type: ignore[assignment]
    response = views.task(request, task.application.number, "I04")

    with django_assert_num_queries(0):  # type: ignore[operator]
        response.render()


def test_case_page_shows_every_item_without_others_words() -> None:
    application = factories.delivered()
    task, other = factories.task_of(application, "I04"), factories.task_of(application, "I10")
    review.do_not_accept(other, reviewer=factories.reviewer_of(other), note="欠缴三个月")

    response = signed_in(factories.reviewer_of(task)).get(reverse("desk:case", args=[application.number]))

    assert len(response.context["rows"]) == application.tasks.count()
    assert "不予受理" in response.content.decode()
    assert "欠缴三个月" not in response.content.decode()


def test_case_page_names_the_day_of_the_longest_path() -> None:
    application = factories.delivered(ticked=["I01", "I07"])
    for item in ("I01", "I07"):
        task = factories.task_of(application, item)
        review.accept(task, reviewer=factories.reviewer_of(task))

    page = signed_in(factories.reviewer_of(task)).get(reverse("desk:case", args=[application.number]))

    latest = max(task.due_on for task in application.tasks.all())
    assert page.context["expected"] == f"全部预计 {short_day(latest)}办好"


def test_case_page_names_no_day_while_an_item_waits_for_money() -> None:
    application = factories.delivered(ticked=["I01", "I08"])

    page = signed_in(factories.reviewer_of(factories.task_of(application, "I01"))).get(
        reverse("desk:case", args=[application.number])
    )

    assert page.context["expected"] == ""


def test_case_page_asks_as_much_for_all_items_as_for_one(django_assert_num_queries: object) -> None:
    small, big = factories.delivered(ticked=["I04"]), factories.delivered()
    client = signed_in(factories.reviewer_of(factories.task_of(small, "I04")))

    for application in (small, big):
        with django_assert_num_queries(11):  # type: ignore[operator]
            client.get(reverse("desk:case", args=[application.number]))


def test_page_leads_to_the_neighbours_in_the_same_tray() -> None:
    tasks = [factories.queued_task("I04") for _ in range(3)]

    context = reviewer(tasks[1]).get(url("task", tasks[1])).context

    assert (context["before"], context["after"]) == (url("task", tasks[0]), url("task", tasks[2]))


def test_page_lists_the_papers_of_the_task() -> None:
    task = factories.queued_task("I04")
    review.accept(task, reviewer=factories.reviewer_of(task))

    papers = reviewer(task).get(url("task", task)).context["task"].papers

    assert [link.label for link, _ in papers] == ["受理通知书"]


def test_page_tells_who_looked_at_full_numbers() -> None:
    task = factories.queued_task("I04")
    client = reviewer(task)
    client.post(url("reveal", task), {"reason": "核对户籍"})

    (look,) = client.get(url("task", task)).context["task"].looks

    assert look.endswith("乌云其其格　核对户籍")


def test_access_log_is_never_changed() -> None:
    task = factories.queued_task("I04")
    reviewer(task).post(url("reveal", task), {"reason": "核对户籍"})

    with pytest.raises(InternalError, match="append-only"), transaction.atomic():
        AccessLog.objects.update(reason="别的")


def test_open_correction_is_shown_line_by_line() -> None:
    task = factories.queued_task("I04")
    code = file_of(task).code
    deficits = [review.Deficit("看不清", material=code), review.Deficit("没有写到旗县", field="native")]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)

    response = reviewer(task).get(url("task", task))

    title = task.application.scheme.spec.material(code).title
    assert response.context["task"].asked == [f"{title}：看不清", "籍贯：没有写到旗县"]
    assert response.context["deeds"] == []


def test_person_who_must_come_needs_no_appointment() -> None:
    """OR-14: fingerprints are taken in person; the officer is told to call the person in."""
    application = factories.delivered()
    review.complete(
        review.accept(factories.task_of(application, "I04"), reviewer=factories.clerk()), reviewer=factories.clerk()
    )
    factories.deliver_all()
    task = factories.task_of(application, "I05")
    user = factories.reviewer_of(task)
    review.accept(task, reviewer=user)

    ((tone, words, sentence),) = reviewer(task).get(url("task", task)).context["task"].news
    visits.record_visit(visits.call_in(task, reviewer=user, note="来采指纹"), staff=user)
    after = reviewer(task).get(url("task", task)).context["task"].news

    assert (tone, words) == ("info", "须本人到场")
    assert "可以约时间，也可以随时来" in sentence
    assert after == []


def test_document_numbers_and_the_unit_are_hidden_like_the_id_number() -> None:
    task = factories.queued_task("I01")
    dispatch = task.dispatches.get()
    fields = [
        {"field": code, "target": code, "label": FIELDS[code].label, "value": value, "text": value}
        for code, value in {
            "cert_no": "士01234567890",
            "unit": "32145部队",
            "licence_no": "军A88",
            "native": "东胜",
        }.items()
    ]
    dispatch.payload = {**dispatch.payload, "fields": fields}
    dispatch.save()
    client = reviewer(task)

    lines = {line.label: line.value for line in client.get(url("task", task)).context["task"].lines}
    shown = client.post(url("reveal", task), {"reason": "与证件核对"}).context["task"].lines

    assert lines == {
        "退役证件号码": "********7890",
        "退役部队": "（已隐去）",
        "军警驾驶证号": "**88",
        "籍贯": "东胜",
    }
    assert {line.value for line in shown} == {"士01234567890", "32145部队", "军A88", "东胜"}
    assert AccessLog.objects.get().fields == ["cert_no", "unit", "licence_no"]


def test_looks_at_full_numbers_are_limited_and_a_supervisor_is_told(settings: Any) -> None:
    settings.LOOKS_PER_HOUR = 1
    first, second = factories.queued_task("I04"), factories.queued_task("I04")
    client = reviewer(first)
    client.post(url("reveal", first), {"reason": "核对户籍"})

    refused = client.post(url("reveal", second), {"reason": "核对户籍"}, follow=True)
    again = client.post(url("reveal", first), {"reason": "再看一眼"}).content.decode()

    assert second.application.subject_id_no not in refused.content.decode()
    assert ["一小时内已看过 1 件的完整号码" in words for words in said(refused)] == [True]
    assert first.application.subject_id_no in again
    assert [look.task for look in AccessLog.objects.all()] == [first, first]
    (ticket,) = Ticket.objects.all()
    assert (ticket.kind, ticket.office) == ("looked_too_often", first.office)


def test_an_hour_later_full_numbers_are_shown_again(settings: Any) -> None:
    settings.LOOKS_PER_HOUR = 1
    first, second = factories.queued_task("I04"), factories.queued_task("I04")
    officer = factories.reviewer_of(first)
    earlier = timezone.now() - timedelta(minutes=61)
    access.reveal(first, fields=["id_no"], reason="核对", viewer=officer, posting=officer.postings.get(), at=earlier)

    client = signed_in(officer)

    assert second.application.subject_id_no in client.post(url("reveal", second), {"reason": "核对"}).content.decode()


def test_page_carries_who_looks_and_when() -> None:
    task = factories.queued_task("I04")
    officer = factories.reviewer_of(task)

    with time_machine.travel(timezone.now(), tick=False):
        page = signed_in(officer).get(url("task", task)).content.decode()
        moment = f"{timezone.localtime():%Y-%m-%d %H:%M}"

    assert f"{officer} {officer.username} {moment}" in page
