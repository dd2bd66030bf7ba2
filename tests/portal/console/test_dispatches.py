"""推送情况: what waits, what fails, what needs a person, and what an administrator does about it."""

import io
import zipfile
from datetime import timedelta

import pypdfium2 as pdfium
import pytest
from django.test import Client
from django.utils import timezone

from agencies.enums import Role
from agencies.models import Agency, Office, Posting, Region
from applications import delivery, outbox
from applications.enums import DispatchStatus, Outcome, TaskStatus
from applications.models import AccessLog, Dispatch
from portal.console import outbox_presenters as presenters
from portal.console.outbox_views import HELD_ROWS
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]
PAGE = "/console/dispatches/"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(factories.staff(Role.ADMINISTRATOR, name="管理员"))
    return client


def overseer(role: Role = Role.ADMINISTRATOR, region: str = "") -> Posting:
    return Posting(role=role, region=Region.objects.get(pk=region) if region else None)


def stuck() -> Dispatch:
    """A dispatch whose automatic tries are over."""
    dispatch = Dispatch.objects.get(task__application=factories.submitted(ticked=["I07"]))
    delivery.record_failure(dispatch.pk, Outcome.LASTING, "对方系统不接收")
    dispatch.refresh_from_db()
    return dispatch


def act(operator: Client, dispatch: Dispatch, deed: str, **typed: str) -> int:
    return operator.post(f"{PAGE}{dispatch.pk}/act/", {"deed": deed, **typed}).status_code


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER])
def test_dispatches_are_not_there_for_other_staff(client: Client, role: Role) -> None:
    dispatch = stuck()
    user = factories.clerk() if role == Role.CLERK else factories.staff(role, office=dispatch.task.office)
    client.force_login(user)

    assert [client.get(path).status_code for path in (PAGE, f"{PAGE}{dispatch.pk}/")] == [404, 404]
    assert act(client, dispatch, "resend", note="x") == 404
    assert client.post(f"{PAGE}hold/", {"deed": "hold", "agency": "police"}).status_code == 404


def test_supervisor_looks_but_does_not_act(client: Client) -> None:
    dispatch = stuck()
    client.force_login(factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk="150600")))

    assert "重新推送、取消由管理员处理" in client.get(f"{PAGE}{dispatch.pk}/").content.decode()
    assert act(client, dispatch, "resend", note="x") == 404


def test_supervisor_of_another_area_sees_nothing(client: Client) -> None:
    dispatch = stuck()
    client.force_login(factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk="120000")))

    assert client.get(f"{PAGE}{dispatch.pk}/").status_code == 404
    assert client.get(PAGE).context["rows"] == []


def test_lines_count_what_waits_what_fails_and_what_needs_a_person() -> None:
    stuck()
    retried = Dispatch.objects.get(task__application=factories.submitted(ticked=["I07"]))
    delivery.record_failure(retried.pk, Outcome.PASSING, "超时")
    factories.submitted(ticked=["I07"])
    factories.delivered(ticked=["I07"])

    lines = {line.code: line for line in outbox.per_agency(overseer())}

    line = lines["hrss"]
    assert (line.waiting, line.failing, line.attention) == (2, 1, 1)
    assert line.oldest == min(Dispatch.objects.exclude(status="delivered").values_list("created_at", flat=True))
    assert (lines["police"].waiting, lines["police"].oldest) == (0, None)
    assert set(lines) == set(Agency.objects.values_list("code", flat=True))


def test_list_puts_what_needs_a_person_first(operator: Client) -> None:
    factories.submitted(ticked=["I07"])
    first = stuck()

    rows = operator.get(PAGE).context["rows"]

    assert [row.pk for row in rows][0] == first.pk
    assert [row.tag.words for row in rows] == ["待人工处理", "等待推送"]


def test_search_finds_a_case_by_its_last_digits_even_when_all_is_sent(operator: Client) -> None:
    application = factories.delivered(ticked=["I07"])
    factories.delivered(ticked=["I07"])

    rows = operator.get(PAGE, {"number": application.number[-5:]}).context["rows"]

    assert [row.number for row in rows] == [application.number]
    assert operator.get(PAGE).context["rows"] == []


