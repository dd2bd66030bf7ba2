"""The cases of the demo: one short story per state, told through the services with dates of recent weeks.

Which items play in a story follows from the scheme (one that waits for a fact, one that needs the person there, one that
pays later), so that no region is named here.
"""

import io
from collections.abc import Callable
from datetime import timedelta

from agencies.enums import Role
from agencies.spec import ItemSpec
from applications import (
    amendments,
    delivery,
    drafts,
    materials,
    operations,
    ratings,
    review,
    submission,
    supplies,
    visits,
    withdrawal,
)
from applications.demo import picture, soldier
from applications.enums import Channel, Fulfilment, Outcome, Party, Satisfaction, TaskStatus
from applications.management.demo_stage import Stage
from applications.models import Dispatch, ItemTask


def in_the_middle(stage: Stage) -> None:
    """The showcase: every item asked for, each in another state."""
    cast = stage.cast
    case = stage.delivered(cast.all, 16, move_balance="yes")
    stage.completed(case, cast.plain[0], 15, 14, "已登记报到")
    if cast.paid:
        stage.completed(case, cast.paid, 14, 9, "符合领取条件")
    for item in cast.before_visit:
        stage.accepted(case, item, 13)
    stage.accept_rest(case, 13)
    stage.correction(stage.task(case, cast.plain[-1]), 2)


def just_sent(stage: Stage) -> None:
    stage.submitted(stage.cast.all[:4], 0)


def at_the_window(stage: Stage) -> None:
    """Brought by an agent; a day later the clerk puts the phone number right."""
    agent = soldier("王芳", 9001)
    case = stage.delivered(
        stage.cast.all[:3], 2, at_window=True, agent_name=agent.name, agent_relation="配偶", agent_id=agent.id_no,
        agent_tel=agent.phone, agent_authority="letter",
    )  # fmt: skip
    amendments.amend(case, user=stage.place.clerk, answers={"mobile": agent.phone}, at=stage.at(1))
    stage.deliver(case, 1)


def nearly_due(stage: Stage) -> None:
    """Taken out of the list by its officer first, then accepted."""
    ago = stage.days_before_due(1)
    case = stage.delivered(stage.cast.plain[:1], ago)
    task = stage.task(case, stage.cast.plain[0])
    review.take(task, reviewer=stage.reviewer(task), at=stage.at(ago))
    stage.accepted(case, stage.cast.plain[0], ago)


def overdue(stage: Stage) -> None:
    ago = stage.days_before_due(-3)
    stage.accepted(stage.delivered(stage.cast.plain[:1], ago), stage.cast.plain[0], ago)


def unanswered(stage: Stage) -> None:
    """Sent more than a week ago, and the office has not said yet whether it accepts."""
    stage.delivered(stage.cast.plain[-1:], 11)


def corrected_once(stage: Stage) -> None:
    """The answer is back with the office, which has not looked at it yet."""
    case = stage.delivered(stage.cast.plain[:2], 9)
    stage.accepted(case, stage.cast.plain[1], 8)
    task = stage.task(case, stage.cast.plain[0])
    stage.correction(task, 7)
    stage.answered(task, 1)
    stage.deliver(case, 1)


def corrected_twice(stage: Stage) -> None:
    case = stage.delivered(stage.cast.plain[:1], 12)
    task = stage.task(case, stage.cast.plain[0])
    stage.correction(task, 10)
    stage.answered(task, 6)
    stage.deliver(case, 6)
    stage.correction(stage.task(case, stage.cast.plain[0]), 3, "照片缺了右边一角。请整张重拍")


def called_in(stage: Stage) -> None:
    cast = stage.cast
    case = stage.delivered([*cast.plain[:1], *cast.before_visit, cast.visiting], 18)
    for item in [*cast.plain[:1], *cast.before_visit]:
        stage.completed(case, item, 17, 10)
    stage.deliver(case, 10)
    task = stage.accepted(case, cast.visiting, 8)
    reviewer, note = stage.reviewer(task), "采集指纹和人脸"
    visits.call_in(task, reviewer=reviewer, note=note, slots=[stage.hour(4, 9), stage.hour(4, 15)], bring="居民身份证原件",
                   at=stage.at(7))  # fmt: skip
    visits.book(task, stage.hour(4, 9), user=case.entered_by, party=Party.APPLICANT, at=stage.at(6))
    visits.record_no_show(task, staff=reviewer, at=stage.at(3))
    visits.offer_times(task, reviewer=reviewer, slots=[stage.hour(-2, 9), stage.hour(-2, 15)], at=stage.at(3))
    visits.ask_other_time(task, user=case.entered_by, party=Party.APPLICANT, wish="下周一到周三上午", at=stage.at(2))
    visits.offer_times(task, reviewer=reviewer, slots=[stage.hour(-3, 9), stage.hour(-4, 9)], at=stage.at(1))


