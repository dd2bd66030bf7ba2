"""好差评: said once of what ended, added to once, a bad one answered in 15 working days, nobody made to, nothing taken back."""

import base64
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InternalError, connection, transaction
from django.utils import timezone

from agencies.enums import Role
from agencies.models import Posting, Region
from applications import auditing, detectors, figures, own_data, ratings, recounting, review, withdrawal
from applications.enums import Channel, Satisfaction
from applications.errors import AlreadyDone, Invalid, Refused
from applications.figures import Period
from applications.models import Application, Notice, Rating, Rectification, StatusLog, Ticket
from portal.accounts.models import User
from tests import factories
from tests.applications.test_recounting import days_off
from tests.applications.test_review import at

pytestmark = pytest.mark.usefixtures("directory")


def ended(day: str = "2026-03-02", region: str = factories.DONGSHENG) -> Application:
    """A case of one item that was completed and with it closed."""
    case = factories.delivered(ticked=["I07"], region=region, at=at(day))
    task = factories.task_of(case, "I07")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=at(day))
    review.complete(task, reviewer=reviewer, at=at(day))
    case.refresh_from_db()
    return case


def rate(
    case: Application, grade: int = 5, day: str = "2026-03-03", reasons: Collection[str] = ("speed",), **more: Any
) -> Rating:
    return ratings.rate(case, **{"user": case.entered_by, "grade": grade, "reasons": reasons, "at": at(day)} | more)


def supervisor(region: str = factories.DONGSHENG) -> User:
    return factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk=region).parent, name="苏督办")


def test_case_and_each_item_are_rated_once() -> None:
    case = ended()
    task = factories.task_of(case, "I07")

    rate(case)
    rate(case, task=task)

    for about in (None, task):
        with pytest.raises(AlreadyDone, match="已经评价过"):
            rate(case, task=about)
    assert Rating.objects.count() == 2


def test_item_can_be_rated_before_the_whole_case_has_ended() -> None:
    case = factories.delivered(ticked=["I01", "I07"], at=at("2026-03-02"))
    task = factories.task_of(case, "I07")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=at("2026-03-02"))
    review.complete(task, reviewer=reviewer, at=at("2026-03-02"))

    assert rate(case, task=task).task == task
    for about in (None, factories.task_of(case, "I01")):
        with pytest.raises(Refused, match="办完以后才能评价"):
            rate(case, task=about)


def test_what_was_withdrawn_is_not_rated() -> None:
    case = factories.delivered(ticked=["I07"])
    withdrawal.withdraw(case, user=case.entered_by)
    case.refresh_from_db()

    assert not ratings.is_open(case)
    assert not ratings.is_open(case, factories.task_of(case, "I07"))


def test_term_ends_after_the_days_of_the_setting(settings: Any) -> None:
    settings.RATING_DAYS = 7
    case = ended("2026-03-02")

    assert ratings.is_open(case, at=at("2026-03-09"))
    with pytest.raises(Refused, match="时间已经过了"):
        rate(case, day="2026-03-10")


def test_only_the_applicant_rates_online() -> None:
    case = ended()

    with pytest.raises(Refused, match="只有申请人本人"):
        rate(case, user=factories.person())


def test_clerk_types_for_the_person_and_the_channel_says_so() -> None:
    case, clerk = ended(), factories.clerk()

    rating = rate(case, user=clerk, channel=Channel.WINDOW, reasons=["attitude"])

    assert (rating.channel, rating.rated_by) == ("window", clerk)


