"""Messages to people: written with the deed, sent once, limited per day, and saying nothing personal."""

from typing import Any

import pytest
from django.utils import timezone

from applications import notices, review
from applications.enums import NoticeKind, NoticeStatus
from applications.models import Application, Notice
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

sent: list[tuple[str, str, str]] = []


def recording(phone: str, text: str, key: str) -> str:
    sent.append((phone, text, key))
    return "ok"


def refusing(phone: str, text: str, key: str) -> str:
    raise ConnectionError("no line")


@pytest.fixture(autouse=True)
def gateway(settings: Any) -> None:
    sent.clear()
    settings.NOTICE_SENDER = f"{__name__}.recording"


def written(kind: NoticeKind = NoticeKind.PROGRESS, case: Application | None = None) -> Notice:
    notice = notices.write(case or factories.submitted(ticked=["I01"]), kind)
    assert notice is not None
    return notice


def test_correction_and_decision_write_a_notice_in_their_transaction() -> None:
    case = factories.delivered(ticked=["I01", "I04"])
    first, second = case.tasks.all()
    reviewer = factories.reviewer_of(first)
    review.request_correction(second, reviewer=reviewer, deficits=[review.Deficit(field="native", reason="请写全")])
    review.accept(first, reviewer=reviewer)
    review.complete(first, reviewer=reviewer, summary="准予")

    assert list(Notice.objects.values_list("kind", flat=True)) == [NoticeKind.CORRECTION, NoticeKind.PROGRESS]


@pytest.mark.parametrize("kind", NoticeKind)
def test_text_names_the_case_and_nothing_personal(kind: NoticeKind) -> None:
    """I-14: no number of identity, no name, no detail of a result."""
    notice = written(kind)

    text = notices.text_of(notice)

    assert notice.application.number in text
    assert notice.application.subject_id_no not in text
    assert notice.application.subject_name not in text
    assert len(text) <= 70


def test_notice_is_sent_once_though_rung_twice() -> None:
    notice = written()

    assert [notices.send([notice.pk]), notices.send([notice.pk])] == [1, 0]
    notice.refresh_from_db()
    assert (notice.status, notice.outcome, len(sent)) == (NoticeStatus.SENT, "ok", 1)


def test_person_gets_at_most_five_a_day() -> None:
    case = factories.submitted(ticked=["I01"])
    ids = [written(case=case).pk for _ in range(7)]

    notices.send(ids)

    assert len(sent) == notices.DAILY_LIMIT
    assert Notice.objects.filter(status=NoticeStatus.HELD_BACK).count() == 2


def test_notice_that_fails_is_tried_again_and_given_up_at_the_cap(settings: Any) -> None:
    settings.NOTICE_SENDER = f"{__name__}.refusing"
    notice = written()
    for attempt in range(notices.MAX_ATTEMPTS):
        Notice.objects.update(next_attempt_at=timezone.now())
        notices.send([notice.pk])
        notice.refresh_from_db()
        expected = NoticeStatus.FAILED if attempt == notices.MAX_ATTEMPTS - 1 else NoticeStatus.PENDING
        assert (notice.status, notice.attempts) == (expected, attempt + 1)
    assert notice.outcome == "ConnectionError"


def test_failing_notice_stops_no_other(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """F6."""
    case = factories.submitted(ticked=["I01"])
    ids = [written(case=case).pk for _ in range(3)]
    text_of = notices.text_of
    monkeypatch.setattr(notices, "text_of", lambda notice: 1 / 0 if notice.pk == ids[1] else text_of(notice))

    assert notices.send(ids) == 2