def seen_in_person(stage: Stage) -> None:
    cast = stage.cast
    case = stage.delivered([*cast.plain[:1], *cast.before_visit, cast.visiting], 22)
    for item in [*cast.plain[:1], *cast.before_visit]:
        stage.completed(case, item, 21, 15)
    stage.deliver(case, 15)
    task = stage.accepted(case, cast.visiting, 14)
    reviewer = stage.reviewer(task)
    visits.call_in(task, reviewer=reviewer, note="请本人到场采集指纹和人脸", at=stage.at(12))
    visits.record_visit(task, staff=stage.place.clerk, party=Party.CLERK, at=stage.at(5))


def suspended(stage: Stage) -> None:
    case = stage.delivered(stage.cast.plain[:1], 14)
    task = stage.accepted(case, stage.cast.plain[0], 13)
    note = "需要向原部队核实档案"
    review.suspend(task, approver=stage.approver(task), note=note, days=10, at=stage.at(6))


def resumed(stage: Stage) -> None:
    case = stage.delivered(stage.cast.plain[:1], 24)
    task = stage.accepted(case, stage.cast.plain[0], 23)
    note = "需要向原部队核实档案"
    review.suspend(task, approver=stage.approver(task), note=note, days=10, at=stage.at(20))
    review.resume(task, staff=stage.reviewer(task), at=stage.at(9))


def extended(stage: Stage) -> None:
    ago = stage.days_before_due(3)
    task = stage.accepted(stage.delivered(stage.cast.plain[:1], ago), stage.cast.plain[0], ago)
    review.extend(task, approver=stage.approver(task), days=10, note="档案要向外地调取", at=stage.at(1))


def refused_and_held(stage: Stage) -> None:
    """A refusal stops nothing but what depended on it."""
    cast = stage.cast
    case = stage.delivered([*cast.plain[:1], *cast.before_visit, cast.visiting], 15)
    stage.completed(case, cast.plain[0], 14, 10)
    stage.deliver(case, 10)
    task = stage.accepted(case, cast.before_visit[-1], 9)
    review.refuse(
        task,
        reviewer=stage.reviewer(task),
        note="拟迁入的地址不在本辖区",
        remedy="可以向同级人民政府申请行政复议，或向人民法院提起行政诉讼",
        at=stage.at(3),
    )


def not_accepted(stage: Stage) -> None:
    case = stage.delivered(stage.cast.plain[-1:], 8)
    task = stage.task(case, stage.cast.plain[-1])
    note = "您已在用人单位参加职工保险，不属于本事项"
    review.do_not_accept(task, reviewer=stage.reviewer(task), note=note, remedy="由用人单位办理", at=stage.at(6))


def withdrawn(stage: Stage) -> None:
    case = stage.delivered(stage.cast.plain[:2], 6)
    withdrawal.withdraw(case, user=case.entered_by, note="想先回原籍再办", at=stage.at(5))


def terminated(stage: Stage) -> None:
    case = stage.delivered(stage.cast.plain[:1], 35)
    task = stage.task(case, stage.cast.plain[0])
    stage.correction(task, 33)
    review.terminate(task, reviewer=stage.reviewer(task), note="申请人来电说明不再办理，逾期没有补正", at=stage.at(4))


def transferred(stage: Stage) -> None:
    """To the same agency of the neighbouring place that is open too."""
    case = stage.delivered(stage.cast.plain[:1], 5)
    task = stage.task(case, stage.cast.plain[0])
    offices = task.office.agency.offices.filter(is_active=True, region__parent=task.office.region.parent_id)
    other = offices.exclude(pk=task.office_id).order_by("region").first()
    if other is not None:
        note = "实际落户地在那里"
        review.transfer(task, reviewer=stage.reviewer(task), to_region=other.region_id, note=note, at=stage.at(4))
        stage.deliver(case, 4)


def funds_arrived(stage: Stage) -> None:
    case = stage.delivered([*stage.cast.plain, *stage.cast.funded], 20, move_balance="yes")
    task = stage.task(case, stage.cast.funded[0])
    for fact in list(task.open_facts):
        review.confirm_fact(task, fact, reviewer=stage.reviewer(task), at=stage.at(7))
    stage.deliver(case, 7)
    stage.accept_rest(case, 6)


