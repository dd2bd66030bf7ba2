"""Messages to people: written with the deed, sent once, by the way that works, and saying nothing personal."""

import contextlib
import faulthandler
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from agencies.enums import Role
from agencies.gateways.base import Answer, Ending
from applications import contacts, drafts, notices, review, submission, sweeps, visits, withdrawal
from applications.demo import answers_for
from applications.enums import FOR_STAFF, NoticeKind, NoticeStatus, TaskStatus
from applications.errors import Invalid
from applications.models import Application, ItemTask, LostAddress, Notice
from applications.senders import Text
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

sent: list[Text] = []
answers: dict[str, Callable[[Text], Answer]] = {}


class Recording:
    """Takes every text; `answers` by the beginning of an address say otherwise."""

    def send(self, text: Text) -> Answer:
        for beginning, answer in answers.items():
            if text.address.startswith(beginning):
                return answer(text)
        sent.append(text)
        return Answer(Ending.SENT, "ok")


def no_such_number(text: Text) -> Answer:
    return Answer(Ending.LASTING, "空号")


def no_line(text: Text) -> Answer:
    raise ConnectionError("no line")


@pytest.fixture(autouse=True)
def gateway(settings: Any) -> None:
    sent.clear()
    answers.clear()
    settings.NOTICE_GATEWAYS = {"sms": f"{__name__}.Recording", "email": f"{__name__}.Recording"}


def case_of(**fields: str) -> Application:
    """A case of a person with these contact data, without the messages of its beginning."""
    case = factories.submitted(factories.person(**fields), ticked=["I01"])
    Notice.objects.filter(application=case).delete()
    return case


def written(kind: NoticeKind = NoticeKind.DECISION, case: Application | None = None) -> Notice:
    notice = notices.write(case or case_of(), kind)
    assert notice is not None
    return notice


def send_all() -> None:
    """What the worker does once the gathering is over."""
    with time_machine.travel(timezone.now() + notices.GATHERING + timedelta(seconds=1)):
        notices.send(Notice.objects.values_list("pk", flat=True))


# -- what is written -----------------------------------------------------------------------------------------------------


def test_submission_correction_visit_and_decision_write_a_notice_in_their_transaction() -> None:
    case = factories.delivered(ticked=["I01", "I04", "I07"])
    first, second, third = (factories.task_of(case, code) for code in ("I01", "I04", "I07"))
    reviewer = factories.reviewer_of(first)
    review.request_correction(second, reviewer=reviewer, deficits=[review.Deficit(field="native", reason="请写全")])
    review.accept(first, reviewer=reviewer)
    visits.call_in(first, reviewer=reviewer, note="周三上午到大厅")
    review.do_not_accept(third, reviewer=reviewer, note="不在这里参保")

    assert list(Notice.objects.values_list("kind", flat=True)) == [
        NoticeKind.SUBMITTED, NoticeKind.CORRECTION, NoticeKind.PROGRESS, NoticeKind.IN_PERSON, NoticeKind.DECISION,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind != NoticeKind.CONFIRM_EMAIL])
def test_text_names_the_case_and_nothing_personal(kind: NoticeKind) -> None:
    """I-14: no number of identity, no name, no detail of a result; whatever the page on the site says."""
    case = case_of()
    notice = notices.write(case, kind, details=["退役报到：东胜区退役军人事务局没有办成"])
    assert notice is not None

    text = notices.text_of(notice)

    is_about_none = kind in (NoticeKind.FORM_ENDS, NoticeKind.CONTACT_CHANGED)  # a form has no number yet
    assert is_about_none or case.number in text
    for secret in (case.subject_id_no, case.subject_name, str(case.answers["mobile"])):
        assert secret not in text
    for detail in ("没有办成", "报到", "事务局", "不予", "准予", "补助", "元"):
        assert detail not in text
    assert len(text) <= 70


