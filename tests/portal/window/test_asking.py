"""办不成事 at the counter: written down for a person without an account, with a number to take home."""

import pytest
from django.test import Client
from django.urls import reverse

from agencies.enums import Role
from applications import questions
from applications.models import Question
from portal.accounts.models import User
from tests import factories
from tests.portal.desk.conftest import said, signed_in

NEW, LIST = "/window/questions/new/", "/window/questions/"
TOLD = {"name": "孙大娘", "phone": "13800001111", "text": "跑了三趟，都说不归他们管"}


def test_clerk_writes_down_what_does_not_work_out_and_hands_out_the_number(window: Client) -> None:
    response = window.post(NEW, TOLD, follow=True)

    question = Question.objects.get()
    content = response.content.decode()
    assert said(response) == [f"已记下，编号 {question.number}，请把编号给本人"]
    assert response.request["PATH_INFO"] == reverse("window:question", args=[question.number])
    assert question.number in content
    assert "138****1111" in content
    assert "13800001111" not in content


def test_words_missing_or_wrong_stand_at_their_field(window: Client) -> None:
    response = window.post(NEW, {**TOLD, "phone": "138"})

    assert response.context["form"].errors == {"phone": ["请填 11 位手机号，或带区号的固定电话"]}
    assert not Question.objects.exists()


def test_second_click_is_told_the_number_of_the_first(window: Client) -> None:
    window.post(NEW, TOLD)

    response = window.post(NEW, TOLD)

    assert Question.objects.get().number in response.content.decode()


def test_supervisor_answers_and_the_window_tells_it(window: Client) -> None:
    window.post(NEW, TOLD)
    question = Question.objects.get()
    supervisor = signed_in(factories.staff(Role.SUPERVISOR, region=factories.place()))

    listed = supervisor.get(reverse("desk:question_list")).content.decode()
    done = supervisor.post(reverse("desk:question", args=[question.pk]), {"text": "明天上门办"}, follow=True)
    page = window.get(reverse("window:question", args=[question.number])).content.decode()

    assert question.number in listed
    assert said(done) == [f"已答复 {question.number}，短信已通知本人到窗口看"]
    assert "明天上门办" in page
    assert "已答复" in window.get(LIST).content.decode()


def test_question_about_a_case_goes_to_its_office(window: Client, clerk: User) -> None:
    case = factories.delivered(ticked=["I01"])
    task = case.tasks.get()

    window.post(reverse("window:ask", args=[case.number]), {"about": task.pk, "text": "交了十天没有消息"})

    question = Question.objects.get()
    assert (question.office, question.channel, question.asked_by) == (task.office, "window", clerk)
    assert question.number in window.get(LIST).content.decode()
    assert (
        reverse("window:ask", args=[case.number])
        in window.get(reverse("window:case", args=[case.number])).content.decode()
    )


def test_other_places_windows_do_not_see_it(window: Client) -> None:
    asked = questions.ask_at_window(region=factories.place(), clerk=factories.clerk(), **TOLD)
    far = signed_in(factories.clerk(factories.HEPING))

    assert asked.number not in far.get(LIST).content.decode()
    assert far.get(reverse("window:question", args=[asked.number])).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_list_needs_the_same_queries_for_one_and_three(
    window: Client, count: int, django_assert_max_num_queries
) -> None:
    for number in range(count):
        questions.ask_at_window(
            region=factories.place(), clerk=factories.clerk(), **{**TOLD, "text": f"第 {number} 件"}
        )

    with django_assert_max_num_queries(8):
        window.get(LIST)
