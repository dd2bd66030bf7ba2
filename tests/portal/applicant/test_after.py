"""Adding an item to a case, and asking why nothing moves."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from agencies.enums import Role
from agencies.models import Region
from applications import questions, review, withdrawal
from applications.demo import picture
from applications.models import Application, Draft, ItemTask, Question
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def test_add_items_opens_a_form_with_only_the_items_that_are_missing(client: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    client.force_login(case.entered_by)

    page = client.post(f"/cases/{case.number}/add/", follow=True)

    draft = Draft.objects.get(adds_to=case)
    assert page.request["PATH_INFO"] == f"/apply/{draft.pk}/items/"
    assert 'name="item-I10"' in page.content.decode()
    assert 'name="item-I07"' not in page.content.decode()


def test_add_items_is_a_post_on_the_own_case(client: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    client.force_login(factories.person())

    assert client.post(f"/cases/{case.number}/add/").status_code == 404
    client.force_login(case.entered_by)
    assert client.get(f"/cases/{case.number}/add/").status_code == 405


def test_question_reaches_the_office_and_is_shown_with_its_day(client: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    task = factories.task_of(case, "I07")
    client.force_login(case.entered_by)

    page = client.post(f"/cases/{case.number}/question/", {"about": task.pk, "text": "三周没有消息"}, follow=True)

    assert "三周没有消息" in page.content.decode()
    assert Question.objects.get().office == task.office


def test_question_without_words_keeps_the_choice_and_says_what_to_do(client: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    client.force_login(case.entered_by)

    page = client.post(f"/cases/{case.number}/question/", {"about": "case", "text": " "}).content.decode()

    assert "请写明发生了什么、您等了多久" in page
    assert "checked" in page
    assert Question.objects.count() == 0


def test_question_page_of_another_persons_case_is_not_there(client: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    client.force_login(factories.person())

    assert client.get(f"/cases/{case.number}/question/").status_code == 404


def test_office_answers_and_the_person_reads_it(client: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    task = factories.task_of(case, "I07")
    question = questions.ask(case, user=case.entered_by, text="三周没有消息", task=task)
    client.force_login(factories.reviewer_of(task))

    listed = client.get("/desk/questions/").content.decode()
    client.post(f"/desk/questions/{question.pk}/", {"text": "已查到，周五办好"})

    client.force_login(case.entered_by)
    assert case.number in listed
    assert "已查到，周五办好" in client.get(f"/cases/{case.number}/question/").content.decode()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.CLERK])
def test_questions_of_another_office_are_not_there(client: Client, role: Role) -> None:
    case = factories.delivered(ticked=["I07"])
    question = questions.ask(case, user=case.entered_by, text="三周没有消息", task=factories.task_of(case, "I07"))
    other = factories.reviewer_of(factories.queued_task("I10")) if role == Role.REVIEWER else factories.clerk()
    client.force_login(other)

    assert client.get(f"/desk/questions/{question.pk}/").status_code == 404


def test_supervisor_sees_what_was_left_in_silence(client: Client) -> None:
    case = factories.delivered(ticked=["I07"])
    questions.ask(case, user=case.entered_by, text="没人接电话")
    client.force_login(factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk=factories.DONGSHENG).parent))

    assert "没人接电话" in client.get("/desk/questions/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_questions_takes_the_same_queries_for_any_number(
    client: Client, count: int, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    posting_of = None
    for _ in range(count):
        case = factories.delivered(ticked=["I07"])
        task = factories.task_of(case, "I07")
        questions.ask(case, user=case.entered_by, text="三周没有消息", task=task)
        posting_of = posting_of or factories.reviewer_of(task)
    assert posting_of is not None
    client.force_login(posting_of)

    with django_assert_num_queries(5):
        client.get("/desk/questions/")


def promised_case() -> Application:
    case = factories.delivered(ticked=["I07"])
    task = factories.task_of(case, "I07")
    review.accept(task, reviewer=factories.reviewer_of(task))
    until = timezone.localdate() + timedelta(days=5)
    ItemTask.objects.filter(pk=task.pk).update(provisional_until=until, provisional_materials=["OR-39"])
    return case


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_case_says_which_promised_papers_are_owed(client: Client) -> None:
    case = promised_case()
    client.force_login(case.entered_by)

    page = client.get(f"/cases/{case.number}/").content.decode()

    assert "补交“军人退役养老保险转移凭证”" in page
    assert f"/cases/{case.number}/supply/" in page


def test_promised_papers_are_uploaded_and_sent(client: Client) -> None:
    case = promised_case()
    client.force_login(case.entered_by)
    address = f"/cases/{case.number}/supply/"

    client.post(address, {"file-OR-39": upload("凭证.jpg", picture("x")), "upload": "1"})
    page = client.post(address, {"send": "1"}, follow=True).content.decode()

    assert "承诺已经兑现" in page
    assert factories.task_of(case, "I07").provisional_until is None


def test_promised_papers_that_are_missing_or_broken_are_named(client: Client) -> None:
    case = promised_case()
    client.force_login(case.entered_by)
    address = f"/cases/{case.number}/supply/"

    broken = client.post(address, {"file-OR-39": upload("凭证.jpg", b"MZ"), "upload": "1"}).content.decode()
    missing = client.post(address, {"send": "1"}).content.decode()

    assert "凭证.jpg：这不是照片（JPG、PNG、HEIC）或 PDF" in broken
    assert "请上传军人退役养老保险转移凭证" in missing


def test_supply_of_another_persons_case_is_not_there(client: Client) -> None:
    case = promised_case()
    client.force_login(factories.person())

    assert client.get(f"/cases/{case.number}/supply/").status_code == 404


def test_item_that_waits_for_a_lost_one_says_so_and_what_to_do(client: Client) -> None:
    case = factories.delivered(ticked=["I04", "I05"])
    task = factories.task_of(case, "I04")
    review.do_not_accept(task, reviewer=factories.reviewer_of(task), note="不属于本辖区")
    client.force_login(case.entered_by)

    page = client.get(f"/cases/{case.number}/").content.decode()

    assert "没有办成" in page
    assert f"/cases/{case.number}/withdraw/" in page


def test_item_that_waits_for_one_the_person_took_back_says_so(client: Client) -> None:
    case = factories.delivered(ticked=["I04", "I05"])
    withdrawal.withdraw(case, user=case.entered_by, tasks=[factories.task_of(case, "I04")])
    client.force_login(case.entered_by)

    (todo,) = client.get(f"/cases/{case.number}/").context["todos"]

    assert todo.title == "恢复户口已撤回，居民身份证先不能办"