@pytest.mark.parametrize("kind", sorted(notices.TEXTS_WITHOUT_ACCOUNT))
def test_text_to_a_person_without_an_account_asks_nobody_to_sign_in(kind: NoticeKind) -> None:
    case = case_of()
    Application.objects.filter(pk=case.pk).update(applicant=None)
    case.refresh_from_db()

    text = notices.text_of(written(kind, case))

    assert text == notices.TEXTS_WITHOUT_ACCOUNT[kind].format(number=case.number)
    assert "登录" not in text
    assert "窗口" in text or "申请回执上的校验码在平台“查进度”看" in text
    for word in (case.subject_name, case.subject_id_no, "不予", "准予", "补助", "元"):
        assert word not in text
    assert len(text) <= 70


def test_every_text_about_a_case_to_its_person_has_one_for_who_has_no_account() -> None:
    for_persons = {kind for kind, text in notices.TEXTS.items() if "登录" in text} - FOR_STAFF

    assert set(notices.TEXTS_WITHOUT_ACCOUNT) == for_persons - {NoticeKind.FORM_ENDS, NoticeKind.CONTACT_CHANGED}


def test_texts_are_plain_templates_that_take_the_number_alone() -> None:
    assert {
        kind for kind, text in notices.TEXTS.items() if text.format(number="N") == text.replace("{number}", "N")
    } == set(NoticeKind) - {NoticeKind.CONFIRM_EMAIL}


def test_five_offices_that_accept_within_a_minute_are_one_text() -> None:
    case = factories.delivered(ticked=["I01", "I04", "I07", "I10"])
    Notice.objects.all().delete()
    for task in case.tasks.filter(status=TaskStatus.QUEUED):
        review.accept(task, reviewer=factories.reviewer_of(task))

    send_all()

    (notice,) = Notice.objects.all()
    assert len(sent) == 1
    assert len(notice.details) == case.tasks.filter(status=TaskStatus.IN_REVIEW).count() == 4


def test_news_after_the_text_went_out_is_a_text_of_its_own() -> None:
    case = case_of()
    written(NoticeKind.PROGRESS, case)
    send_all()

    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        written(NoticeKind.PROGRESS, case)

    assert Notice.objects.filter(kind=NoticeKind.PROGRESS).count() == 2


def test_closing_message_takes_up_the_news_before_it() -> None:
    case = case_of()
    notices.write(case, NoticeKind.PROGRESS, details=["退役报到：已受理"])

    notices.write(case, NoticeKind.CLOSED, details=["退役报到：已办好"])
    send_all()

    assert [text.body for text in sent] == [notices.TEXTS[NoticeKind.CLOSED].format(number=case.number)]
    assert Notice.objects.get().details == ["退役报到：已受理", "退役报到：已办好"]


def test_case_from_the_window_is_told_on_the_phone_of_its_form() -> None:
    """Case of a person without an account."""
    case = case_of()
    Application.objects.filter(pk=case.pk).update(applicant=None)
    case.refresh_from_db()

    notices.send([written(case=case).pk])

    assert [text.address for text in sent] == [case.answers["mobile"]]


def test_refusal_is_told_once_with_what_it_stops() -> None:
    """HL-… 恢复户口 refused: 居民身份证 waits in vain; one message says both, why, and what to do."""
    case = factories.delivered(ticked=["I04", "I05", "I10"])
    Notice.objects.all().delete()
    task = factories.task_of(case, "I04")
    held = [other for other in case.tasks.filter(status=TaskStatus.WAITING) if "I04" in other.open_items]
    assert held

    review.do_not_accept(task, reviewer=factories.reviewer_of(task), note="户口不在这里", remedy="可以到原籍办")

    notice = Notice.objects.get()
    assert (notice.kind, len(notice.details)) == (NoticeKind.DECISION, 2)
    assert all(other.spec.title in notice.details[1] for other in held)
    assert "先撤回" in notice.details[1]
    review.accept(other := factories.task_of(case, "I10"), reviewer=factories.reviewer_of(other))
    review.complete(other, reviewer=factories.reviewer_of(other), summary="准予")
    assert sum("先不能办" in words for row in Notice.objects.all() for words in row.details) == 1