def paid(stage: Stage) -> None:
    if stage.cast.paid:
        case = stage.delivered([stage.cast.paid], 40)
        task = stage.completed(case, stage.cast.paid, 39, 34, "符合领取条件")
        review.fulfil(task, Fulfilment.PAID, staff=stage.reviewer(task), at=stage.at(8))


def pre_reviewing(stage: Stage) -> None:
    """Where the scheme asks for a pre-review: one form waits, one was given back, one given back and handed in again."""
    if stage.place.scheme.spec.pre_review is None:
        return
    stage.submitted(stage.cast.all[:3], 1)
    stage.given_back(stage.submitted(stage.cast.plain[:2], 4), 3)
    again = stage.submitted(stage.cast.plain[:1], 6)
    draft = stage.given_back(again, 5)
    draft = drafts.save(draft, {"contact_addr": "富民路 12 号院 3 号楼 2 单元 502"})
    submission.submit(draft, user=again.entered_by, channel=Channel.ONLINE, promised=True, agreed=True, at=stage.at(4))
    stage.pre_reviewed(again, 3)
    stage.deliver(again, 3)


def cards(stage: Stage) -> None:
    """What follows a decision that gives something into hands: being made, to be fetched, posted, handed over."""
    item = stage.cast.carded
    for steps in (
        (),
        (Fulfilment.READY,),
        (Fulfilment.READY, Fulfilment.DELIVERED),
        (Fulfilment.MAILED,),
        (Fulfilment.MAILED, Fulfilment.DELIVERED),
    ):
        task = stage.accepted(stage.delivered([item], 20), item, 19)
        reviewer = stage.reviewer(task)
        review.complete(task, reviewer=reviewer, summary="已登记，证件另行制作", at=stage.at(14))
        review.fulfil(task, Fulfilment.IN_PRODUCTION, staff=reviewer, at=stage.at(13))
        for number, step in enumerate(steps):
            courier = "邮政快递 1178832990066" if step == Fulfilment.MAILED else ""
            receiver = task.application.subject_name if step == Fulfilment.DELIVERED else ""
            at = stage.at(10 - number * 4)
            review.fulfil(task, step, staff=reviewer, courier=courier, receiver=receiver, at=at)


def closed(stage: Stage) -> None:
    """Every item done; the case closes and its result sheet is asked for."""
    case = stage.delivered(stage.cast.all, 30, move_balance="no")
    for funded in stage.cast.funded:
        task = stage.task(case, funded)
        for fact in list(task.open_facts):
            review.confirm_fact(task, fact, reviewer=stage.reviewer(task), at=stage.at(26))
    for days, items in ((25, stage.cast.all), (18, stage.cast.dependent), (12, stage.cast.dependent)):
        for item in items:
            stage.completed(case, item, days, days - 4)
    for task in ItemTask.objects.filter(application=case, status=TaskStatus.QUEUED).select_related("office"):
        review.accept(task, reviewer=stage.reviewer(task), at=stage.at(8))
        stage.grant(task, 6, "信息无误")


def rated(stage: Stage) -> None:
    """好差评: two good ones, one of them of the item alone; two bad ones, of which the first is answered."""
    item = stage.cast.plain[0]
    supervisor = stage.people.overseers(stage.place)[0]
    for grade, reasons, text, is_answered in (
        (Satisfaction.VERY_SATISFIED, ["speed"], "一张表就办完了，没有再跑", False),
        (Satisfaction.DISSATISFIED, ["ease"], "电话打了三次没有人接", True),
        (Satisfaction.VERY_DISSATISFIED, ["speed", "guide"], "指南上没写要带原件，多跑了一趟", False),
    ):
        case = stage.delivered([item], 20)
        stage.completed(case, item, 19, 14)
        user = case.entered_by
        said = ratings.rate(case, user=user, grade=grade, reasons=reasons, text=text, at=stage.at(12))
        if grade == Satisfaction.VERY_SATISFIED:
            ratings.rate(case, user=user, task=stage.task(case, item), grade=Satisfaction.SATISFIED, at=stage.at(12))
        if is_answered:
            words = "核实：那几天窗口电话占线。已加开一条线，并向本人致歉"
            ratings.answer(said.rectification, staff=supervisor, text=words, at=stage.at(6))


def under_way(stage: Stage) -> None:
    case = stage.delivered(stage.cast.all, 7)
    stage.completed(case, stage.cast.plain[0], 6, 3)
    stage.deliver(case, 3)
    stage.accept_rest(case, 5)


def proposed(stage: Stage) -> None:
    """Two hands: the handler proposed, the approver has not decided."""
    for item in _with(stage, lambda item: item.two_steps):
        task = stage.accepted(stage.delivered([item], 10), item, 9)
        review.propose(task, reviewer=stage.reviewer(task), note="材料齐全，建议同意", at=stage.at(3))


