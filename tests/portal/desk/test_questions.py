"""办不成事 at the desk: the queue and the task tell of a question that waits. The pages themselves: test_after.py."""

from django.urls import reverse

from applications import questions
from applications.models import Question
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