def test_silence_that_counts_as_acceptance_is_told_to_the_person_and_the_head_of_the_office(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = factories.queued_task("I01")
    head, elsewhere = (
        factories.approver_of(task),
        factories.staff(Role.APPROVER, office=task.office.agency.offices.exclude(pk=task.office_id).first()),
    )
    Notice.objects.all().delete()
    monkeypatch.setattr(type(task.spec), "deemed_acceptance", True, raising=False)

    review.deem_accepted(task, at=timezone.now() + timedelta(days=10))

    told = {notice.recipient: notice.kind for notice in Notice.objects.all()}
    assert told == {task.application.applicant: NoticeKind.PROGRESS, head: NoticeKind.OFFICE_SILENT}
    assert elsewhere not in told
    assert ItemTask.objects.get(pk=task.pk).status == TaskStatus.IN_REVIEW
    assert sweeps.deem_accepted() == 0


# -- how it is sent ------------------------------------------------------------------------------------------------------


def test_notice_is_sent_once_though_rung_twice() -> None:
    notice = written()

    assert [notices.send([notice.pk]), notices.send([notice.pk])] == [1, 0]
    notice.refresh_from_db()
    assert (notice.status, notice.outcome, len(sent)) == (NoticeStatus.SENT, "ok", 1)


def test_news_is_limited_per_day_and_important_messages_are_not() -> None:
    case = case_of()
    for kind in [NoticeKind.PROGRESS] * 7 + [NoticeKind.CORRECTION, NoticeKind.IN_PERSON, NoticeKind.DECISION]:
        Notice.objects.filter(status=NoticeStatus.PENDING).update(attempts=1)  # begun: takes up nothing more
        written(kind, case)
    Notice.objects.update(next_attempt_at=timezone.now())

    notices.send(Notice.objects.values_list("pk", flat=True))

    assert sum("有新进展" in text.body for text in sent) == notices.DAILY_LIMIT
    assert len(sent) == notices.DAILY_LIMIT + 3
    assert Notice.objects.filter(status=NoticeStatus.HELD_BACK).count() == 2


def test_forms_handed_in_and_taken_back_fill_nobodys_phone() -> None:
    """A phone is not confirmed, so it may be a stranger's: how often a form can be handed in is no limit of texts."""
    person = factories.person()
    for _ in range(notices.DAILY_LIMIT + 2):
        case = factories.submitted(person, ticked=["I01"])
        withdrawal.withdraw(case, user=person)

    notices.send(Notice.objects.values_list("pk", flat=True))

    assert [text.address for text in sent] == [person.phone] * notices.DAILY_LIMIT
    assert Notice.objects.filter(kind=NoticeKind.SUBMITTED, status=NoticeStatus.HELD_BACK).count() == 2


def test_person_is_told_the_way_they_chose() -> None:
    notices.send([written(case=case_of(email="zhao@example.com", contact_by="email")).pk])

    assert [text.address for text in sent] == ["zhao@example.com"]


def test_mailbox_that_nobody_confirmed_gets_nothing_and_the_text_goes_out() -> None:
    notices.send([written(case=case_of(email="zhao@example.com", confirmed_email="", contact_by="email")).pk])

    assert [text.address[:2] for text in sent] == ["13"]


def test_person_with_an_unconfirmed_mailbox_alone_is_left_to_a_call() -> None:
    answers["13"] = no_such_number
    case = case_of(email="zhao@example.com", confirmed_email="zhou@example.com")
    notice = written(case=case)

    notices.send([notice.pk])

    notice.refresh_from_db()
    assert (sent, notice.status) == ([], NoticeStatus.BOUNCED)


def test_number_that_does_not_exist_is_followed_by_the_mail_and_not_tried_again() -> None:
    """A21: the other way is taken, both outcomes are kept, and the next message does not go there any more."""
    answers["13"] = no_such_number
    case = case_of(email="zhao@example.com")
    notice = written(case=case)

    notices.send([notice.pk])
    notices.send([notice.pk])
    second = written(case=case)
    notices.send([second.pk])

    notice.refresh_from_db()
    assert [text.address for text in sent] == ["zhao@example.com"] * 2
    assert (notice.status, notice.channel) == (NoticeStatus.SENT, "email")
    assert [(entry["channel"], entry["detail"]) for entry in notice.given_up] == [("sms", "空号")]


def test_person_whom_nothing_reaches_is_left_to_a_call() -> None:
    """A21: the clerk sees it, and the person on their own page."""
    answers["13"] = no_such_number
    case = case_of()
    notice = written(case=case)

    notices.send([notice.pk])

    notice.refresh_from_db()
    assert (notice.status, notice.outcome) == (NoticeStatus.BOUNCED, "短信：空号")
    assert notices.undelivered(case) == notice
    assert case.applicant is not None
    assert contacts.lost(case.applicant) == [case.applicant.phone]


def test_corrected_number_is_used_again() -> None:
    answers["13"] = no_such_number
    case = case_of()
    notices.send([written(case=case).pk])
    assert case.applicant is not None
    answers.clear()

    contacts.change(case.applicant, phone=case.applicant.phone, email="", contact_by="sms")
    notices.send([written(case=Application.objects.get(pk=case.pk)).pk])

    assert len(sent) == 1
    assert not LostAddress.objects.exists()


def test_mail_that_came_back_is_followed_by_a_text() -> None:
    case = case_of(email="old@example.com", contact_by="email")
    notice = written(case=case)
    notices.send([notice.pk])

    assert [notices.bounced(str(notice.key), "邮件被退回（5.1.1）") for _ in range(2)] == [True, False]
    notices.send([notice.pk])

    notice.refresh_from_db()
    assert case.applicant is not None
    assert [text.address for text in sent] == ["old@example.com", case.applicant.phone]
    assert (notice.status, notice.channel) == (NoticeStatus.SENT, "sms")


@pytest.mark.parametrize("ending", [Ending.SENT, Ending.UNKNOWN, None], ids=["sent", "unknown", "sender died"])
def test_bounce_that_comes_before_the_sending_is_noted_is_applied_then(ending: Ending | None) -> None:
    """A21: the mail server answers within the call; neither is the bounce lost nor that address tried once more."""
    case = case_of(email="old@example.com", contact_by="email")
    notice = written(case=case)
    told: list[bool] = []

    def bounce_at_once(text: Text) -> Answer:
        told.extend(notices.bounced(text.key, "邮件被退回（5.1.1）") for _ in range(2))
        if ending is None:
            raise SystemExit
        return Answer(ending)

    answers["old@"] = bounce_at_once
    with contextlib.suppress(SystemExit):
        notices.send([notice.pk])
    answers.clear()
    Notice.objects.update(next_attempt_at=timezone.now())
    for _ in range(2):
        notices.send([notice.pk])

    notice.refresh_from_db()
    assert case.applicant is not None
    assert told == [True, False]  # the address was tried once
    assert [text.address for text in sent] == [case.applicant.phone]
    assert (notice.status, notice.channel, notice.bounce) == (NoticeStatus.SENT, "sms", "")
    assert notice.given_up[0]["detail"] == "邮件被退回（5.1.1）"
    assert notices.bounced(str(notice.key), "邮件被退回（5.1.1）") is False


def test_notice_that_fails_is_tried_again_and_given_up_at_the_cap() -> None:
    answers["13"] = no_line
    notice = written()
    for attempt in range(notices.MAX_ATTEMPTS):
        Notice.objects.update(next_attempt_at=timezone.now())
        notices.send([notice.pk])
        notice.refresh_from_db()
        expected = NoticeStatus.FAILED if attempt == notices.MAX_ATTEMPTS - 1 else NoticeStatus.PENDING
        assert (notice.status, notice.attempts) == (expected, attempt + 1)
    assert notice.outcome == "ConnectionError"
    assert not LostAddress.objects.exists()


def test_way_that_never_answers_gives_way_to_the_other() -> None:
    answers["13"] = no_line
    notice = written(case=case_of(email="zhao@example.com"))
    for _ in range(notices.MAX_ATTEMPTS + 1):
        Notice.objects.update(next_attempt_at=timezone.now())
        notices.send([notice.pk])

    assert [text.address for text in sent] == ["zhao@example.com"]


def test_way_that_hangs_is_waited_for_once_and_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mail would be waited for as long as the server's time-out, and every text to a phone stood behind them."""
    monkeypatch.setattr(notices, "STALLED_SECONDS", 0.01)
    waited = []

    def hang(text: Text) -> Answer:
        waited.append(text.address)
        time.sleep(0.02)
        raise TimeoutError

    answers["zhao"] = hang
    mails = [written(case=case_of(email=f"zhao{n}@example.com", contact_by="email")) for n in range(3)]
    phone = written()

    notices.send([*(mail.pk for mail in mails), phone.pk])

    assert (waited, len(sent)) == (["zhao0@example.com"], 1)
    assert list(Notice.objects.filter(pk__in=[mail.pk for mail in mails]).order_by("pk").values_list("attempts", "status")) == [
        (1, NoticeStatus.PENDING), (0, NoticeStatus.PENDING), (0, NoticeStatus.PENDING),
    ]  # fmt: skip
    Notice.objects.update(next_attempt_at=timezone.now())
    answers.clear()
    notices.send([mail.pk for mail in mails])
    assert len(sent) == 4


def test_gateway_that_never_comes_back_ends_its_worker_and_others_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the watchdog runs while a gateway works and no longer; the row waits meanwhile."""
    clock = []
    monkeypatch.setattr(
        faulthandler, "dump_traceback_later", lambda seconds, **how: clock.append((seconds, how["exit"]))
    )
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: clock.append("stopped"))

    def look(text: Text) -> Answer:
        clock.append("works")
        notice.refresh_from_db()
        clock.append(notice.next_attempt_at > timezone.now() + timedelta(minutes=4))
        return Answer(Ending.SENT, "ok")

    answers["13"] = look
    notice = written()
    notices.send([notice.pk])

    assert clock == [(notices.SEND_SECONDS, True), "works", True, "stopped"]
    assert settings.EMAIL_TOTAL_SECONDS < notices.SEND_SECONDS


def test_staff_without_phone_and_mail_are_never_told_on_the_applicants_phone() -> None:
    task = factories.queued_task("I01")
    factories.approver_of(task)
    (notice,) = notices.warn_heads(task)

    notices.send([notice.pk])

    notice.refresh_from_db()
    assert sent == []
    assert (notice.status, notice.outcome) == (NoticeStatus.HELD_BACK, "没有手机号和确认过的邮箱，站内可看")


def test_failing_notice_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """F6."""
    case = case_of()
    ids = [written(case=case).pk for _ in range(3)]
    text_of = notices.text_of
    monkeypatch.setattr(notices, "text_of", lambda notice: 1 / 0 if notice.pk == ids[1] else text_of(notice))

    assert notices.send(ids) == 2


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"phone": "139", "email": "", "contact_by": "sms"}, "phone"),
        ({"phone": "", "email": "zhao@", "contact_by": "email"}, "email"),
        ({"phone": "13900001111", "email": "", "contact_by": "email"}, "email"),
        ({"phone": "", "email": "zhao@example.com", "contact_by": "sms"}, "phone"),
        ({"phone": "13900001111", "email": "", "contact_by": "pigeon"}, "contact_by"),
    ],
)
def test_contact_data_that_cannot_work_are_told(values: dict[str, str], wrong: str) -> None:
    with pytest.raises(Invalid) as caught:
        contacts.change(factories.person(), **values)
    assert list(caught.value.errors) == [wrong]


def test_added_item_is_confirmed() -> None:
    application = factories.delivered(ticked=["I07"])
    draft = drafts.choose_items(drafts.start_addition(application, user=application.entered_by), ["I01"])
    draft = drafts.save(draft, answers_for(factories.as_soldier(application.entered_by)))
    factories.give_materials(draft)
    submission.submit(draft, user=application.entered_by, channel="online", promised=True, agreed=True)  # type: ignore[arg-type]

    last = Notice.objects.filter(application=application).last()
    assert last is not None
    assert (last.kind, last.details) == (NoticeKind.SUBMITTED, ["增加了退役报到"])
