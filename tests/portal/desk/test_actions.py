"""Every decision through its page, once and a second time: the second click is told who was first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.deadlines import calendar_now
from applications import review, visits
from applications.enums import Action, Fulfilment, Party, TaskStatus
from applications.models import ItemTask, Visit
from applications.papers.words import REMEDY
from applications.transitions import TRANSITIONS
from portal.desk.deeds import panel
from portal.web.deficits import MATERIAL_REASONS
from tests import factories
from tests.portal.desk.conftest import (
    approver,
    change_item,
    change_material,
    file_of,
    reviewer,
    said,
    see_all,
    signed_in,
    url,
)

Stage = Callable[[], ItemTask]


def fresh(task: ItemTask) -> ItemTask:
    return ItemTask.objects.select_related("application__scheme", "item", "office__agency").get(pk=task.pk)


def queued() -> ItemTask:
    task = factories.queued_task("I04")
    see_all(task)
    return task


def accepted() -> ItemTask:
    task = queued()
    return fresh(review.accept(task, reviewer=factories.reviewer_of(task)))


def called_in() -> ItemTask:
    task = accepted()
    return fresh(visits.call_in(task, reviewer=factories.reviewer_of(task), note="来采指纹"))


def suspended() -> ItemTask:
    task = accepted()
    return fresh(review.suspend(task, approver=factories.approver_of(task), note="鉴定", days=5))


def two_steps() -> ItemTask:
    task = accepted()
    change_item(task, two_steps=True)
    return fresh(task)


def proposed() -> ItemTask:
    task = two_steps()
    return fresh(review.propose(task, reviewer=factories.reviewer_of(task), note="建议办结"))


def waiting_for_money() -> ItemTask:
    return factories.task_of(factories.delivered(), "I08")


def to_be_paid() -> ItemTask:
    task = factories.queued_task("I02")
    review.accept(task, reviewer=factories.reviewer_of(task))
    return fresh(review.complete(fresh(task), reviewer=factories.reviewer_of(task)))


def done() -> ItemTask:
    task = accepted()
    return fresh(review.complete(task, reviewer=factories.reviewer_of(task)))


def in_production() -> ItemTask:
    task = accepted()
    return fresh(review.complete(task, reviewer=factories.reviewer_of(task), follows=Fulfilment.IN_PRODUCTION))


def missed() -> ItemTask:
    """The time agreed has passed, and nobody came."""
    task = called_in()
    Visit.objects.update(chosen_at=timezone.now() - timedelta(hours=1))
    return fresh(task)


def next_morning(_: ItemTask) -> str:
    """Half past nine of the next working day but one."""
    return f"{calendar_now().add(timezone.localdate(), 2):%Y-%m-%d}T09:30"


def lacking_a_minor_paper() -> ItemTask:
    task = queued()
    dispatch = task.dispatches.get()
    dispatch.payload["materials"][0]["files"] = []
    dispatch.save()
    change_material(task, dispatch.payload["materials"][0]["code"], deferrable=True)
    return fresh(task)


def in_ten_days(_: ItemTask) -> str:
    return (timezone.localdate() + timedelta(days=10)).isoformat()


@dataclass(frozen=True)
class Case:
    stage: Stage
    status: TaskStatus
    data: dict[str, Any] = field(default_factory=dict)
    party: Party = Party.REVIEWER


CASES: dict[Action, Case] = {
    Action.CONFIRM_FACT: Case(waiting_for_money, TaskStatus.PENDING, {"fact": lambda task: task.open_facts[0]}),
    Action.TAKE: Case(queued, TaskStatus.QUEUED),
    Action.ACCEPT: Case(queued, TaskStatus.IN_REVIEW),
    Action.ACCEPT_PROVISIONALLY: Case(
        lacking_a_minor_paper,
        TaskStatus.IN_REVIEW,
        {
            "materials": lambda task: [task.dispatches.get().payload["materials"][0]["code"]],
            "until": in_ten_days,
            "note": "原件下周补交",
        },
    ),
    Action.COMPLETE: Case(accepted, TaskStatus.COMPLETED, {"reference": "户字1号", "summary": "户口已恢复"}),
    Action.REQUEST_CORRECTION: Case(queued, TaskStatus.AWAITING_CORRECTION, {"field-native": "没有写到旗县"}),
    Action.CALL_IN: Case(accepted, TaskStatus.AWAITING_VISIT, {"note": "来采指纹", "place": "户籍大厅"}),
    Action.RECORD_VISIT: Case(called_in, TaskStatus.IN_REVIEW),
    Action.SUSPEND: Case(accepted, TaskStatus.SUSPENDED, {"note": "鉴定", "days": "5"}, Party.APPROVER),
    Action.RESUME: Case(suspended, TaskStatus.IN_REVIEW, {}, Party.APPROVER),
    Action.EXTEND: Case(accepted, TaskStatus.IN_REVIEW, {"note": "案情复杂", "days": "5"}, Party.APPROVER),
    Action.PROPOSE: Case(two_steps, TaskStatus.AWAITING_APPROVAL, {"note": "建议办结"}),
    Action.SEND_BACK: Case(proposed, TaskStatus.IN_REVIEW, {"note": "补查档案"}, Party.APPROVER),
    Action.APPROVE: Case(proposed, TaskStatus.COMPLETED, {}, Party.APPROVER),
    Action.APPROVE_REFUSAL: Case(
        proposed, TaskStatus.REFUSED, {"note": "不符合条件", "remedy": REMEDY}, Party.APPROVER
    ),
    Action.DO_NOT_ACCEPT: Case(queued, TaskStatus.NOT_ACCEPTED, {"note": "户口不在本辖区", "remedy": REMEDY}),
    Action.REFUSE: Case(accepted, TaskStatus.REFUSED, {"note": "不符合条件", "remedy": REMEDY}),
    Action.OFFER_TIMES: Case(called_in, TaskStatus.AWAITING_VISIT, {"slot1": next_morning}),
    Action.RECORD_NO_SHOW: Case(missed, TaskStatus.AWAITING_VISIT),
    Action.PAY: Case(to_be_paid, TaskStatus.COMPLETED),
    Action.PRODUCE: Case(done, TaskStatus.COMPLETED),
    Action.MAKE_READY: Case(in_production, TaskStatus.COMPLETED),
    Action.MAIL: Case(in_production, TaskStatus.COMPLETED, {"courier": "邮政 1234"}),
    Action.HAND_OVER: Case(in_production, TaskStatus.COMPLETED, {"receiver": "赵明远"}),
    Action.TERMINATE: Case(queued, TaskStatus.TERMINATED, {"note": "申请人死亡"}),
    Action.TRANSFER: Case(
        queued, TaskStatus.PENDING, {"to_region": lambda t: review.transfer_targets(t)[0].region_id, "note": "辖区不对"}
    ),
}


def sent(task: ItemTask, action: Action, case: Case) -> dict[str, Any]:
    """The form as the panel and then the page that asks again send it."""
    values = {f"{action.value}-{name}": value(task) if callable(value) else value for name, value in case.data.items()}
    return {"action": action.value, "sure": "1", **values}


def test_every_deed_of_an_office_has_a_form() -> None:
    office = {Party.REVIEWER, Party.APPROVER}
    deeds = {action for action, row in TRANSITIONS.items() if row.parties & office}

    # A pre-review is about a whole form, not about an item; it has pages of its own.
    assert set(panel.BY_ACTION) == set(CASES) == deeds - {Action.PRE_PASS, Action.PRE_RETURN}


@pytest.mark.parametrize("action", CASES)
def test_decision_is_offered_done_once_and_answered_kindly_twice(action: Action) -> None:
    case = CASES[action]
    task = case.stage()
    client = (approver if case.party == Party.APPROVER else reviewer)(task)
    data = sent(task, action, case)
    page = client.get(url("task", task))
    offered = [deed.action for deed in [*page.context["deeds"], *page.context["rare_deeds"]]]

    first = client.post(url("act", task), data, follow=True)
    log = task.log.filter(action=action).count()
    second = client.post(url("act", task), data, follow=True)

    task.refresh_from_db()
    assert action in offered
    assert (task.status, log) == (case.status, 1)
    assert task.log.filter(action=action).count() == 1
    assert [len(said(first)), len(said(second))] == [1, 1]
    assert [message.level_tag for message in first.context["messages"]] == ["success"]
    assert [message.level_tag for message in second.context["messages"]] in (["warning"], ["error"])
    assert (first.status_code, second.status_code) == (200, 200)


@pytest.mark.parametrize("action", CASES)
def test_decision_is_refused_to_the_other_party(action: Action) -> None:
    case = CASES[action]
    task = case.stage()
    parties = TRANSITIONS[action].parties
    if {Party.REVIEWER, Party.APPROVER} <= parties:
        others = [signed_in(factories.clerk())]
    else:
        others = [reviewer(task) if case.party == Party.APPROVER else approver(task)]
    before = task.status

    codes = [client.post(url("act", task), sent(task, action, case)).status_code for client in others]

    task.refresh_from_db()
    assert codes in ([403], [404])
    assert task.status == before


def test_colleagues_earlier_decision_is_told_with_name_and_time() -> None:
    task = queued()
    client = reviewer(task)
    review.do_not_accept(
        fresh(task), reviewer=factories.staff("reviewer", office=task.office, name="白音"), note="户口不在本辖区"
    )

    response = client.post(url("act", task), {"action": "accept"}, follow=True)

    (message,) = said(response)
    assert "由白音不予受理" in message
    assert "没有再次受理" in message


def test_nothing_chosen_asks_to_choose() -> None:
    task = queued()

    assert said(reviewer(task).post(url("act", task), {}, follow=True)) == ["请先选一个决定，再按按钮"]
    assert said(reviewer(task).post(url("act", task), {"action": "release"}, follow=True)) == [
        "请先选一个决定，再按按钮"
    ]


def test_refusal_asks_again_and_going_back_keeps_the_words() -> None:
    task = accepted()
    client = reviewer(task)
    data = {"action": "refuse", "refuse-note": "档案里没有入伍记录", "refuse-remedy": REMEDY}

    asked = client.post(url("act", task), data)
    back = client.post(url("act", task), {**data, "back": "1"})

    task.refresh_from_db()
    assert [template.name for template in asked.templates][0] == "desk/confirm.html"
    assert "档案里没有入伍记录" in back.content.decode()
    assert task.status == TaskStatus.IN_REVIEW


def test_refusal_without_reason_is_sent_back_with_the_error_at_its_field() -> None:
    task = accepted()

    response = reviewer(task).post(url("act", task), {"action": "refuse", "refuse-remedy": "可以复议"})

    assert response.context["bound"].errors == {"note": ["请写明不予办理的理由"]}
    assert "可以复议" in response.content.decode()


def test_correction_waits_until_every_file_was_seen() -> None:
    task = factories.queued_task("I04")
    data = {"action": "request_correction", "request_correction-field-native": "没有写到旗县"}

    response = reviewer(task).post(url("act", task), data)

    files = len(task.material_codes())
    assert response.context["bound"].non_field_errors() == [f"还有 {files} 份材料没看，看完才能发出告知"]
    assert "没有写到旗县" in response.content.decode()


def test_correction_cannot_be_sent_empty() -> None:
    task = queued()

    response = reviewer(task).post(url("act", task), {"action": "request_correction", "sure": "1"})

    assert response.context["bound"].non_field_errors() == ["请至少写明一处要补正的材料或内容"]


def test_correction_names_every_deficit_in_one_notice() -> None:
    """DOMAIN.md 3.3: told once and completely; the preview is what the notice will say."""
    task = queued()
    code = file_of(task).code
    data = {
        "action": "request_correction",
        f"request_correction-pick-{code}": MATERIAL_REASONS[1],
        f"request_correction-words-{code}": "印章压住日期",
        "request_correction-field-native": "没有写到旗县",
    }
    client = reviewer(task)

    preview = client.post(url("act", task), data).content.decode()
    client.post(url("act", task), {**data, "sure": "1"})

    lines = {line.material or line.field: line.reason for line in task.corrections.get().lines.all()}
    assert lines == {code: f"{MATERIAL_REASONS[1]}：印章压住日期", "native": "没有写到旗县"}
    assert "印章压住日期" in preview


def test_finding_about_a_file_is_carried_into_the_correction() -> None:
    task = queued()
    client = reviewer(task)
    file = file_of(task)
    client.post(url("verdict", task, file.pk), {"verdict": "unreadable", "note": "印章压住日期"})

    page = client.get(url("task", task))

    form = next(deed for deed in page.context["deeds"] if deed.action == Action.REQUEST_CORRECTION)
    assert form[f"words-{file.code}"].value() == "看不清：印章压住日期"
    assert [row.is_noted for row in form.material_rows].count(True) == 1


def test_provisional_acceptance_later_than_the_limit_is_refused_at_its_field() -> None:
    task = lacking_a_minor_paper()
    data = sent(task, Action.ACCEPT_PROVISIONALLY, CASES[Action.ACCEPT_PROVISIONALLY])
    data["accept_provisionally-until"] = (timezone.localdate() + timedelta(days=200)).isoformat()

    response = reviewer(task).post(url("act", task), data)

    task.refresh_from_db()
    assert response.context["bound"].errors == {"until": ["补交日期不能晚于承诺办结的日期"]}
    assert task.status == TaskStatus.QUEUED


def test_handler_is_told_that_somebody_else_must_extend() -> None:
    task = queued()
    user = factories.approver_of(task)
    review.accept(task, reviewer=user)

    page = signed_in(user).get(url("task", task))

    form = next(deed for deed in page.context["deeds"] if deed.action == Action.EXTEND)
    assert form.blocked == "您是承办人，请由其他负责人批准延期"


def test_two_step_item_offers_no_single_decision() -> None:
    task = two_steps()

    page = reviewer(task).get(url("task", task))

    offered = {deed.action for deed in page.context["deeds"]}
    assert offered.isdisjoint({Action.COMPLETE, Action.REFUSE})
    assert Action.PROPOSE in offered


def test_decided_task_offers_only_what_can_follow() -> None:
    """A card that nobody mentioned with the decision can still be made, folded away; nothing is left to decide."""
    task = accepted()
    review.complete(task, reviewer=factories.reviewer_of(task), reference="户字1号")

    page = reviewer(task).get(url("task", task))

    assert page.context["deeds"] == []
    assert {deed.action for deed in page.context["rare_deeds"]} == {
        Action.PRODUCE, Action.MAKE_READY, Action.MAIL, Action.HAND_OVER,
    }  # fmt: skip
    assert ("结果文号", "户字1号") in page.context["task"].result


def test_who_proposed_is_told_at_the_approval_that_somebody_else_decides() -> None:
    task = fresh(two_steps())
    both = factories.approver_of(task)
    review.propose(task, reviewer=both, note="材料齐全")

    deed = next(
        deed for deed in signed_in(both).get(url("task", task)).context["deeds"] if deed.action == Action.APPROVE
    )

    assert deed.blocked == "这一件是您报请批准的，要由其他批准人员决定"
