"""Races on PostgreSQL with real threads: whoever comes second is told, and nothing is lost, doubled or left open."""

import threading
import time as time_module
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import GatewayKind, Role
from agencies.gateways import batch
from agencies.models import Office
from applications import (
    batches,
    corrections,
    delivery,
    drafts,
    exports,
    materials,
    pre_reviews,
    printing,
    ratings,
    review,
    submission,
    supplies,
    sweeps,
    visits,
    window_accounts,
    withdrawal,
    workflow,
)
from applications.enums import (
    Action,
    ApplicationStatus,
    Channel,
    DispatchStatus,
    ExportKind,
    Fulfilment,
    Party,
    TaskStatus,
)
from applications.errors import AlreadyDone, Refused
from applications.models import (
    Application,
    Dispatch,
    DispatchAttempt,
    Draft,
    ExchangeKey,
    ItemTask,
    Rating,
    Result,
    StatusLog,
    Visit,
)
from applications.numbering import case_number
from portal.accounts.models import User
from portal.desk import batches as desk_batches
from tests import factories
from tests.factories import exchange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("directory")]

T = TypeVar("T")


def at_once(*deeds: Callable[[], T]) -> list[T | Exception]:
    """Does all deeds in the same moment, each in a thread with a connection of its own; gives results or exceptions."""
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], T]) -> T | Exception:
        try:
            connection.ensure_connection()
            gate.wait(20)
            return deed()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def in_review(*items: str) -> list[ItemTask]:
    """Tasks of one case, all accepted, each freshly read as its reviewer's page would."""
    application = factories.delivered(ticked=list(items))
    reviewer = factories.staff("reviewer", office=application.tasks.first().office)
    for task in application.tasks.all():
        review.accept(task, reviewer=reviewer)
    return list(application.tasks.select_related("item__scheme", "application__scheme", "office"))


def test_form_submitted_twenty_times_at_once_is_one_case() -> None:
    """B1, PERFORMANCE row 19: one case, and every click gets the same receipt number."""
    draft = factories.draft()
    factories.give_materials(draft)

    answers = at_once(
        *[
            lambda: (
                submission.submit(
                    draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True
                ).number
            )
            for _ in range(20)
        ]
    )

    assert set(answers) == {Application.objects.get().number}


def test_numbers_given_at_once_are_unique_and_without_gap() -> None:
    """B11."""
    day = timezone.localdate()

    numbers = at_once(*[lambda: case_number(factories.DONGSHENG, day) for _ in range(50)])

    assert sorted(int(str(number)[-5:]) for number in numbers) == list(range(1, 51))


def test_several_workers_on_one_dispatch_deliver_it_once() -> None:
    """A15, B2: whoever comes second, by message or by ringing again, finds nothing to do and raises nothing."""
    application = factories.submitted()
    ids = list(Dispatch.objects.values_list("pk", flat=True))

    delivered = at_once(*[lambda: delivery.deliver(ids) for _ in range(6)])

    assert sum(int(str(number)) for number in delivered) == len(ids)
    assert set(Dispatch.objects.values_list("status", "attempts")) == {(DispatchStatus.DELIVERED, 1)}
    assert StatusLog.objects.filter(application=application, action=Action.DELIVER).count() == len(ids)
    assert DispatchAttempt.objects.count() == len(ids)


def test_last_two_items_completed_at_once_close_the_case() -> None:
    """A16: each office must see what the other did; the interleaving is repeated."""
    for _ in range(5):
        first, second = in_review("I01", "I04")
        reviewer = factories.reviewer_of(first)

        outcome = at_once(
            lambda task=first, who=reviewer: review.complete(task, reviewer=who, summary="准予"),
            lambda task=second, who=reviewer: review.complete(task, reviewer=who, summary="准予"),
        )

        assert [error for error in outcome if isinstance(error, Exception)] == []
        application = Application.objects.get(pk=first.application_id)
        assert (application.status, application.closed_at is None) == (ApplicationStatus.COMPLETED, False)
        assert application.documents.filter(kind="result_sheet").count() == 1