def approved(stage: Stage) -> None:
    """Sent back once, then approved; and one refusal that was approved."""
    for item in _with(stage, lambda item: item.two_steps):
        task = stage.accepted(stage.delivered([item], 20), item, 19)
        reviewer, approver = stage.reviewer(task), stage.approver(task)
        review.propose(task, reviewer=reviewer, note="建议同意", at=stage.at(15))
        review.send_back(task, approver=approver, note="请补充服役年限的核对情况", at=stage.at(14))
        review.propose(task, reviewer=reviewer, note="已核对服役年限，建议同意", at=stage.at(13))
        review.complete(task, reviewer=approver, party=Party.APPROVER, summary="同意", at=stage.at(11))
        task = stage.accepted(stage.delivered([item], 17), item, 16)
        review.propose(task, reviewer=stage.reviewer(task), note="不是自主就业，建议不予办理", at=stage.at(12))
        note = "安置方式不是自主就业，不符合领取条件"
        review.refuse(task, reviewer=approver, party=Party.APPROVER, note=note, at=stage.at(10))


def deemed(stage: Stage) -> None:
    for item in _with(stage, lambda item: item.deemed_acceptance):
        task = stage.task(stage.delivered([item], 12), item)
        review.deem_accepted(task, at=stage.at(2))


def provisional(stage: Stage) -> None:
    """Accepted with a promise to bring a paper later: one still owed, one brought."""
    spec = stage.place.scheme.spec
    for code in [m.code for m in spec.materials if m.deferrable][:2]:
        item = spec.material(code).serves[0]
        case = stage.delivered([item], 4)
        task = stage.task(case, item)
        until = stage.today + timedelta(days=5)
        review.accept_provisionally(
            task, reviewer=stage.reviewer(task), materials=[code], until=until, note="凭证在邮寄途中，先收件",
            at=stage.at(3),
        )  # fmt: skip
    content = picture("late")
    materials.answer_with(
        application=case, code=code, name="凭证.jpg", size=len(content), stream=io.BytesIO(content),
        user=case.entered_by,
    )  # fmt: skip
    supplies.supply_deferred(task, user=case.entered_by, at=stage.at(1))


def not_getting_through(stage: Stage) -> None:
    """For the operators: one dispatch that a person must look at, and one that waits because its office is held."""
    stuck = stage.submitted(stage.cast.plain[:1], 1)
    for dispatch in Dispatch.objects.filter(task__application=stuck):
        delivery.record_failure(dispatch.pk, Outcome.LASTING, "演示：对方系统不接收")
    waiting = stage.submitted(stage.cast.plain[-1:], 1)
    admin = stage.people.post("admin", Role.ADMINISTRATOR)
    for task in waiting.tasks.select_related("office"):
        operations.hold(task.office, is_held=True, operator=admin, note="演示：对方系统检修")


def item_added(stage: Stage) -> None:
    """One more item asked for later, without filling in anything twice."""
    first, second = stage.cast.plain[0], stage.cast.plain[-1]
    case = stage.delivered([first], 9)
    stage.accepted(case, first, 8)
    draft = drafts.start_addition(case, user=case.entered_by)
    draft = drafts.choose_items(draft, [second])
    draft = drafts.save(draft, stage._answers(case.entered_by))
    stage._give_materials(draft, case.entered_by)
    submission.submit(draft, user=case.entered_by, channel=Channel.ONLINE, promised=True, agreed=True, at=stage.at(4))
    stage.deliver(case, 4)


def _with(stage: Stage, has: Callable[[ItemSpec], bool]) -> list[str]:
    return [item.code for item in stage.place.scheme.spec.offered if has(item)]


MAIN = (
    in_the_middle, at_the_window, nearly_due, overdue, unanswered, corrected_once, corrected_twice, called_in,
    seen_in_person, suspended, resumed, extended, refused_and_held, not_accepted, withdrawn, terminated, transferred,
    funds_arrived, paid, cards, closed, rated, item_added, just_sent,
)  # fmt: skip
ELSEWHERE = (under_way, closed, pre_reviewing)
ONLY_WHERE_PROVIDED = (proposed, approved, deemed, provisional, not_getting_through)


def tell(stage: Stage, *, is_main: bool) -> None:
    """All stories of a place; those about two hands or promised papers only where the scheme provides for them."""
    spec = stage.place.scheme.spec
    provides = any(material.deferrable for material in spec.materials)
    for story in (*(MAIN if is_main else ELSEWHERE), *(ONLY_WHERE_PROVIDED if provides else ())):
        stage.hours.clear()
        story(stage)
