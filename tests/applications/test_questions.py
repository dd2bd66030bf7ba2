"""办不成事: a question has an owner, a day, and goes on to the supervisors when nobody answers."""

from datetime import date

import pytest

from agencies.enums import Role
from agencies.models import Region
from applications import questions
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import ItemTask, Question
from portal.accounts.models import User
from tests import factories
from tests.applications.test_review import at

pytestmark = pytest.mark.usefixtures("directory")


def ask(task: ItemTask, day: str = "2026-03-02") -> Question:
    user = task.application.entered_by
    return questions.ask(task.application, user=user, text="等了一个月没有消息", task=task, at=at(day))


def supervisor() -> User:
    return factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk=factories.DONGSHENG).parent)


def test_question_belongs_to_the_office_and_is_due_in_five_working_days() -> None:
    task = factories.queued_task("I07")

    question = ask(task)

    assert (question.office, question.answer_by) == (task.office, date(2026, 3, 9))


def test_question_nobody_answers_goes_to_the_supervisors() -> None:
    task = factories.queued_task("I07")
    question, posting = ask(task), supervisor().postings.get()
    assert list(Question.objects.for_posting(posting)) == []

    assert questions.escalate_silent(at=at("2026-03-09")) == 0
    assert questions.escalate_silent(at=at("2026-03-10")) == 1
    assert questions.escalate_silent(at=at("2026-03-11")) == 0

    assert list(Question.objects.for_posting(posting)) == [question]


def test_question_about_the_whole_case_goes_to_the_supervisors_at_once() -> None:
    application = factories.delivered(ticked=["I07"])

    question = questions.ask(application, user=application.entered_by, text="没人接电话")

    assert list(Question.objects.for_posting(supervisor().postings.get())) == [question]


def test_same_question_is_not_taken_twice_while_it_is_open() -> None:
    task = factories.queued_task("I07")
    question = ask(task)

    with pytest.raises(Refused):
        ask(task)
    questions.answer(question, staff=factories.reviewer_of(task), text="已查到，明天办好")

    assert ask(task).pk != question.pk


def test_answer_is_given_once_and_tells_by_whom() -> None:
    task = factories.queued_task("I07")
    question, reviewer = ask(task), factories.reviewer_of(task)
    questions.answer(question, staff=reviewer, text="已查到，明天办好")

    with pytest.raises(AlreadyDone, match="乌云其其格已经答复过"):
        questions.answer(question, staff=reviewer, text="再答一次")


@pytest.mark.parametrize("text", ["", "  ", "长" * 1001])
def test_question_without_words_or_with_too_many_is_refused(text: str) -> None:
    application = factories.delivered(ticked=["I07"])

    with pytest.raises(Invalid):
        questions.ask(application, user=application.entered_by, text=text)


def test_other_office_does_not_see_the_question() -> None:
    question = ask(factories.queued_task("I07"))
    other = factories.reviewer_of(factories.queued_task("I10")).postings.get()

    assert question not in Question.objects.for_posting(other)


def test_question_before_any_office_has_the_item_goes_to_the_hub() -> None:
    case = factories.submitted(region=factories.NANGANG, ticked=["I04"])
    task = factories.task_of(case, "I04")

    asked = questions.ask(case, user=case.entered_by, text="没有人看", task=task)

    assert asked.office == case.pre_reviews.get().office != task.office
