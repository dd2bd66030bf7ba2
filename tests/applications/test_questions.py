"""办不成事: a question has an owner, a day, and goes on to the supervisors when nobody answers."""

from datetime import date

import pytest

from agencies.enums import Role
from agencies.models import Region
from applications import notices, questions
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import ItemTask, Notice, Question
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


def tell(clerk: User, text: str = "窗口说不归他们管") -> Question:
    return questions.ask_at_window(
        region=factories.place(), clerk=clerk, name="孙大娘", phone="138 0000 1111", text=text, at=at("2026-03-02")
    )


def test_person_without_a_case_is_heard_at_the_window_and_gets_a_number() -> None:
    """The supervisors of the place have it at once, as every other; the day is counted the same way."""
    first, second = tell(factories.clerk()), tell(factories.clerk(), "没人接电话")

    waiting = Question.objects.for_posting(supervisor().postings.get()).unanswered()
    assert (first.number, second.number) == ("150602-260302-F0001", "150602-260302-F0002")
    assert (first.phone, first.application, first.answer_by) == ("13800001111", None, date(2026, 3, 9))
    assert set(waiting) == {first, second}


def test_same_words_of_the_same_person_are_written_down_once() -> None:
    clerk = factories.clerk()
    first = tell(clerk)

    with pytest.raises(AlreadyDone, match=first.number):
        tell(clerk)
    questions.answer(first, staff=supervisor(), text="已经派人去办")

    assert tell(clerk).pk != first.pk


@pytest.mark.parametrize(
    ("given", "wrong"), [({"name": " "}, "name"), ({"phone": "1380"}, "phone"), ({"text": " "}, "text")]
)
def test_what_is_told_at_the_window_needs_name_phone_and_words(given: dict[str, str], wrong: str) -> None:
    values = {"name": "孙大娘", "phone": "13800001111", "text": "没人管"} | given

    with pytest.raises(Invalid) as refused:
        questions.ask_at_window(region=factories.place(), clerk=factories.clerk(), **values)

    assert list(refused.value.errors) == [wrong]


def test_answer_to_a_person_without_a_case_goes_to_the_phone_without_a_name() -> None:
    question = tell(factories.clerk())

    questions.answer(question, staff=supervisor(), text="已经派人去办")

    notice = Notice.objects.get()
    assert notices.text_of(notice) == f"您在窗口反映的问题（编号{question.number}）有了答复，请带编号到综合窗口看答复。"
    assert notices.send([notice.pk]) == 1
    notice.refresh_from_db()
    assert (notice.sent_to, notice.channel) == ("13800001111", "sms")
