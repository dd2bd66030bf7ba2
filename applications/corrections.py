"""Answers to the offices' notices (补正): one answer of the person serves every notice of the case, each office gets its part.

Text is kept as it is typed and files as they are given; no office sees either before its notice is answered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from agencies.fields import FIELDS
from applications import fanout, notices, workflow
from applications.enums import Action, TaskStatus
from applications.errors import AlreadyDone, Invalid
from applications.models import Application, Correction, CorrectionLine, Material
from applications.registration import Answers, Registration, normalise, problem
from portal.accounts.models import User

_NOTHING_OPEN = "没有要补正的内容，可能刚才已经提交过。没有再次提交"


def waiting(application: Application) -> list[Correction]:
    """The notices of the case that wait for an answer, the oldest first; what ended meanwhile waits for nothing."""
    found = Correction.objects.filter(
        task__application=application, task__status=TaskStatus.AWAITING_CORRECTION, answered_at=None
    )
    return list(found.select_related("task__item", "task__office").order_by("asked_at", "id"))


def keep(application: Application, values: Mapping[str, str]) -> datetime:
    """Keeps what was typed so far, right or wrong, with each open notice that asks for it. Raises AlreadyDone."""
    with transaction.atomic():
        application = workflow.lock(application.pk)
        notices = waiting(application)
        if not notices:
            raise AlreadyDone(_NOTHING_OPEN)
        for notice in notices:
            fresh = {code: normalise(FIELDS[code], values[code]) for code in _fields(notice) if code in values}
            if fresh:
                notice.kept = {**notice.kept, **fresh}
                notice.save(update_fields=["kept"])
                _follow(notice, application, notice.kept)
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
        for notice in notices:
            _follow(notice, locked, answers)
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


def _follow(notice: Correction, application: Application, answers: Mapping[str, str]) -> None:
    """What the changed answers call for beyond the notice becomes lines of it, so that no second notice is needed
    (行政许可法第32条: 一次告知); what they no longer call for is no line any more.
    """
    wanted, changed = _called_for(notice, application, answers)
    lines = {line.field or line.material: line for line in notice.lines.all()}
    for code, line in lines.items():
        if line.follows and line.answered_at is None and code not in wanted:
            line.delete()
    CorrectionLine.objects.bulk_create(
        CorrectionLine(
            correction=notice,
            field=code if code in FIELDS else "",
            material="" if code in FIELDS else code,
            reason=f"改了{changed}，这一项也要{'填' if code in FIELDS else '交'}",
            follows=changed,
        )
        for code in wanted
        if code not in lines
    )


def _called_for(notice: Correction, application: Application, answers: Mapping[str, str]) -> tuple[list[str], str]:
    """Fields and materials that are required with these answers and were not before, and the names of what changed."""
    before, after = application.registration, _registration_with(notice, application, answers)
    changed = [code for code in _fields(notice) if before.answers.get(code, "") != after.answers.get(code, "")]
    asked = {entry.field for entry in before.asked()}
    fields = [entry.field for entry in after.asked() if entry.required and entry.field not in asked]
    spec, given = application.scheme.spec, application.sent_papers()
    known = given | {material.code for material in spec.materials_for(before.ticked, dict(before.answers))}
    materials = [
        material.code
        for material in spec.materials_for(after.ticked, dict(after.answers))
        if not (material.optional or material.deferrable) and material.code not in known
    ]
    wanted = [code for code in fields if not FIELDS[code].derived] + materials
    return wanted, "、".join(f"“{FIELDS[code].label}”" for code in changed if code not in wanted)


def _registration_with(notice: Correction, application: Application, answers: Mapping[str, str]) -> Registration:
    """The whole form as it would be with this notice's fields as they are answered."""
    fresh = {code: normalise(FIELDS[code], answers[code]) for code in _fields(notice) if code in answers}
    return replace(application.registration, answers={**application.answers, **fresh})


def _send(notice: Correction, application: Application, user: User, answers: Mapping[str, str], at: datetime) -> None:
    """Takes a complete answer over into the case and sends the task back to its office. Under the case's lock."""
    task = notice.task
    task.application = application
    fresh: Answers = {code: normalise(FIELDS[code], answers.get(code, "")) for code in _fields(notice)}
    _replace_materials(application, notice)
    if fresh:
        before = application.answers
        application.take_answers({**before, **fresh})
        notices.tell_phone_before(application, before, at=at)
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
    return {notice.pk: _problems(notice, application, given, answers) for notice in notices}


def _problems(
    notice: Correction, application: Application, given: set[str], answers: Mapping[str, str]
) -> dict[str, str]:
    """By open line: what is missing or wrong in itself, and what no longer fits the rest of the form."""
    today = timezone.localdate()
    before = application.registration.problems(today)
    after = _registration_with(notice, application, answers).problems(today)
    unfit = {code: words for code, words in after.items() if code not in before}
    problems: dict[str, str] = {}
    for line in _open_lines(notice):
        if line.material and line.material not in given:
            problems[line.material] = f"请上传{application.scheme.spec.material(line.material).title}"
        if line.field and (wrong := _wrong(line.field, answers.get(line.field, "")) or unfit.get(line.field)):
            problems[line.field] = wrong
    return problems


def _wrong(code: str, typed: str) -> str | None:
    field = FIELDS[code]
    value = normalise(field, typed)
    if not value:
        return f"请填{field.label}"
    return problem(field, str(value), label=field.label, today=timezone.localdate())