def test_second_of_two_transactions_waits_for_the_applications_lock() -> None:
    """The forced interleaving of ARCHITECTURE: one office has decided and not committed when the other begins."""
    first, second = in_review("I01", "I04")
    reviewer = factories.reviewer_of(first)
    decided, began = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            review.complete(first, reviewer=reviewer, summary="准予")
            decided.set()
            began.wait(5)

    def quick() -> None:
        decided.wait(5)
        threading.Timer(0.3, began.set).start()
        review.complete(second, reviewer=reviewer, summary="准予")

    outcome = at_once(slow, quick)

    assert outcome == [None, None]
    assert Application.objects.get(pk=first.application_id).status == ApplicationStatus.COMPLETED


def test_withdrawal_against_delivery_ends_in_one_of_both_without_deadlock() -> None:
    for _ in range(12):
        application = factories.submitted(ticked=["I01", "I04", "I05"])
        ids = list(Dispatch.objects.filter(task__application=application).values_list("pk", flat=True))

        outcome = at_once(
            lambda application=application: withdrawal.withdraw(application, user=application.entered_by),
            *[lambda ids=ids: delivery.deliver(ids) for _ in range(2)],
        )

        assert [error for error in outcome if isinstance(error, Exception)] == []
        application.refresh_from_db()
        assert application.status == ApplicationStatus.WITHDRAWN
        open_ones = Dispatch.objects.filter(task__application=application).exclude(
            status__in=[DispatchStatus.DELIVERED, DispatchStatus.CANCELLED]
        )
        assert list(open_ones) == []
        assert set(application.tasks.values_list("status", flat=True)) == {TaskStatus.WITHDRAWN}


def test_second_of_two_reviewers_is_told_who_decided_and_when() -> None:
    """B8: two contradictory decisions on one task at once; the first stands."""
    (task,) = in_review("I01")
    yes = factories.staff("reviewer", office=task.office, name="乌云其其格")
    no = factories.staff("reviewer", office=task.office, name="高建军")

    def copy() -> ItemTask:
        return ItemTask.objects.select_related("item__scheme", "application__scheme", "office").get(pk=task.pk)

    outcome: list[Any] = at_once(
        lambda: review.complete(copy(), reviewer=yes, summary="准予"),
        lambda: review.refuse(copy(), reviewer=no, note="不符合条件"),
    )

    (told,) = [answer for answer in outcome if isinstance(answer, AlreadyDone)]
    result = Result.objects.select_related("decided_by").get(task=task)
    local = timezone.localtime(result.decided_at)
    assert str(result.decided_by) in str(told)
    assert f"{local.month}月{local.day}日 {local:%H:%M}" in str(told)


def test_correction_answered_twice_at_once_is_sent_once() -> None:
    application = factories.delivered(ticked=["I04"])
    task = factories.task_of(application, "I04")
    deficit = review.Deficit(field="hukou_before", reason="请写到社区或村")
    correction = review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=[deficit])

    outcome = at_once(
        *[
            lambda answer=answer: corrections.answer(
                correction.task.application, user=application.entered_by, answers={"hukou_before": answer}
            )
            for answer in ("富民路社区", "前进路社区")
        ]
    )

    assert Counter(type(answer).__name__ for answer in outcome) == {"list": 1, "AlreadyDone": 1}
    assert list(task.dispatches.values_list("version", flat=True)) == [1, 2]
    application.refresh_from_db()
    sent = task.dispatches.get(version=2).payload["fields"]
    assert application.answers["hukou_before"] in [line["value"] for line in sent]


def test_file_taken_back_while_its_answer_is_sent_is_sent() -> None:
    """One tab sends, the other deletes: never an answer without its file."""
    application = factories.delivered(ticked=["I01"])
    task, user = factories.task_of(application, "I01"), application.entered_by
    code = task.material_codes()[0]
    deficit = review.Deficit(material=code, reason="看不清")
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=[deficit])
    file = factories.answer_file(application, code)
    locked, began = threading.Event(), threading.Event()

    def send() -> None:
        with transaction.atomic():
            workflow.lock(application.pk)
            locked.set()
            began.wait(5)
            corrections.answer(application, user=user, answers={})

    def take_back() -> None:
        locked.wait(5)
        threading.Timer(0.3, began.set).start()
        materials.remove(file)

    sent, removed = at_once(send, take_back)

    assert sent is None
    assert isinstance(removed, Refused)
    assert application.materials.get(pk=file.pk).is_sent


