"""An answer that changes the situation: what it calls for beyond the notice is asked in the same round (行政许可法第32条)."""

import pytest

from applications import corrections, review, withdrawal
from applications.demo import id_number
from applications.enums import TaskStatus
from applications.errors import Invalid
from applications.models import Correction
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

HOST = {"host_name": "赵建国", "host_id": id_number("110105", "19680520", 997), "host_tel": "13900004410"}


@pytest.fixture
def notice() -> Correction:
    """Tianjin's police ask how the person settles: the form said with an own home, so it asked for no relative."""
    case = factories.submitted(ticked=["I04"], region=factories.PLACES["TJ"])
    case.take_answers(
        {code: value for code, value in case.answers.items() if code not in HOST} | {"hukou_mode": "residence"}
    )
    factories.deliver_all()
    task = factories.task_of(case, "I04")
    wrong = [review.Deficit("房产证上是父亲的名字，应选投靠", field="hukou_mode")]
    return review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=wrong)


def test_notice_of_an_item_that_ended_holds_no_other(notice: Correction) -> None:
    """Withdrawn while its correction was open, it made every answer of the case fail."""
    case = factories.delivered(ticked=["I07", "I10"])
    ended, other = (factories.task_of(case, code) for code in ("I07", "I10"))
    for task in (ended, other):
        wrong = [review.Deficit("号码不对", field="mobile")]
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=wrong)
    withdrawal.withdraw(case, user=case.entered_by, tasks=[ended])

    corrections.answer(case, user=case.entered_by, answers={"mobile": "13900001111"})

    other.refresh_from_db()
    assert other.status == TaskStatus.PENDING
    assert corrections.waiting(case) == []


def open_codes(notice: Correction) -> list[str]:
    return [line.field or line.material for line in notice.lines.filter(answered_at=None)]


def test_changed_answer_asks_for_what_it_calls_for_and_only_then(notice: Correction) -> None:
    case = notice.task.application

    corrections.keep(case, {"hukou_mode": "relative"})
    asked = open_codes(notice)
    corrections.keep(case, {"hukou_mode": "residence"})

    assert asked[:4] == ["hukou_mode", *HOST]
    assert {line.follows for line in Correction.objects.get().lines.all()} == {""}
    assert open_codes(notice) == ["hukou_mode"]


def test_answer_without_what_it_calls_for_is_told_all_of_it(notice: Correction) -> None:
    case = notice.task.application

    with pytest.raises(Invalid) as refused:
        corrections.answer(case, user=case.entered_by, answers={"hukou_mode": "relative", "host_name": "赵建国"})

    assert {"host_id", "host_tel"} <= set(refused.value.errors)
    assert "host_name" not in refused.value.errors


def test_answer_with_all_of_it_goes_to_the_office_in_one_round(notice: Correction) -> None:
    case = notice.task.application
    answers = {"hukou_mode": "relative", **HOST}
    corrections.keep(case, answers)
    for code in open_codes(notice)[4:]:
        factories.answer_file(case, code)

    corrections.answer(case, user=case.entered_by, answers=answers)

    sent = notice.task.dispatches.get(version=2).payload["fields"]
    assert {line.get("field"): line["value"] for line in sent}["host_id"] == HOST["host_id"]
    assert corrections.waiting(case) == []


def test_answer_that_does_not_fit_the_rest_of_the_form_is_told(notice: Correction) -> None:
    case = notice.task.application
    own = {"hukou_mode": "relative", **HOST, "host_id": case.subject_id_no}

    with pytest.raises(Invalid) as refused:
        corrections.answer(case, user=case.entered_by, answers=own)

    assert refused.value.errors["host_id"] == "被投靠人不能是您自己，请填户主的身份证号"