def test_resend_after_the_cap_is_logged_with_its_reason(operator: Client) -> None:
    dispatch = stuck()

    assert act(operator, dispatch, "resend", note="对方已修好") == 302

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.attempts) == (DispatchStatus.PENDING, 0)
    assert "管理员 重新推送：对方已修好" in dispatch.note
    delivery.deliver([dispatch.pk])
    assert factories.task_of(dispatch.task.application, "I07").status == TaskStatus.QUEUED


def test_deed_without_reason_keeps_the_page_and_changes_nothing(operator: Client) -> None:
    dispatch = stuck()

    page = operator.post(f"{PAGE}{dispatch.pk}/act/", {"deed": "cancel", "note": " "})

    dispatch.refresh_from_db()
    assert "请写明原因" in page.content.decode()
    assert dispatch.status == DispatchStatus.ATTENTION


def test_deed_on_what_was_sent_meanwhile_is_told(operator: Client) -> None:
    dispatch = Dispatch.objects.get(task__application=factories.delivered(ticked=["I07"]))

    page = operator.post(f"{PAGE}{dispatch.pk}/act/", {"deed": "cancel", "note": "不用了"})

    dispatch.refresh_from_db()
    assert "已送达" in page.content.decode()
    assert dispatch.status == DispatchStatus.DELIVERED


def test_cancel_ends_this_dispatch_alone(operator: Client) -> None:
    dispatch = stuck()

    assert act(operator, dispatch, "cancel", note="重复") == 302

    dispatch.refresh_from_db()
    assert dispatch.status == DispatchStatus.CANCELLED
    assert factories.task_of(dispatch.task.application, "I07").status == TaskStatus.PENDING


def test_handing_over_on_paper_needs_the_receivers_word(operator: Client) -> None:
    dispatch = stuck()

    assert act(operator, dispatch, "paper", note="网络不通") == 200
    assert act(operator, dispatch, "paper", note="网络不通", receipt="签收 王科长") == 302

    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.receipt_number) == (DispatchStatus.DELIVERED, "签收 王科长")


def test_unknown_deed_is_not_there(operator: Client) -> None:
    assert act(operator, stuck(), "explode", note="x") == 404


def test_office_is_held_and_released(operator: Client) -> None:
    office = Office.objects.filter(agency="police")[0]

    operator.post(f"{PAGE}hold/", {"deed": "hold", "office": office.pk, "note": "对方检修"})
    assert [held.pk for held in outbox.held_offices(overseer())] == [office.pk]
    assert office.name in operator.get(PAGE).content.decode()

    operator.post(f"{PAGE}hold/", {"deed": "release", "office": office.pk, "note": "检修完毕"})
    assert not outbox.held_offices(overseer()).exists()


def test_held_office_of_another_area_is_not_shown(operator: Client) -> None:
    office = Office.objects.filter(agency="police", region__code__startswith="1201")[0]
    operator.post(f"{PAGE}hold/", {"deed": "hold", "office": office.pk, "note": "对方检修"})
    theirs, others = overseer(Role.SUPERVISOR, "120000"), overseer(Role.SUPERVISOR, "150600")

    def held_lines(posting: Posting) -> int:
        return sum(line.held_offices for line in outbox.per_agency(posting))

    assert (held_lines(theirs), held_lines(others)) == (1, 0)
    assert list(outbox.held_offices(theirs)) == [office]
    assert not outbox.held_offices(others).exists()


def test_hold_without_a_reason_is_refused(operator: Client) -> None:
    operator.post(f"{PAGE}hold/", {"deed": "hold", "agency": "police", "note": " "})

    assert not outbox.held_offices(overseer()).exists()
    assert "请写明原因" in operator.get(PAGE).content.decode()