def test_file_given_while_the_form_is_handed_in_is_not_lost_unsaid() -> None:
    draft = factories.draft()
    factories.give_materials(draft)
    code = draft.materials.first().code
    sent, began = threading.Event(), threading.Event()

    def hand_in() -> None:
        with transaction.atomic():
            submission.submit(draft, user=draft.owner, channel=Channel.ONLINE, promised=True, agreed=True)
            sent.set()
            began.wait(5)

    def give() -> None:
        sent.wait(5)
        threading.Timer(0.3, began.set).start()
        factories.give_file(draft, code)

    outcome = at_once(hand_in, give)

    assert outcome[0] is None
    assert isinstance(outcome[1], AlreadyDone)
    assert not draft.materials.filter(application=None).exists()


def test_result_files_that_name_the_same_cases_in_another_order_do_not_block_each_other() -> None:
    tasks = [exchange.case_of()[1] for _ in range(6)]
    Office.objects.filter(pk=tasks[0].office_id).update(gateway=GatewayKind.BATCH)
    office = Office.objects.get(pk=tasks[0].office_id)
    key = ExchangeKey.issue(agency=office.agency, office=office)
    dispatches = list(Dispatch.objects.filter(task__in=tasks))

    def file(name: str, rows: list[Dispatch]) -> bytes:
        said = [{"dispatch": str(row.key), "receipt_number": "收1", "digest": row.digest} for row in rows]
        return batch.seal(said, exchange.signing_key(key), batch=name, timestamp=int(time_module.time()))

    files = file("there", dispatches), file("back", dispatches[::-1])
    for is_dry in (True, False):
        outcome = at_once(
            *[lambda content=content, dry=is_dry: batches.bring_back(office, content, dry_run=dry) for content in files]
        )
        assert [error for error in outcome if isinstance(error, Exception)] == []
        assert all(verdict.is_good for verdicts in outcome for verdict in verdicts)


def test_case_withdrawn_while_it_is_exported_is_taken_back_from_the_office() -> None:
    """Who has it in a package must be told, even if the package was not finished when the person withdrew."""
    application, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway=GatewayKind.BATCH)
    office = Office.objects.get(pk=task.office_id)
    ExchangeKey.issue(agency=office.agency, office=office)
    exported, began = threading.Event(), threading.Event()

    def export() -> int:
        with transaction.atomic():
            made = batches.export(office)
            exported.set()
            began.wait(5)
        return len(made.lines)

    def withdraw() -> None:
        exported.wait(5)
        threading.Timer(0.3, began.set).start()
        withdrawal.withdraw(application, user=application.entered_by)

    assert at_once(export, withdraw) == [1, None]
    assert list(task.dispatches.values_list("kind", "status").order_by("pk")) == [
        ("task", DispatchStatus.CANCELLED),
        ("withdrawn", DispatchStatus.PENDING),
    ]


def test_nobody_waits_for_a_package_that_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with many files takes a minute; a person who withdraws meanwhile is not held up, and it is not kept."""
    application, task = exchange.case_of()
    Office.objects.filter(pk=task.office_id).update(gateway=GatewayKind.BATCH)
    office, user = Office.objects.get(pk=task.office_id), factories.staff(Role.ADMINISTRATOR)
    ExchangeKey.issue(agency=office.agency, office=office)
    asked = exports.ask(ExportKind.BATCH, user=user, posting=user.postings.get(), office=office)
    withdrawn: list[Any] = []

    def slow_press(*_: Any, **__: Any) -> printing.Printed:
        withdrawn.extend(at_once(lambda: withdrawal.withdraw(application, user=application.entered_by)))
        return printing.Printed(b"%PDF")

    monkeypatch.setattr(printing, "print_pdf", slow_press)
    made = exports.make(asked.pk)

    assert [type(outcome).__name__ for outcome in withdrawn] == ["list"]
    assert (made.status, made.file.name, made.error) == ("requested", "", "Changed")
    assert set(task.dispatches.values_list("status", flat=True)) == {DispatchStatus.CANCELLED}


def test_two_forms_of_an_account_without_a_number_do_not_both_become_its_cases() -> None:
    """Sent at once under two people's numbers, both found the account free."""
    person = factories.person()
    other = factories.person("钱多多")
    number, foreign = person.id_no, other.id_no
    User.objects.filter(pk=other.pk).delete()
    person.id_no = ""
    person.save()
    forms = []
    for place, id_no in ((factories.DONGSHENG, number), (factories.PLACES["TJ"], foreign)):
        form = factories.draft(person, region=place)
        factories.give_materials(form)
        forms.append(drafts.save(form, {"id_no": id_no}))

    def hand_in(form: Draft) -> Any:
        return submission.submit(form, user=person, channel=Channel.ONLINE, promised=True, agreed=True)

    outcomes = at_once(*(partial(hand_in, form) for form in forms))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Application", "Invalid"]
    person.refresh_from_db()
    assert person.id_no == Application.objects.get().subject_id_no


