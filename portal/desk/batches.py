"""Many tasks at once: each is done or left out for itself, and each gets a sentence."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from agencies.models import Posting
from applications import review
from applications.enums import Fulfilment
from applications.errors import Refused
from applications.models import ItemTask
from portal.accounts.models import User


@dataclass(frozen=True)
class Outcome:
    """What became of one row. No name: the case number says which."""

    number: str
    item: str
    is_done: bool
    words: str

    def as_data(self) -> dict[str, str | bool]:
        return asdict(self)


def take(tasks: Iterable[ItemTask], *, reviewer: User, posting: Posting) -> list[Outcome]:
    """Makes the tasks the officer's own, except what a colleague has in hand."""
    return [_take_one(task, reviewer) for task in tasks]


def _take_one(task: ItemTask, reviewer: User) -> Outcome:
    try:
        review.take(task, reviewer=reviewer, of_many=True)
    except Refused as refused:
        return Outcome(task.application.number, task.item.name, False, str(refused))
    return Outcome(task.application.number, task.item.name, True, "已认领，由您承办")


def accept(tasks: Iterable[ItemTask], *, reviewer: User, posting: Posting) -> list[Outcome]:
    """Accepts what is complete; a task with a material missing or in a colleague's hands is left out and says so."""
    return [_accept_one(task, reviewer, posting) for task in tasks]


def _accept_one(task: ItemTask, reviewer: User, posting: Posting) -> Outcome:
    missing = _missing(task)
    if missing:
        words = f"没有受理：还缺{'、'.join(missing)}。请进去一次性告知补正"
        return Outcome(task.application.number, task.item.name, False, words)
    try:
        review.accept(task, reviewer=reviewer, party=review.party_of(posting), of_many=True)
    except Refused as refused:
        return Outcome(task.application.number, task.item.name, False, str(refused))
    return Outcome(task.application.number, task.item.name, True, "已受理")


def _missing(task: ItemTask) -> list[str]:
    handed = task.handed[0] if task.handed else None  # type: ignore[attr-defined]  # prefetched by for_desk
    spec = task.application.scheme.spec
    return [
        material["name"]
        for material in (handed.payload["materials"] if handed else [])
        if not material["files"] and not spec.material(material["code"]).optional
    ]


def confirm_facts(tasks: Iterable[ItemTask], *, reviewer: User, posting: Posting) -> list[Outcome]:
    """Confirms every open fact of each task, such as money that has arrived."""
    return [_confirm_one(task, reviewer, posting) for task in tasks]


def _confirm_one(task: ItemTask, reviewer: User, posting: Posting) -> Outcome:
    facts = list(task.open_facts)
    names = "、".join(task.application.scheme.spec.fact(code).name for code in facts)
    try:
        if not facts:
            raise Refused("已经确认过，没有再次确认")
        for fact in facts:
            review.confirm_fact(task, fact, reviewer=reviewer)
    except Refused as refused:
        return Outcome(task.application.number, task.item.name, False, str(refused))
    return Outcome(task.application.number, task.item.name, True, f"已确认{names}")


def pay(tasks: Iterable[ItemTask], *, reviewer: User, posting: Posting) -> list[Outcome]:
    """Writes down that the money of each task is paid; a card or paper is left out, since it needs who got it."""
    return [_pay_one(task, reviewer, posting) for task in tasks]


def _pay_one(task: ItemTask, reviewer: User, posting: Posting) -> Outcome:
    try:
        if task.is_to_hand_over and task.result.fulfilment != Fulfilment.PAYMENT_DUE:
            raise Refused("没有登记：这是证件、文书，不是钱。制好、寄出、送达请进去登记")
        review.fulfil(task, Fulfilment.PAID, staff=reviewer, party=review.party_of(posting))
    except Refused as refused:
        return Outcome(task.application.number, task.item.name, False, str(refused))
    return Outcome(task.application.number, task.item.name, True, "已登记发放")


DEEDS = {"take": take, "accept": accept, "confirm": confirm_facts, "pay": pay}
