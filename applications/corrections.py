"""Answers to the offices' notices (补正): one answer of the person serves every notice of the case, each office gets its part.

Text is kept as it is typed and files as they are given; no office sees either before its notice is answered.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from agencies.fields import FIELDS
from applications import fanout, workflow
from applications.enums import Action
from applications.errors import AlreadyDone, Invalid
from applications.models import Application, Correction, CorrectionLine, Material
from applications.registration import Answers, normalise, problem
from portal.accounts.models import User

_NOTHING_OPEN = "没有要补正的内容，可能刚才已经提交过。没有再次提交"


def waiting(application: Application) -> list[Correction]:
    """The notices of the case that nobody has answered yet, the oldest first."""
    found = Correction.objects.filter(task__application=application, answered_at=None)
    return list(found.select_related("task__item", "task__office").order_by("asked_at", "id"))


def keep(application: Application, values: Mapping[str, str]) -> datetime:
    """Keeps what was typed so far, right or wrong, with each open notice that asks for it. Raises AlreadyDone."""
    with transaction.atomic():
        workflow.lock(application.pk)
        notices = waiting(application)
        if not notices:
            raise AlreadyDone(_NOTHING_OPEN)
        for notice in notices:
            fresh = {code: normalise(FIELDS[code], values[code]) for code in _fields(notice) if code in values}
            if fresh:
                notice.kept = {**notice.kept, **fresh}
                notice.save(update_fields=["kept"])
    return timezone.now()


def answer(
    application: Application, *, user: User, answers: Mapping[str, str], at: datetime | None = None
) -> list[Correction]:
    """Sends the answer to every open notice of the case that is complete; each task goes back to its own office.

    Fields come in `answers`; materials are the unsent files given through `materials.answer_with`. A notice that still
    lacks something stays open and loses nothing. Raises Invalid with every open line when no notice is complete, and
    AlreadyDone when none is open.
    """
    at = at or timezone.now()
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        notices = waiting(locked)
        if not notices:
            raise AlreadyDone(_NOTHING_OPEN)
        lacking = _lacking(locked, notices, answers)
        complete = [notice for notice in notices if not lacking[notice.pk]]
        if not complete:
            raise Invalid({code: words for found in lacking.values() for code, words in found.items()})
        for notice in complete:
            _send(notice, locked, user, answers, at)
    return complete


def lacking(application: Application, answers: Mapping[str, str]) -> dict[str, str]:
    """What the open notices still lack, a sentence by field or material."""
    found = _lacking(application, waiting(application), answers)
    return {code: words for problems in found.values() for code, words in problems.items()}


def _send(notice: Correction, application: Application, user: User, answers: Mapping[str, str], at: datetime) -> None:
    """Takes a complete answer over into the case and sends the task back to its office. Under the case's lock."""
    task = notice.task
    task.application = application
    fresh: Answers = {code: normalise(FIELDS[code], answers.get(code, "")) for code in _fields(notice)}
    _replace_materials(application, notice)
    if fresh:
        application.take_answers({**application.answers, **fresh})
    _mark_answered(application, notice, at)
    notice.answered_at, notice.answered_by, notice.kept = at, user, {}
    notice.save(update_fields=["answered_at", "answered_by", "kept"])
    data = {"round": notice.round}
    workflow.advance(task, Action.RESUBMIT, party=application.party_of(user), actor=user, at=at, data=data)
    task.application = application
    fanout.send_again(task, at=at)


def _mark_answered(application: Application, notice: Correction, at: datetime) -> None:
    """What was given for this notice is given for every other that asks for the same."""
    lines = list(notice.lines.all())
    fields, materials = {line.field for line in lines} - {""}, {line.material for line in lines} - {""}
    open_lines = CorrectionLine.objects.filter(
        correction__task__application=application, correction__answered_at=None, answered_at=None
    )
    open_lines.filter(field__in=fields).update(answered_at=at)
    open_lines.filter(material__in=materials).update(answered_at=at)


def _replace_materials(application: Application, notice: Correction) -> None:
    """The new files take the place of the old ones; the old stay on record."""
    for line in _open_lines(notice):
        new = list(application.materials.filter(code=line.material, is_sent=False)) if line.material else []
        if not new:
            continue
        application.materials.filter(code=line.material, is_sent=True, replaced_by=None).update(replaced_by=new[0])
        Material.objects.filter(pk__in=[material.pk for material in new]).update(is_sent=True)


def _open_lines(notice: Correction) -> list[CorrectionLine]:
    return list(notice.lines.filter(answered_at=None))


def _fields(notice: Correction) -> list[str]:
    return [line.field for line in _open_lines(notice) if line.field]


def _lacking(
    application: Application, notices: Iterable[Correction], answers: Mapping[str, str]
) -> dict[int, dict[str, str]]:
    given = set(application.materials.filter(is_sent=False).values_list("code", flat=True))
    return {notice.pk: _problems(application, _open_lines(notice), given, answers) for notice in notices}


def _problems(
    application: Application, lines: Iterable[CorrectionLine], given: set[str], answers: Mapping[str, str]
) -> dict[str, str]:
    problems: dict[str, str] = {}
    for line in lines:
        if line.material and line.material not in given:
            problems[line.material] = f"请上传{application.scheme.spec.material(line.material).title}"
        if line.field and (wrong := _wrong(line.field, answers.get(line.field, ""))):
            problems[line.field] = wrong
    return problems


def _wrong(code: str, typed: str) -> str | None:
    field = FIELDS[code]
    value = normalise(field, typed)
    if not value:
        return f"请填{field.label}"
    return problem(field, str(value), label=field.label, today=timezone.localdate())
