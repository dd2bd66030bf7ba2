"""Cases: what the person must do first, every item with its day, corrections, withdrawal, and nobody else's."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import review, withdrawal
from applications.demo import picture
from applications.enums import DocumentKind, TaskStatus
from applications.models import Application, Correction, Material
from portal.accounts.models import User
from tests import factories

SUBMITTED = datetime(2026, 9, 14, 16, 47, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = datetime(2026, 9, 15, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def case(person: User) -> Application:
    return factories.delivered(person)


def address(name: str, case: Application, *rest: Any) -> str:
    return reverse(f"applicant:{name}", args=[case.number, *rest])


def ask_correction(case: Application, item: str = "I04", *deficits: review.Deficit) -> Correction:
    task = factories.task_of(case, item)
    lines = deficits or (review.Deficit("印章压住日期，看不清", material="OR-36"),)
    return review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=lines)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


# -- list and case -----------------------------------------------------------------------------------------------------


def test_case_list_needs_the_same_queries_for_one_and_three_cases(applicant: Client, person: User) -> None:
    for item in ["I01", "I04", "I07"]:
        factories.delivered(person, ticked=[item])
        assert queries(applicant, reverse("applicant:case_list")) == 12


def test_case_needs_the_same_queries_for_one_and_three_items(applicant: Client, person: User) -> None:
    one = factories.delivered(person, ticked=["I01"])
    three = factories.delivered(person, ticked=["I04", "I07", "I10"])
    for task in [*one.tasks.all(), *three.tasks.all()]:
        review.accept(task, reviewer=factories.reviewer_of(task))

    assert queries(applicant, address("case", one)) == 16
    assert queries(applicant, address("case", three)) == 16


def test_case_list_shows_only_the_persons_own(client: Client, case: Application) -> None:
    client.force_login(factories.person())

    response = client.get(reverse("applicant:case_list"))

    assert response.context["cases"] == []
    assert "还没有办件" in response.content.decode()


@pytest.mark.parametrize("name", ["case", "submitted", "withdraw"])
def test_case_of_somebody_else_is_not_there(client: Client, case: Application, name: str) -> None:
    """F10."""
    client.force_login(factories.person())

    assert client.get(address(name, case)).status_code == 404


def test_paper_of_somebody_else_is_not_there(client: Client, case: Application) -> None:
    client.force_login(factories.person())

    for paper in case.documents.all():
        assert client.get(reverse("papers:download", args=[paper.number])).status_code == 404


def test_case_without_anything_to_do_says_so(applicant: Client, case: Application) -> None:
    assert "现在不用您做什么" in applicant.get(address("case", case)).content.decode()


def test_case_shows_each_item_with_office_state_and_day(applicant: Client, person: User) -> None:
    """OR-24: 27 working days over the autumn festivals, counted out."""
    with time_machine.travel(SUBMITTED, tick=False):
        case = factories.delivered(person)
    with time_machine.travel(TODAY, tick=False):
        task = factories.task_of(case, "I10")
        review.accept(task, reviewer=factories.reviewer_of(task))
        rows = {row.name: row for row in applicant.get(address("case", case)).context["rows"]}

    accepted = rows["医保参保和变更登记"]
    assert accepted.agency == task.office.name
    assert accepted.tag.words == "办理中"
    assert (accepted.day, accepted.day_note) == ("10月28日（星期三）前", "还剩 27 个工作日")
    assert accepted.why.title == "为什么是10月28日"
    assert accepted.why.lines[-1] == "第 27 个工作日是 10月28日（星期三）。"
    assert [month.title for month in accepted.why.months] == ["2026年9月", "2026年10月"]
    counted = [day for month in accepted.why.months for week in month.weeks for day in week if day]
    assert sum(day.kind in ("counted", "due") for day in counted) == 27
    assert rows["恢复户口"].tag.words == "已送达部门"
    assert rows["居民身份证"].tag.words == "等待前一件"
    assert rows["养老保险转移接续"].tag.words == "等待资金到账"


def test_case_puts_what_the_person_must_do_first(applicant: Client, case: Application) -> None:
    notice = ask_correction(case)

    response = applicant.get(address("case", case))

    (todo,) = response.context["todos"]
    assert todo.title == "重新上传“结婚证或亲属关系证明”"
    assert todo.why == (f"{notice.task.office}说：印章压住日期，看不清。",)
    assert todo.url == address("correction", case)
    content = response.content.decode()
    assert content.index("现在要您做 1 件事") < content.index("每件事办到哪一步")


def test_reasons_of_a_correction_stand_each_on_its_line(applicant: Client, case: Application) -> None:
    notice = ask_correction(
        case, "I04", review.Deficit("看不清", material="OR-36"), review.Deficit("打不通", field="mobile")
    )

    (todo,) = applicant.get(address("case", case)).context["todos"]

    assert todo.why == (f"{notice.task.office}说：", "“结婚证或亲属关系证明”：看不清", "联系电话：打不通")


def test_page_after_submitting_names_offices_in_the_order_of_items_and_says_nothing_twice(
    applicant: Client, case: Application
) -> None:
    page = applicant.get(reverse("applicant:submitted", args=[case.number])).context

    tasks = [task for task in case.tasks.all() if task.status != TaskStatus.WAITING]
    assert page["offices"] == list(dict.fromkeys(str(task.office) for task in tasks))
    assert any(words.startswith("居民身份证：") for words in page["waiting"])
    assert page["in_person"] == []


def test_case_counts_an_item_of_two_offices_once(applicant: Client, person: User) -> None:
    """TJ: one item, two agencies, two tasks."""
    case = factories.delivered(person, region=factories.HEPING)
    items = case.tasks.values("item").distinct().count()

    assert case.tasks.count() > items
    assert applicant.get(address("case", case)).context["title"] == f"{items} 件事，正在办理"


def test_case_that_is_over_shows_its_result_sheet(applicant: Client, person: User) -> None:
    case = factories.delivered(person, ticked=["I01"])
    task = factories.task_of(case, "I01")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.complete(task, reviewer=reviewer, summary="报到登记已完成")

    response = applicant.get(address("case", case))

    assert response.context["title"] == "1 件事，全部办好"
    assert response.context["result_url"] == reverse("papers:download", args=[f"{case.number}-J"])
    assert [event.deed for event in response.context["events"]][-1] == "您提交了登记表"


# -- corrections -------------------------------------------------------------------------------------------------------


def ask_two_offices(case: Application) -> tuple[Correction, Correction]:
    """恢复户口 lacks a picture and a number, 报到 a stamp; and both want the number."""
    police = ask_correction(
        case, "I04", review.Deficit("看不清", material="OR-36"), review.Deficit("打不通", field="mobile")
    )
    veterans = ask_correction(
        case, "I01", review.Deficit("没有盖章", material="OR-33"), review.Deficit("少一位", field="mobile")
    )
    return veterans, police


def picture_of(name: str = "重拍.jpg", text: str = "demo") -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(name, picture(text))]


def test_correction_lists_what_is_wrong_and_what_is_in_order(applicant: Client, case: Application) -> None:
    ask_correction(case)

    response = applicant.get(address("correction", case))

    (group,) = response.context["groups"]
    assert [(line.title, line.reason) for line in group.lines] == [("结婚证或亲属关系证明", "印章压住日期，看不清")]
    assert {row.tag.words for line in group.lines for row in line.old} == {"要重交"}
    assert "退伍证" in response.context["fine"]
    assert "结婚证或亲属关系证明" not in response.context["fine"]


def test_correction_page_gives_the_paper_of_all_offices_or_of_the_only_one(
    applicant: Client, case: Application
) -> None:
    veterans, _police = ask_two_offices(case)
    both = applicant.get(address("correction", case)).context["paper_url"]
    withdrawal.withdraw(case, user=case.entered_by, tasks=[veterans.task])

    alone = applicant.get(address("correction", case)).context["paper_url"]

    papers = case.documents.filter(kind=DocumentKind.CORRECTION_NOTICE).order_by("id")
    assert [paper.task and paper.task.item.code for paper in papers] == ["I04", "I01", None]
    assert [both, alone] == [reverse("papers:download", args=[papers[n].number]) for n in (2, 0)]
    assert [line.about for line in applicant.get(address("case", case)).context["papers"]][-3:] == [
        papers[0].task.spec.title, papers[1].task.spec.title, "各部门要补的都在上面",
    ]  # fmt: skip


def test_case_lists_the_last_paper_of_all_offices_alone(applicant: Client, case: Application) -> None:
    ask_two_offices(case)
    ask_correction(case, "I10", review.Deficit("看不清", material="OR-38"))

    lines = applicant.get(address("case", case)).context["papers"]

    last = case.documents.filter(task=None, kind=DocumentKind.CORRECTION_NOTICE).latest("id")
    joint = [line.url for line in lines if line.about == "各部门要补的都在上面"]
    assert joint == [reverse("papers:download", args=[last.number])]


def test_correction_page_holds_the_notices_of_every_office(applicant: Client, case: Application) -> None:
    """DOMAIN 3.1: one page for all deficits of the round; what two offices want is asked once."""
    notices = ask_two_offices(case)

    (todo,) = applicant.get(address("case", case)).context["todos"]
    response = applicant.get(address("correction", case))

    assert todo.url == address("correction", case)
    assert [group.office for group in response.context["groups"]] == [str(notice.task.office) for notice in notices]
    lines = [line for group in response.context["groups"] for line in group.lines]
    assert [line.same_as for line in lines] == ["", "", "", str(notices[0].task.office)]
    assert response.content.decode().count('name="mobile"') == 1


def test_one_button_sends_each_office_its_own_part(applicant: Client, case: Application) -> None:
    notices = ask_two_offices(case)
    others = {task.pk: task.dispatches.count() for task in case.tasks.exclude(pk__in=[n.task_id for n in notices])}

    response = applicant.post(
        address("correction", case),
        {"mobile": "13900001111", "file-OR-36": picture_of(), "file-OR-33": picture_of(text="stamp")},
    )

    assert response.url == address("case", case)
    assert [notice.task.dispatches.count() for notice in notices] == [2, 2]
    assert {pk: case.tasks.get(pk=pk).dispatches.count() for pk in others} == others
    veterans, police = (notice.task.dispatches.get(version=2).payload["materials"] for notice in notices)
    fresh = {material.code: material.sha256 for material in case.materials.filter(replaced_by=None)}
    sent = {m["code"]: [file["sha256"] for file in m["files"]] for m in police}
    assert sent["OR-36"] == [fresh["OR-36"]]
    assert "OR-36" not in {m["code"] for m in veterans}


def test_correction_that_is_complete_goes_and_the_other_keeps_everything(applicant: Client, case: Application) -> None:
    veterans, police = ask_two_offices(case)

    response = applicant.post(
        address("correction", case), {"mobile": "13900001111", "file-OR-33": picture_of(text="stamp")}, follow=True
    )

    veterans.refresh_from_db()
    police.refresh_from_db()
    assert (veterans.answered_at is not None, police.answered_at) == (True, None)
    (group,) = response.context["groups"]
    assert [(line.title, line.is_answered) for line in group.lines] == [
        ("结婚证或亲属关系证明", False),
        ("联系电话", True),
    ]
    assert response.context["errors"] == (("请上传结婚证或亲属关系证明", "#m-OR-36"),)
    applicant.post(address("correction", case), {"file-OR-36": picture_of()})
    police.refresh_from_db()
    assert police.answered_at is not None
    values = {line.get("field"): line["value"] for line in police.task.dispatches.get(version=2).payload["fields"]}
    assert values["mobile"] == "13900001111"


def test_correction_is_sent_only_when_every_line_is_answered(applicant: Client, case: Application) -> None:
    ask_correction(case, "I04", review.Deficit("看不清", material="OR-36"), review.Deficit("打不通", field="mobile"))

    response = applicant.post(address("correction", case), {"mobile": "139"})

    assert response.context["form"].errors == {"mobile": ["请填 11 位手机号，或带区号的固定电话"]}
    assert response.context["form"]["mobile"].value() == "139"
    assert response.context["errors"] == (("请上传结婚证或亲属关系证明", "#m-OR-36"),)
    assert factories.task_of(case, "I04").status == TaskStatus.AWAITING_CORRECTION


@pytest.mark.parametrize("pressed", ["upload", "remove", "turn", "later", "save"])
def test_correction_keeps_typed_text_and_files_whatever_is_pressed(
    applicant: Client, case: Application, pressed: str
) -> None:
    ask_two_offices(case)
    url = address("correction", case)
    applicant.post(url, {"file-OR-33": picture_of("多余.jpg", "spare"), "upload": "1"})
    spare = str(Material.objects.get(is_sent=False).pk)

    applicant.post(url, {"mobile": "13900001111", "file-OR-36": picture_of(), pressed: spare})

    applicant.logout()  # and on another day, with another device
    applicant.force_login(case.applicant)
    response = applicant.get(url)
    assert response.context["form"]["mobile"].value() == "13900001111"
    names = [row.name for group in response.context["groups"] for line in group.lines for row in line.files]
    assert names == (["重拍.jpg"] if pressed == "remove" else ["多余.jpg", "重拍.jpg"])
    assert factories.task_of(case, "I04").status == TaskStatus.AWAITING_CORRECTION


def test_correction_is_kept_while_it_is_typed(applicant: Client, case: Application) -> None:
    notice = ask_correction(case, "I04", review.Deficit("打不通", field="mobile"))

    answer = applicant.post(address("correction", case), {"mobile": "1390"}, headers={"accept": "application/json"})

    notice.refresh_from_db()
    assert (answer.status_code, notice.kept) == (200, {"mobile": "1390"})


def test_correction_sent_twice_counts_once(applicant: Client, case: Application) -> None:
    """B1, B12: a second press and a reload change nothing and leave no file behind."""
    notice = ask_correction(case)
    for _ in range(2):
        response = applicant.post(address("correction", case), {"file-OR-36": picture_of()})
        assert response.url == address("case", case)

    assert notice.task.dispatches.count() == 2
    assert not Material.objects.filter(is_sent=False).exists()


def test_same_file_twice_is_one_file(applicant: Client, case: Application) -> None:
    ask_correction(case)
    for _ in range(2):
        applicant.post(address("correction", case), {"file-OR-36": picture_of(), "upload": "1"})

    assert Material.objects.filter(is_sent=False).count() == 1


def test_correction_never_removes_what_was_handed_in(applicant: Client, case: Application) -> None:
    ask_correction(case)
    sent = case.materials.first()

    applicant.post(address("correction", case), {"remove": str(sent.pk)})

    assert case.materials.filter(pk=sent.pk).exists()


def test_correction_of_somebody_else_is_not_there(client: Client, case: Application) -> None:
    ask_correction(case)
    client.force_login(factories.person())

    assert client.get(address("correction", case)).status_code == 404


def test_correction_keeps_what_was_typed_when_the_session_ended(
    client: Client, person: User, case: Application
) -> None:
    """C1."""
    ask_correction(case, "I04", review.Deficit("打不通", field="mobile"))

    client.post(address("correction", case), {"mobile": "13900001111"})
    client.force_login(person)

    assert client.get(address("correction", case)).context["form"]["mobile"].value() == "13900001111"


# -- withdrawal --------------------------------------------------------------------------------------------------------


def test_withdraw_asks_again_before_it_does_anything(applicant: Client, case: Application) -> None:
    task = factories.task_of(case, "I07")

    response = applicant.post(address("withdraw", case), {"task": task.pk})

    assert "确定要撤回吗" in response.content.decode()
    assert factories.task_of(case, "I07").status == TaskStatus.QUEUED


def test_withdraw_takes_back_the_chosen_items_alone(applicant: Client, case: Application) -> None:
    task = factories.task_of(case, "I07")

    applicant.post(address("withdraw", case), {"task": task.pk, "confirm": "1"})

    assert [t.item.code for t in case.tasks.filter(status=TaskStatus.WITHDRAWN)] == ["I07"]


def test_withdraw_leaves_out_what_an_office_has_accepted(applicant: Client, case: Application) -> None:
    task = factories.task_of(case, "I07")
    review.accept(task, reviewer=factories.reviewer_of(task))

    response = applicant.post(address("withdraw", case), {"task": task.pk, "confirm": "1"})

    assert response.context["errors"] == (("请至少选一件要撤回的事", "#tasks"),)
    assert task.spec.title in response.context["kept"]
