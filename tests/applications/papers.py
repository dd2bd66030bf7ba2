"""One paper of every kind, made through the services."""

from datetime import UTC, datetime

from applications import review
from applications.enums import DocumentKind, Fulfilment, Party, TaskStatus
from applications.models import Application, Document, ItemTask
from portal.accounts.models import User
from tests import factories

AT = datetime(2026, 9, 14, 8, 47, tzinfo=UTC)
LATER = datetime(2026, 9, 15, 1, 30, tzinfo=UTC)
LATEST = datetime(2026, 9, 21, 3, 0, tzinfo=UTC)
RARE_NAME = "䶮𠮷㛃·阿卜杜热合曼"


def paper(application: Application, kind: DocumentKind) -> Document:
    return Document.objects.get(application=application, kind=kind)


def accepted(application: Application, item: str) -> ItemTask:
    task = factories.task_of(application, item)
    return review.accept(task, reviewer=factories.reviewer_of(task), at=LATER)


def ask_correction(task: ItemTask, material: str) -> None:
    deficits = [review.Deficit(f"看不清{material}", material=material)]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits, at=LATER)


def make(kind: DocumentKind, user: User | None = None) -> Document:
    """The paper of this kind of a case in which the deed behind it was done."""
    if kind == DocumentKind.RESULT_SHEET:
        return paper(finished(user), kind)
    application = factories.delivered(user, at=AT)
    if kind == DocumentKind.ACCEPTANCE_NOTICE:
        accepted(application, "I10")
    elif kind == DocumentKind.CORRECTION_NOTICE:
        task = factories.task_of(application, "I10")
        deficits = [
            review.Deficit("第 2 页印章压住日期，看不清。请重拍", material="OR-38"),
            review.Deficit("照片缺右下角，请把四角都拍进去", material="OR-31"),
        ]
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits, at=LATER)
    elif kind == DocumentKind.NON_ACCEPTANCE_NOTICE:
        task = factories.task_of(application, "I10")
        review.do_not_accept(task, reviewer=factories.reviewer_of(task), note="户口不在本地", at=LATER)
    elif kind == DocumentKind.REFUSAL_NOTICE:
        task = accepted(application, "I10")
        review.refuse(task, reviewer=factories.reviewer_of(task), note="已在外地参加职工医保", at=LATER)
    elif kind == DocumentKind.SUSPENSION_NOTICE:
        task = accepted(application, "I10")
        review.suspend(task, approver=factories.approver_of(task), note="向原参保地核实缴费记录", days=8, at=LATER)
    elif kind == DocumentKind.EXTENSION_NOTICE:
        task = accepted(application, "I10")
        review.extend(task, approver=factories.approver_of(task), note="原参保地还没有回函", days=5, at=LATEST)
    elif kind == DocumentKind.DELIVERY_RECEIPT:
        task = accepted(application, "I10")
        review.complete(task, reviewer=factories.reviewer_of(task), follows=Fulfilment.READY, at=LATER)
    return paper(application, kind)


def finished(user: User | None = None, region: str = factories.DONGSHENG, refused: str = "I10") -> Application:
    """A case with every item decided, one of them refused."""
    application = factories.delivered(user, region, at=AT)
    while open_tasks := [task for task in application.tasks.all() if not task.is_terminal]:
        moved = False
        for task in open_tasks:
            moved = _decide(task, refused) or moved
        factories.deliver_all()
        assert moved
    application.refresh_from_db()
    return application


def _decide(task: ItemTask, refused: str) -> bool:
    if task.status == TaskStatus.WAITING:
        for fact in list(task.open_facts):
            review.confirm_fact(task, fact, reviewer=factories.reviewer_of(task), at=LATER)
        return bool(task.open_facts)
    if task.status != TaskStatus.QUEUED:
        return False
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=LATER)
    if task.item.code == refused:
        review.refuse(task, reviewer=reviewer, note="已在外地参加职工医保，不能重复参保", at=LATER)
        return True
    if task.spec.two_steps:
        review.propose(task, reviewer=reviewer, note="材料齐全，同意", at=LATER)
        review.complete(task, reviewer=factories.approver_of(task), party=Party.APPROVER, at=LATER)
        return True
    review.complete(task, reviewer=reviewer, reference=f"〔2026〕{task.pk} 号", at=LATER)
    return True