def test_promised_paper_brought_while_the_nightly_sweep_runs_ends_nothing() -> None:
    application = factories.delivered(ticked=["I10"])
    task = factories.task_of(application, "I10")
    review.accept(task, reviewer=factories.reviewer_of(task))
    yesterday = timezone.localdate() - timedelta(days=1)
    application.tasks.update(provisional_until=yesterday, provisional_materials=["OR-31"])
    factories.answer_file(application, "OR-31")
    brought, began = threading.Event(), threading.Event()

    def bring() -> None:
        with transaction.atomic():
            supplies.supply_all(application, user=application.entered_by)
            brought.set()
            began.wait(5)

    def sweep() -> int:
        brought.wait(5)
        threading.Timer(0.3, began.set).start()
        return sweeps.lapse_promises()

    assert at_once(bring, sweep) == [None, 0]
    task.refresh_from_db()
    assert task.status == TaskStatus.IN_REVIEW


def test_notices_of_two_offices_answered_twice_at_once_go_out_once_each() -> None:
    """B1: two tabs, one press each; every office hears once."""
    application = factories.delivered(ticked=["I01", "I04"])
    tasks = [factories.task_of(application, item) for item in ("I01", "I04")]
    for task in tasks:
        deficit = review.Deficit(field="mobile", reason="打不通")
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=[deficit])

    outcome = at_once(
        *[
            lambda answer=answer: corrections.answer(
                application, user=application.entered_by, answers={"mobile": answer}
            )
            for answer in ("13900001111", "13900002222")
        ]
    )

    assert Counter(type(answer).__name__ for answer in outcome) == {"list": 1, "AlreadyDone": 1}
    assert [list(task.dispatches.values_list("version", flat=True)) for task in tasks] == [[1, 2], [1, 2]]
    sent = {
        line["value"]
        for task in tasks
        for line in task.dispatches.get(version=2).payload["fields"]
        if line.get("field") == "mobile"
    }
    application.refresh_from_db()
    assert sent == {application.answers["mobile"]}


def test_status_of_the_case_always_follows_from_its_tasks_after_five_offices_act_at_once() -> None:
    """Five agencies answer in the same moment: completions and a refusal; the case closes exactly once."""
    application = factories.delivered(ticked=["I01", "I04", "I07", "I10"])
    tasks = list(application.tasks.select_related("item__scheme", "application__scheme", "office"))
    reviewer = factories.reviewer_of(tasks[0])
    for task in tasks:
        review.accept(task, reviewer=reviewer)

    outcome = at_once(
        lambda: review.refuse(tasks[0], reviewer=reviewer, note="不符合条件"),
        *[lambda task=task: review.complete(task, reviewer=reviewer, summary="准予") for task in tasks[1:]],
    )

    assert [error for error in outcome if isinstance(error, Exception)] == []
    application.refresh_from_db()
    assert application.status == workflow.overall(application.tasks.values_list("status", flat=True))
    assert application.status == ApplicationStatus.PARTLY_COMPLETED
    assert application.documents.filter(kind="result_sheet").count() == 1


def test_pre_review_passed_and_given_back_at_once_is_one_of_both() -> None:
    """B8: the second is told who was first."""
    for _ in range(6):
        case = factories.submitted(region=factories.NANGANG, ticked=["I01", "I07"])
        found = case.pre_reviews.select_related("office").get()
        one, other = (factories.staff("reviewer", office=found.office, name=name) for name in ("白音", "高建军"))
        deficit = review.Deficit("请写到门牌号", field="contact_addr")

        outcome: list[Any] = at_once(
            lambda found=found, one=one: pre_reviews.pass_on(found, staff=one),
            lambda found=found, other=other, deficit=deficit: pre_reviews.give_back(
                found, staff=other, deficits=[deficit]
            ),
        )

        (told,) = [answer for answer in outcome if isinstance(answer, Exception)]
        found.refresh_from_db()
        assert isinstance(told, AlreadyDone)
        assert str(found.decided_by) in str(told)
        expected = TaskStatus.PENDING if found.is_passed else TaskStatus.PRE_RETURNED
        assert set(case.tasks.values_list("status", flat=True)) == {expected}
        assert Dispatch.objects.filter(task__application=case).count() == (2 if found.is_passed else 0)


