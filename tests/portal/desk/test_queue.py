"""The queue: trays with counts, order, filters, pages, and many at once with an outcome for each."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from applications import querysets, review
from applications.enums import Fulfilment, TaskStatus
from applications.models import ItemTask, Result
from portal.desk import queue_presenters, views
from tests import factories
from tests.portal.desk.conftest import approver, reviewer, said, signed_in, url

QUEUE = reverse("desk:queue")


def counts(response: object) -> dict[str, int]:
    return {tab.label: tab.count for tab in response.context["tabs"]}  # type: ignore[attr-defined]


def numbers(response: object) -> list[str]:
    return [row.number for row in response.context["rows"]]  # type: ignore[attr-defined]


def test_queue_counts_every_tray_of_the_own_office() -> None:
    first, second = factories.queued_task("I04"), factories.queued_task("I04")
    review.accept(second, reviewer=factories.reviewer_of(second))

    response = reviewer(first).get(QUEUE)

    assert counts(response) == {
        "待受理": 1, "办理中": 1, "待补正": 0, "等待资金到账": 0, "待批准": 0, "待到场、特别程序": 0,
        "待发放、待送达": 0, "已超期": 0, "已办": None,
    }  # fmt: skip
    assert numbers(response) == [first.application.number]


def test_queue_shows_what_is_overdue_first() -> None:
    tasks = [factories.queued_task("I04") for _ in range(3)]
    today = timezone.localdate()
    for task, days in zip(tasks, [3, -2, 1], strict=True):
        ItemTask.objects.filter(pk=task.pk).update(next_on=today + timedelta(days=days))

    response = reviewer(tasks[0]).get(QUEUE)

    assert numbers(response) == [tasks[n].application.number for n in (1, 2, 0)]
    assert [row.is_late for row in response.context["rows"]] == [True, False, False]
    assert counts(response)["已超期"] == 1


def test_overdue_tray_holds_late_tasks_of_every_state() -> None:
    late, fine = factories.queued_task("I04"), factories.queued_task("I04")
    ItemTask.objects.filter(pk=late.pk).update(next_on=timezone.localdate() - timedelta(days=9))

    response = reviewer(fine).get(QUEUE, {"tray": "overdue"})

    assert numbers(response) == [late.application.number]


@pytest.mark.parametrize("tray", ["queued", "review", "correction", "facts", "approval", "visit", "fulfil", "overdue"])
def test_empty_tray_says_what_would_bring_something(tray: str) -> None:
    task = factories.queued_task("I04")
    ItemTask.objects.filter(pk=task.pk).update(status=TaskStatus.WITHDRAWN)

    response = reviewer(task).get(QUEUE, {"tray": tray})

    assert response.context["empty"][0] in response.content.decode()


def test_unknown_tray_shows_the_first_one() -> None:
    task = factories.queued_task("I04")

    assert reviewer(task).get(QUEUE, {"tray": "nonsense"}).context["tray"] == "queued"


def test_approver_starts_at_what_waits_for_approval() -> None:
    assert approver(factories.queued_task("I04")).get(QUEUE).context["tray"] == "approval"


def test_filter_by_item_and_by_the_end_of_the_number() -> None:
    first = factories.delivered()
    second = factories.queued_task("I01")
    client = signed_in(factories.reviewer_of(second))

    by_item = client.get(QUEUE, {"item": "I02"})
    by_number = client.get(QUEUE, {"number": second.application.number[-5:], "item": "I01"})

    assert {row.item for row in by_item.context["rows"]} == {factories.task_of(first, "I02").item.name}
    assert numbers(by_number) == [second.application.number]


def test_filter_that_finds_nothing_offers_to_clear_it() -> None:
    response = reviewer(factories.queued_task("I04")).get(QUEUE, {"number": "不存在"})

    assert numbers(response) == []
    assert f'<a href="{QUEUE}?tray=queued">清除条件</a>' in response.content.decode()


def test_queue_has_pages_of_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [factories.queued_task("I04") for _ in range(3)]
    monkeypatch.setattr(views, "PAGE_SIZE", 2)

    response = reviewer(tasks[0]).get(QUEUE, {"page": 2})

    assert len(numbers(response)) == 1
    assert views.PAGE_SIZE == 2


def test_done_page_lists_what_was_decided_newest_first() -> None:
    first, second = factories.queued_task("I04"), factories.queued_task("I04")
    for task in (first, second):
        review.do_not_accept(task, reviewer=factories.reviewer_of(task), note="户口不在本辖区")

    response = reviewer(first).get(reverse("desk:done"))

    assert numbers(response) == [second.application.number, first.application.number]


def _queries(client: object, **query: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(QUEUE, query)  # type: ignore[attr-defined]
    return len(captured)


@pytest.mark.parametrize(("tray", "item"), [("queued", "I04"), ("facts", "I08")])
def test_queue_asks_as_much_for_three_rows_as_for_one(tray: str, item: str) -> None:
    first = factories.task_of(factories.delivered(), item)
    client = reviewer(first)
    client.get(QUEUE)
    with_one = _queries(client, tray=tray)
    factories.delivered(), factories.delivered()

    with_three = _queries(client, tray=tray)

    assert len(numbers(client.get(QUEUE, {"tray": tray}))) == 3
    assert (with_one, with_three) == (13, 13)


def test_hand_over_tray_asks_as_much_for_three_rows_as_for_one() -> None:
    client = reviewer(granted("I02"))
    client.get(QUEUE)
    with_one = _queries(client, tray="fulfil")
    granted("I02"), granted("I01", Fulfilment.READY)

    with_three = _queries(client, tray="fulfil")

    assert len(numbers(client.get(QUEUE, {"tray": "fulfil"}))) == 3
    assert (with_one, with_three) == (13, 13)


def test_long_tray_is_counted_so_far_and_says_that_there_are_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (querysets, queue_presenters):
        monkeypatch.setattr(module, "COUNTED", 2)
    client = reviewer(granted())
    assert counts(client.get(QUEUE))["待发放、待送达"] == 1
    granted(), granted()

    response = client.get(QUEUE)

    assert counts(response)["待发放、待送达"] == 2
    assert '<span class="count">2+</span>' in response.content.decode()


@pytest.mark.parametrize("name", ["queue", "done"])
def test_queue_template_asks_the_database_nothing(name: str, django_assert_num_queries: object) -> None:
    task = factories.queued_task("I04")
    request = RequestFactory().get(QUEUE)
    request.user = factories.reviewer_of(task)
    request.session = {}  # type: ignore[assignment]
    request.posting = request.user.postings.select_related("office__agency", "office__region").get()  # type: ignore[attr-defined]
    response = getattr(views, name)(request)

    with django_assert_num_queries(0):  # type: ignore[operator]
        response.render()


def test_batch_accepts_the_complete_and_leaves_out_the_incomplete() -> None:
    whole, short = factories.queued_task("I04"), factories.queued_task("I04")
    dispatch = short.dispatches.get()
    dispatch.payload["materials"][0]["files"] = []
    dispatch.save()
    client = reviewer(whole)

    response = client.post(reverse("desk:batch"), {"deed": "accept", "task": [whole.pk, short.pk]}, follow=True)

    outcomes = {row["number"]: row for row in response.context["outcomes"]}
    assert outcomes[whole.application.number]["is_done"] is True
    assert outcomes[short.application.number]["words"].startswith(
        f"没有受理：还缺{dispatch.payload['materials'][0]['name']}"
    )
    whole.refresh_from_db(), short.refresh_from_db()
    assert (whole.status, short.status) == (TaskStatus.IN_REVIEW, TaskStatus.QUEUED)


def test_batch_sent_twice_says_who_was_first() -> None:
    task = factories.queued_task("I04")
    client = reviewer(task)
    client.post(reverse("desk:batch"), {"deed": "accept", "task": [task.pk]})

    response = client.post(reverse("desk:batch"), {"deed": "accept", "task": [task.pk]}, follow=True)

    (outcome,) = response.context["outcomes"]
    assert "由乌云其其格受理" in outcome["words"]
    assert task.log.filter(action="accept").count() == 1


def test_batch_confirms_money_that_has_arrived() -> None:
    """OR-08: the insurance item starts by itself once the money is there."""
    task = factories.task_of(factories.delivered(), "I08")
    client = reviewer(task)

    response = client.post(reverse("desk:batch"), {"deed": "confirm", "task": [task.pk]}, follow=True)

    task.refresh_from_db()
    assert response.context["outcomes"][0]["is_done"] is True
    assert (task.status, task.open_facts) == (TaskStatus.PENDING, [])


def granted(item: str = "I02", follows: Fulfilment = Fulfilment.NONE) -> ItemTask:
    """Decided, and the money or card not with the person yet; I02 is the money, I01 of the same office a paper."""
    task = factories.queued_task(item)
    officer = factories.reviewer_of(task)
    review.accept(task, reviewer=officer)
    return review.complete(task, reviewer=officer, follows=follows)


def test_what_is_granted_waits_in_its_tray_by_its_day_until_it_is_handed_over() -> None:
    money, sooner, paper, paid = granted(), granted(), granted("I01", Fulfilment.READY), granted()
    plain = granted("I01")
    today = timezone.localdate()
    Result.objects.filter(task=sooner).update(fulfil_by=today - timedelta(days=9))
    review.fulfil(paid, Fulfilment.PAID, staff=factories.reviewer_of(paid))

    response = reviewer(money).get(QUEUE, {"tray": "fulfil"})

    rows = response.context["rows"]
    assert numbers(response) == [task.application.number for task in (sooner, money, paper)]
    assert plain.application.number not in numbers(response)
    assert counts(response)["待发放、待送达"] == 3
    assert [(row.tag.words, row.clock.tone, row.is_late) for row in rows] == [
        ("待发放", "red", True), ("待发放", "done", False), ("待领取", "grey", False),
    ]  # fmt: skip
    assert [row.day for row in rows][2] == "没有公布日期"


def test_batch_pays_money_and_leaves_papers_to_be_handed_over_one_by_one() -> None:
    money, paper = granted(), granted("I01", Fulfilment.READY)

    response = reviewer(money).post(reverse("desk:batch"), {"deed": "pay", "task": [money.pk, paper.pk]}, follow=True)

    outcomes = {row["number"]: (row["is_done"], row["words"]) for row in response.context["outcomes"]}
    assert outcomes == {
        money.application.number: (True, "已登记发放"),
        paper.application.number: (False, "没有登记：这是证件、文书，不是钱。制好、寄出、送达请进去登记"),
    }
    stages = Result.objects.filter(task__in=[money, paper]).order_by("task_id").values_list("fulfilment", flat=True)
    assert list(stages) == [Fulfilment.PAID, Fulfilment.READY]


def test_batch_pays_once_and_never_what_is_not_decided() -> None:
    money, open_task = granted(), factories.queued_task("I02")
    client, asked = reviewer(money), {"deed": "pay", "task": [money.pk, open_task.pk]}
    client.post(reverse("desk:batch"), asked)

    response = client.post(reverse("desk:batch"), asked, follow=True)

    words = {row["number"]: row["words"] for row in response.context["outcomes"]}
    assert [row["is_done"] for row in response.context["outcomes"]] == [False, False]
    assert words[money.application.number] == "已经登记为“已发放”，没有再次登记发放"
    assert "现在是“待受理”，没有再次发放" in words[open_task.application.number]
    assert money.log.filter(action="pay").count() == 1


def test_page_of_what_is_to_hand_over_leads_to_the_next_of_its_tray() -> None:
    first, second = granted(), granted()

    page = reviewer(first).get(url("task", first))

    assert (page.context["before"], page.context["after"]) == ("", url("task", second))


# -- whose it is -------------------------------------------------------------------------------------------------------


def test_own_are_listed_and_counted_alone_and_stay_so_from_tray_to_tray() -> None:
    mine, others, nobodys = (factories.queued_task("I04") for _ in range(3))
    me, colleague = factories.reviewer_of(mine), factories.reviewer_of(others)
    review.take(mine, reviewer=me)
    review.take(others, reviewer=colleague)
    review.accept(nobodys, reviewer=me)
    client = signed_in(me)

    queued, in_review = (client.get(QUEUE, {"tray": tray, "mine": "1"}) for tray in ("queued", "review"))

    assert (numbers(queued), numbers(in_review)) == ([mine.application.number], [nobodys.application.number])
    assert (counts(queued)["待受理"], counts(queued)["办理中"], counts(queued)["待补正"]) == (1, 1, 0)
    assert {tab.url.endswith("mine=1") for tab in queued.context["tabs"]} == {True}
    assert queued.context["chips"] == [("我承办的", "?tray=queued")]
    assert counts(client.get(QUEUE))["待受理"] == 2


def test_done_can_be_ones_own() -> None:
    mine, others = granted("I01"), granted("I01")

    response = signed_in(mine.handler).get(reverse("desk:done"), {"mine": "1"})

    assert numbers(response) == [mine.application.number]
    assert others.application.number not in numbers(response)


def test_own_list_asks_as_much_for_three_rows_as_for_one() -> None:
    tasks = [factories.queued_task("I04") for _ in range(3)]
    me = factories.reviewer_of(tasks[0])
    client = signed_in(me)
    client.get(QUEUE)
    review.take(tasks[0], reviewer=me)
    with_one = _queries(client, tray="queued", mine="1")
    review.take(tasks[1], reviewer=me), review.take(tasks[2], reviewer=me)

    with_three = _queries(client, tray="queued", mine="1")

    assert len(numbers(client.get(QUEUE, {"mine": "1"}))) == 3
    assert (with_one, with_three) == (13, 13)


def test_selection_is_taken_at_once_and_what_a_colleague_has_is_left() -> None:
    free, taken, gone = (factories.queued_task("I04") for _ in range(3))
    me, colleague, left = (factories.reviewer_of(free) for _ in range(3))
    review.take(taken, reviewer=colleague)
    review.take(gone, reviewer=left)
    left.postings.update(valid_until=timezone.localdate() - timedelta(days=1))

    response = signed_in(me).post(
        reverse("desk:batch"), {"deed": "take", "task": [free.pk, taken.pk, gone.pk]}, follow=True
    )

    outcomes = {row["number"]: (row["is_done"], row["words"]) for row in response.context["outcomes"]}
    assert outcomes == {
        free.application.number: (True, "已认领，由您承办"),
        taken.application.number: (False, "由乌云其其格承办，没有认领。要您来办的，请进去认领"),
        gone.application.number: (True, "已认领，由您承办"),
    }
    handlers = ItemTask.objects.filter(pk__in=[free.pk, taken.pk, gone.pk]).values_list("pk", "handler")
    assert dict(handlers) == {free.pk: me.pk, taken.pk: colleague.pk, gone.pk: me.pk}


def test_list_stays_filtered_after_a_batch() -> None:
    task = factories.queued_task("I04")
    client = reviewer(task)
    page = client.get(QUEUE, {"tray": "queued", "item": "I04", "page": "1"}).content.decode()
    query = "tray=queued&item=I04&page=1"

    response = client.post(f"{reverse('desk:batch')}?{query}", {"deed": "take", "task": [task.pk]})

    assert f'action="{reverse("desk:batch")}?{query.replace("&", "&amp;")}"' in page
    assert response.url == f"{QUEUE}?{query}"


def test_batch_accepts_what_is_free_or_ones_own_and_leaves_a_colleagues() -> None:
    own, taken = factories.queued_task("I04"), factories.queued_task("I04")
    me, colleague = factories.reviewer_of(own), factories.reviewer_of(own)
    review.take(own, reviewer=me)
    review.take(taken, reviewer=colleague)

    response = signed_in(me).post(reverse("desk:batch"), {"deed": "accept", "task": [own.pk, taken.pk]}, follow=True)

    words = {row["number"]: row["words"] for row in response.context["outcomes"]}
    assert words[own.application.number] == "已受理"
    assert words[taken.application.number] == "由乌云其其格承办，没有受理。要您来办的，请进去受理"


def test_opened_task_is_taken_over_from_a_colleague_knowingly() -> None:
    task = factories.queued_task("I04")
    me, colleague = factories.reviewer_of(task), factories.reviewer_of(task)
    review.take(task, reviewer=colleague)
    client = signed_in(me)

    page = client.get(url("task", task)).content.decode()
    client.post(url("act", task), {"action": "take"})

    task.refresh_from_db()
    assert "现在由乌云其其格承办，认领以后由您承办" in page
    assert task.handler == me
    assert list(task.log.filter(action="take").values_list("actor", flat=True)) == [colleague.pk, me.pk]


def test_approvers_have_no_list_of_their_own() -> None:
    assert 'name="mine"' not in approver(factories.queued_task("I04")).get(QUEUE).content.decode()


@pytest.mark.parametrize("chosen", ["", "9" * 30, "9" * 5000])
def test_batch_with_nothing_chosen_says_so(chosen: str) -> None:
    client = reviewer(factories.queued_task("I04"))

    response = client.post(reverse("desk:batch"), {"deed": "accept", "task": chosen}, follow=True)

    assert said(response) == ["还没有选办件。请在左边勾选，再按按钮"]


def test_batch_leaves_tasks_of_other_offices_alone() -> None:
    own = factories.queued_task("I04")
    other = factories.task_of(own.application, "I10")

    response = reviewer(own).post(reverse("desk:batch"), {"deed": "accept", "task": [other.pk]}, follow=True)

    other.refresh_from_db()
    assert (response.context["outcomes"], other.status) == ([], TaskStatus.QUEUED)


def test_batch_outcomes_are_shown_once() -> None:
    task = factories.queued_task("I04")
    client = reviewer(task)
    client.post(reverse("desk:batch"), {"deed": "accept", "task": [task.pk]}, follow=True)

    assert client.get(QUEUE).context["outcomes"] is None


@pytest.mark.parametrize("deed", ["take", "accept", "confirm", "pay", "nonsense"])
def test_batch_is_refused_to_approvers(deed: str) -> None:
    task = factories.queued_task("I04")

    assert approver(task).post(reverse("desk:batch"), {"deed": deed, "task": [task.pk]}).status_code == 403