def test_clerk_does_not_rate_their_own_case_as_the_window() -> None:
    case = ended()

    with pytest.raises(Refused, match="您本人的办件"):
        rate(case, user=case.entered_by, channel=Channel.WINDOW, reasons=["attitude"])


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"grade": 0}, "grade"),
        ({"grade": 6}, "grade"),
        ({"grade": 2, "reasons": []}, "reasons"),
        ({"grade": 1, "reasons": []}, "reasons"),
        ({"reasons": ["attitude"]}, "reasons"),
        ({"text": "长" * 501}, "text"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(given: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        rate(ended(), **given)

    assert list(refused.value.errors) == [wrong]
    assert not Rating.objects.exists()


@pytest.mark.parametrize("grade", list(Satisfaction))
def test_bad_grade_alone_is_looked_into_within_fifteen_working_days(grade: int) -> None:
    """2026-03-03 is a Tuesday; no holiday lies in the three weeks."""
    rate(ended(), grade=grade)

    expected = [date(2026, 3, 24)] if grade in (1, 2) else []
    assert list(Rectification.objects.values_list("answer_by", flat=True)) == expected


def test_day_of_the_answer_follows_a_new_calendar() -> None:
    owed = rate(ended(), grade=1).rectification
    settled = rate(ended(), grade=1).rectification
    ratings.answer(settled, staff=supervisor(), text="已整改", at=at("2026-03-20"))

    recounting.load(days_off(owed.answer_by))

    owed.refresh_from_db()
    settled.refresh_from_db()
    assert (owed.answer_by, settled.answer_by) == (date(2026, 3, 25), date(2026, 3, 24))
    assert ratings.count_anew() == 0


def test_day_of_the_answer_counts_by_the_calendar_of_the_place() -> None:
    recounting.load(days_off(date(2026, 3, 10), place="150600"))

    assert rate(ended(), grade=1).rectification.answer_by == date(2026, 3, 25)


def test_rating_is_added_to_once_and_the_later_grade_counts() -> None:
    case = ended()
    with pytest.raises(AlreadyDone, match="还没有评价过"):
        rate(case, is_addition=True)
    first = rate(case, grade=2)

    added = rate(case, grade=4, day="2026-03-20", is_addition=True)

    assert added.follows == first
    assert list(Rating.objects.newest()) == [added]
    with pytest.raises(AlreadyDone):
        rate(case, day="2026-03-20", is_addition=True)


def test_addition_may_wait_for_the_answer(settings: Any) -> None:
    settings.RATING_DAYS = 7
    case = ended()
    bad = rate(case, grade=1)
    assert not ratings.is_open(case, at=at("2026-03-11"))

    ratings.answer(bad.rectification, staff=supervisor(), text="已整改", at=at("2026-03-20"))

    assert ratings.is_open(case, at=at("2026-03-27"))


def test_row_is_never_changed_or_deleted_but_its_seal_may_be_renewed() -> None:
    rating = rate(ended(), text="电话没有人接")

    for deed in (lambda: Rating.objects.update(grade=5), lambda: Rating.objects.all()._raw_delete("default")):
        with pytest.raises(InternalError, match="append-only"), transaction.atomic():
            deed()
    call_command("reseal", verbosity=0)

    assert Rating.objects.get().text == rating.text


def test_words_lie_sealed_and_leave_no_trace_in_the_log_of_the_case() -> None:
    case = ended()
    before = StatusLog.objects.count()

    bad = rate(case, grade=1, text="电话没有人接")
    ratings.answer(bad.rectification, staff=supervisor(), text="电话已加开一条线")

    with connection.cursor() as cursor:
        for table in ("applications_rating", "applications_rectification"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert "电话" not in cursor.fetchone()[0]
    assert StatusLog.objects.count() == before


def test_seal_of_the_hour_covers_what_was_said_and_outlasts_a_new_key(settings: Any) -> None:
    rating = rate(ended(), grade=1, text="电话没有人接")
    for hours in (0, 1):
        auditing.seal(timezone.now() + timedelta(hours=hours))
    settings.SEALING_KEYS = ["next:sm4:" + base64.b64encode(b"n" * 32).decode(), *settings.SEALING_KEYS]
    call_command("reseal", verbosity=0)
    assert list(auditing.compare()) == []

    factories.past_the_triggers("UPDATE applications_rating SET grade = 5 WHERE id = %s", rating.pk)

    assert [(breach.log, breach.row) for breach in auditing.compare()] == [("rating", rating.pk)]


def test_answer_is_given_once_and_the_person_is_told() -> None:
    bad, who = rate(ended(), grade=1).rectification, supervisor()

    ratings.answer(bad, staff=who, text="已加开一条电话线")

    assert Notice.objects.filter(details__contains=["您的评价有了答复"]).exists()
    with pytest.raises(AlreadyDone, match="苏督办已经答复过"):
        ratings.answer(bad, staff=who, text="再答一次")


def test_who_had_a_part_or_rated_neither_sees_nor_answers_it_in_another_post() -> None:
    case = ended()
    bad = rate(case, grade=1)
    handler = StatusLog.objects.get(application=case, action="complete").actor
    assert handler is not None

    typed = factories.staff(Role.SUPERVISOR, region=case.region)
    for user, number in ((case.entered_by, ""), (typed, case.subject_id_no)):
        user.id_no = number
        user.save(update_fields=["id_no", "id_no_index"])
    for who in (handler, case.entered_by, typed):
        post = Posting.objects.create(user=who, role=Role.ADMINISTRATOR)
        assert not Rating.objects.for_posting(post).exists()
        with pytest.raises(Refused, match="您经办过"):
            ratings.answer(bad.rectification, staff=who, text="已整改")


def test_answer_needs_words_and_has_a_limit() -> None:
    bad = rate(ended(), grade=1).rectification

    for words in ("  ", "长" * 2001):
        with pytest.raises(Invalid):
            ratings.answer(bad, staff=supervisor(), text=words)


def test_supervisors_see_those_of_their_area_and_offices_none() -> None:
    case = ended()
    bad = rate(case, grade=1, task=factories.task_of(case, "I07"))
    office = factories.reviewer_of(factories.task_of(case, "I07")).postings.get()

    seen = {
        who: list(Rating.objects.for_posting(posting))
        for who, posting in {
            "own": supervisor().postings.get(),
            "far": supervisor(factories.HEPING).postings.get(),
            "all": factories.staff(Role.ADMINISTRATOR).postings.get(),
            "office": office,
            "window": factories.clerk().postings.get(),
        }.items()
    }

    assert seen == {"own": [bad], "far": [], "all": [bad], "office": [], "window": []}


def test_what_is_not_answered_in_time_is_found_without_the_cases_number() -> None:
    case = ended()
    bad = rate(case, grade=1, task=factories.task_of(case, "I07")).rectification
    late = at("2026-03-25")
    assert list(detectors.bad_rating_is_unanswered(late - timedelta(days=1))) == []

    detectors.run(late)

    ticket = Ticket.objects.get(kind="bad_rating_is_unanswered")
    assert case.number not in ticket.title
    assert (ticket.task, ticket.office) == (None, factories.task_of(case, "I07").office)
    ratings.answer(bad, staff=supervisor(), text="已整改", at=late)
    detectors.run(late)
    ticket.refresh_from_db()
    assert ticket.closed_at is not None


def totals(day: str = "2026-03-31") -> figures.RatingTotals | None:
    return figures.ratings(Application.objects.all(), Period.last(31, date.fromisoformat(day)))


def test_figures_count_what_was_said_and_nothing_else() -> None:
    assert totals() is None
    good, bad = ended(), ended()
    ended()  # says nothing
    rate(good, grade=3)
    rate(bad, grade=1)
    rate(bad, grade=4, task=factories.task_of(bad, "I07"))
    rate(bad, grade=2, day="2026-03-05", is_addition=True)

    assert totals() == figures.RatingTotals(given=3, satisfied=2, closed=3, rated=2, waiting=2)


def test_figures_of_a_period_without_any_are_none() -> None:
    rate(ended())

    assert totals("2026-06-30") is None


def test_person_takes_their_ratings_away() -> None:
    case = ended()
    bad = rate(case, grade=2, text="电话没有人接")
    ratings.answer(bad.rectification, staff=supervisor(), text="已加开一条电话线")

    told = own_data.everything(case.entered_by)["办件"][0]["评价"]

    assert [(line["评的是"], line["评价"], line["方面"], line["内容"], line["答复"]) for line in told] == [
        ("整个办件", "不满意", ["办事效率"], "电话没有人接", "已加开一条电话线")
    ]
    assert isinstance(datetime.fromisoformat(told[0]["时间"]), datetime)