def test_form_given_back_sent_twice_and_withdrawn_at_once_ends_in_one_state() -> None:
    for _ in range(6):
        case = factories.submitted(region=factories.NANGANG, ticked=["I01", "I07"])
        found = case.pre_reviews.select_related("office").get()
        staff = factories.staff("reviewer", office=found.office)
        pre_reviews.give_back(found, staff=staff, deficits=[review.Deficit("请写到门牌号", field="contact_addr")])
        draft, user = found.draft, case.entered_by
        assert draft is not None

        def send(draft: Draft = draft, user: User = user) -> Application:
            return submission.submit(draft, user=user, channel=Channel.ONLINE, promised=True, agreed=True)

        outcome: list[Any] = at_once(send, send, lambda case=case, user=user: withdrawal.withdraw(case, user=user))

        case.refresh_from_db()
        errors = [answer for answer in outcome if isinstance(answer, Exception)]
        assert [error for error in errors if not isinstance(error, Refused)] == []
        assert set(case.tasks.values_list("status", flat=True)) == {TaskStatus.WITHDRAWN}
        assert case.pre_reviews.count() in (1, 2)
        assert Application.objects.filter(pk=case.pk).count() == 1


def test_card_handed_over_at_desk_and_window_at_once_is_written_once() -> None:
    """F5."""
    (task,) = in_review("I01")
    reviewer = factories.staff("reviewer", office=task.office)
    review.complete(task, reviewer=reviewer, follows=Fulfilment.READY)

    def hand_over(name: str) -> Result:
        copy = ItemTask.objects.select_related("item__scheme", "application__scheme", "office").get(pk=task.pk)
        return review.fulfil(copy, Fulfilment.DELIVERED, staff=reviewer, receiver=name)

    outcome: list[Any] = at_once(*[lambda name=name: hand_over(name) for name in ("赵建国", "赵明远")])

    (told,) = [answer for answer in outcome if isinstance(answer, Exception)]
    assert isinstance(told, AlreadyDone)
    assert task.log.filter(action=Action.HAND_OVER).count() == 1
    assert Result.objects.get(task=task).receiver in ("赵建国", "赵明远")


def test_money_paid_by_two_officers_at_once_is_written_once() -> None:
    """F5: two lists with the same row, both sent."""
    (task,) = in_review("I02")
    first, second = (factories.staff("reviewer", office=task.office, name=name) for name in ("甲", "乙"))
    review.complete(task, reviewer=first)

    def pay(officer: User) -> list[desk_batches.Outcome]:
        return desk_batches.pay(
            ItemTask.objects.for_desk(task.office), reviewer=officer, posting=officer.postings.get()
        )  # fmt: skip

    outcomes: list[Any] = at_once(lambda: pay(first), lambda: pay(second))

    assert sorted(row.words for rows in outcomes for row in rows) == [
        "已登记发放", "已经登记为“已发放”，没有再次登记发放",
    ]  # fmt: skip
    assert task.log.filter(action=Action.PAY).count() == 1


def test_task_taken_by_two_officers_at_once_is_the_first_ones() -> None:
    """LESSONS 3.1, 17: two people must not collide."""
    task = factories.task_of(factories.delivered(ticked=["I01"]), "I01")
    officers = [factories.staff("reviewer", office=task.office, name=name) for name in ("甲", "乙")]

    def take(officer: User) -> list[desk_batches.Outcome]:
        tasks = ItemTask.objects.for_desk(task.office)
        return desk_batches.take(tasks, reviewer=officer, posting=officer.postings.get())

    outcomes: list[Any] = at_once(*[lambda officer=officer: take(officer) for officer in officers])

    task.refresh_from_db()
    (row,) = task.log.filter(action=Action.TAKE)
    assert row.actor == task.handler
    assert sorted(row.words for rows in outcomes for row in rows) == [
        "已认领，由您承办", f"由{task.handler}承办，没有认领。要您来办的，请进去认领",
    ]  # fmt: skip