def test_administrator_of_a_region_holds_no_office_of_another(client: Client) -> None:
    client.force_login(factories.staff(Role.ADMINISTRATOR, region=Region.objects.get(pk=factories.HEPING)))
    elsewhere = Office.objects.get(agency="police", region=factories.DONGSHENG)

    answer = client.post(f"{PAGE}hold/", {"deed": "hold", "office": elsewhere.pk, "note": "对方检修"})
    client.post(f"{PAGE}hold/", {"deed": "hold", "agency": "police", "note": "对方检修"})

    assert answer.status_code == 404
    held = Office.objects.filter(is_held=True)
    assert held and {place.pk for office in held for place in office.region.lineage()} >= {factories.HEPING}
    assert not held.exclude(region__code__startswith=factories.HEPING).exists()


def test_hold_shows_who_stopped_it_and_why(operator: Client) -> None:
    office = Office.objects.filter(agency="police")[0]
    operator.post(f"{PAGE}hold/", {"deed": "hold", "office": office.pk, "note": "对方检修到周五"})

    (row,) = operator.get(PAGE).context["held"]

    assert (row.name, "对方检修到周五" in row.why) == (office.name, True)


def test_agency_is_held_and_released_as_a_whole(operator: Client) -> None:
    operator.post(f"{PAGE}hold/", {"deed": "hold", "agency": "police", "note": "对方检修"})
    lines = {row.code: row for row in operator.get(PAGE).context["lines"]}

    assert (lines["police"].held, lines["hrss"].held) == ("全部暂停推送", "")
    assert len(operator.get(PAGE).context["held"]) == HELD_ROWS

    operator.post(f"{PAGE}hold/", {"deed": "release", "agency": "police", "note": "检修完毕"})
    assert not outbox.held_offices(overseer()).exists()


def test_words_tell_what_happens_next() -> None:
    dispatch = Dispatch.objects.select_related("task__office").get(
        task__application=factories.submitted(ticked=["I07"])
    )
    now = timezone.now()

    assert presenters.dispatch_words(dispatch, now) == "马上推送"
    dispatch.next_attempt_at = now + timedelta(minutes=5)
    assert presenters.dispatch_words(dispatch, now).endswith("自动再试")
    dispatch.task.office.is_held = True
    assert "暂停推送" in presenters.dispatch_words(dispatch, now)
    dispatch.status = DispatchStatus.ATTENTION
    assert "要人处理" in presenters.dispatch_words(dispatch, now)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-1), "不到 1 分钟"),
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(minutes=12, seconds=59), "12 分钟"),
        (timedelta(hours=3), "3 小时"),
        (timedelta(days=2, hours=1), "2 天"),
    ],
)
def test_age_in_words(age: timedelta, words: str) -> None:
    assert presenters.age_words(age) == words


@pytest.mark.parametrize("status", [DispatchStatus.DELIVERED, DispatchStatus.CANCELLED])
def test_nothing_is_printed_of_what_needs_no_hand_over(operator: Client, status: DispatchStatus) -> None:
    """Else a reason alone would give an administrator the data of everybody who ever handed something in."""
    dispatch = stuck()
    Dispatch.objects.update(status=status)

    answer = operator.post(f"{PAGE}{dispatch.pk}/hand-over/", {"note": "当面移交"})

    assert "没有再做" in answer.content.decode()
    assert AccessLog.objects.count() == 0


def test_papers_for_a_hand_over_hold_what_would_have_been_sent_and_are_logged(operator: Client) -> None:
    dispatch = stuck()
    address = f"{PAGE}{dispatch.pk}/hand-over/"
    assert "请写明原因" in operator.post(address, {"note": " "}).content.decode()
    assert AccessLog.objects.count() == 0

    answer = operator.post(address, {"note": "网络不通，当面移交"})

    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as bundle:  # type: ignore[attr-defined]
        names = bundle.namelist()
        pdf = pdfium.PdfDocument(bundle.read("移交单.pdf"))
        text = "".join(page.get_textpage().get_text_range() for page in pdf)
    files = [file for material in dispatch.payload["materials"] for file in material["files"]]
    assert len(names) == 1 + len(files)
    assert dispatch.task.application.subject_name in text
    seen = AccessLog.objects.order_by("pk")
    assert [row.reason for row in seen] == ["网络不通，当面移交"] * (1 + len(files))
    assert seen[0].fields == [line["field"] for line in dispatch.payload["fields"] if "field" in line]
