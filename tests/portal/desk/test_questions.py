"""办不成事 at the desk: the queue and the task tell of a question that waits. The pages themselves: test_after.py."""

import pytest
from django.test import Client
from django.urls import reverse

from agencies.enums import Role
from applications import questions
from applications.models import Question
from portal.accounts.models import User
from tests import factories
from tests.portal.desk.conftest import reviewer, url


def asked(item: str = "I04", text: str = "交了十天没有人管") -> Question:
    task = factories.queued_task(item)
    return questions.ask(task.application, user=task.application.applicant, text=text, task=task)


def test_queue_and_task_tell_of_the_question() -> None:
    question = asked()
    client = reviewer(question.task)

    assert client.get(reverse("desk:queue")).context["open_questions"] == 1
    assert "交了十天没有人管" in client.get(url("task", question.task)).content.decode()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.SUPERVISOR])
def test_question_leads_to_its_case_as_this_member_of_staff_sees_it(role: Role) -> None:
    question = asked()
    Question.objects.filter(pk=question.pk).update(escalated_at=question.asked_at)  # a supervisor sees what was left
    region = question.application.region
    client = reviewer(question.task) if role == Role.REVIEWER else signed_in(factories.staff(role, region=region))

    way = client.get(reverse("desk:question", args=[question.pk])).context["case_url"]

    assert way.startswith("/desk/" if role == Role.REVIEWER else "/console/")
    assert client.get(way).status_code == 200


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