def test_last_time_offered_taken_and_called_off_at_once_agrees_with_the_log() -> None:
    (task,) = in_review("I01")
    reviewer, user = factories.staff("reviewer", office=task.office), task.application.entered_by
    day = calendar_now().add(timezone.localdate(), 2)
    slot = timezone.make_aware(datetime.combine(day, time(9)))
    later = timezone.make_aware(datetime.combine(day, time(15)))
    visits.call_in(task, reviewer=reviewer, note="签字", slots=[slot, later])

    def copy() -> ItemTask:
        return ItemTask.objects.select_related("item__scheme", "application__scheme", "office").get(pk=task.pk)

    at_once(
        lambda: visits.book(copy(), slot, user=user, party=Party.APPLICANT),
        lambda: visits.offer_times(copy(), reviewer=reviewer, slots=[later]),
    )

    last = task.log.order_by("id").last()
    assert last is not None
    taken = slot if last.action == Action.BOOK_TIME else later
    assert Visit.objects.get(task=task).chosen_at == taken


def test_two_people_for_the_last_place_of_a_time_are_one_and_one_told() -> None:
    morning = timezone.make_aware(datetime.combine(calendar_now().add(timezone.localdate(), 3), time(9)))
    for _ in range(6):
        tasks = []
        for _ in range(2):
            task = factories.queued_task("I04")
            Office.objects.filter(pk=task.office_id).update(visit_places=1)
            task = review.accept(ItemTask.objects.get(pk=task.pk), reviewer=factories.reviewer_of(task))
            visits.call_in(
                task, reviewer=factories.reviewer_of(task), note="签字", slots=[morning, morning + timedelta(hours=2)]
            )
            tasks.append(task)

        outcome: list[Any] = at_once(
            *[
                lambda task=task: visits.book(task, morning, user=task.application.applicant, party=Party.APPLICANT)
                for task in tasks
            ]
        )

        (told,) = [answer for answer in outcome if isinstance(answer, Exception)]
        assert "刚刚约满" in str(told)
        assert Visit.objects.filter(chosen_at=morning, came_at=None).count() == 1
        Visit.objects.update(came_at=timezone.now())


@pytest.mark.parametrize("has_case", [True, False])
def test_two_windows_at_once_open_one_account_and_give_one_password(has_case: bool) -> None:
    clerk, asked_at = factories.clerk(), timezone.now()
    draft = factories.typed_at_window(clerk, ["I01"])
    visitor = window_accounts.Visitor(draft.answers["name"], draft.answers["id_no"])
    if has_case:
        submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)

    answers = at_once(
        *[lambda: window_accounts.give(visitor, clerk=clerk, has_seen_card=True, asked_at=asked_at) for _ in range(6)]
    )

    (given,) = [answer for answer in answers if isinstance(answer, window_accounts.Given)]
    assert Counter(type(answer) for answer in answers)[AlreadyDone] == 5
    user = User.objects.get(id_no=visitor.id_no)
    assert user.check_password(given.password)
    assert Application.objects.for_applicant(user).count() == has_case


def test_rating_sent_twice_at_once_is_one_row() -> None:
    task = in_review("I01")[0]
    review.complete(task, reviewer=factories.reviewer_of(task))
    case = Application.objects.get(pk=task.application_id)
    user = case.entered_by

    said = at_once(*[lambda: ratings.rate(case, user=user, grade=1, reasons=["speed"]) for _ in range(4)])

    assert [type(answer) for answer in said if not isinstance(answer, Rating)] == [AlreadyDone] * 3
    assert Rating.objects.count() == 1


def test_rating_added_to_twice_at_once_has_one_addition() -> None:
    task = in_review("I01")[0]
    review.complete(task, reviewer=factories.reviewer_of(task))
    case = Application.objects.get(pk=task.application_id)
    user = case.entered_by
    ratings.rate(case, user=user, grade=5)

    said = at_once(*[lambda: ratings.rate(case, user=user, grade=4, is_addition=True) for _ in range(3)])

    assert [type(answer) for answer in said if not isinstance(answer, Rating)] == [AlreadyDone] * 2
    assert Rating.objects.count() == 2
