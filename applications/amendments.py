"""更正: what a person puts right, of their own accord, in a form that was handed in. Called by the pages of both sides.

An item that an office has accepted stays as it was accepted; the others get the form as it is now.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from agencies.fields import FIELDS
from agencies.situation import deciding_fields
from applications import documents, fanout, notices, workflow
from applications.enums import Action, DocumentKind, NoticeKind, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, ItemTask
from applications.registration import Answers, normalise
from applications.transitions import TRANSITIONS
from portal.accounts.models import User

# Who the person is. Another number is another person's case; a wrong name is an office's to ask about.
FIXED = {"name", "id_no"}


def open_fields(application: Application) -> dict[str, list[ItemTask]]:
    """The fields that may be put right, in the form's order, each with the items whose offices get it anew.

    Not among them is what decides which papers and questions there are: that would be another form.
    """
    sources = TRANSITIONS[Action.AMEND].sources
    tasks = [task for task in application.tasks.all() if task.status in sources]
    fixed = FIXED | deciding_fields(application.scheme.spec)
    found = {}
    for entry in application.registration.asked():
        getting = [task for task in tasks if entry.field in _sent(task)]
        if getting and entry.field not in fixed and not FIELDS[entry.field].derived:
            found[entry.field] = getting
    return found


def _sent(task: ItemTask) -> set[str | None]:
    """The fields that the task's office is sent."""
    return {line.field for line in task.spec.field_map.get(task.office.agency_id, ())}


def amend(
    application: Application, *, user: User, answers: Mapping[str, str], at: datetime | None = None
) -> list[ItemTask]:
    """Puts fields right before an office has accepted the item; gives the items whose offices get them anew.

    Raises Invalid by field, AlreadyDone where nothing differs, Refused for a field that no open item needs any more.
    """
    at = at or timezone.now()
    with transaction.atomic():
        locked = workflow.lock(application.pk)
        changed = _changed(locked, answers)
        if not changed:
            raise AlreadyDone("没有改动，登记表还是原来的")
        possible = open_fields(locked)
        if late := [FIELDS[code].label for code in changed if code not in possible]:
            raise Refused(f"{'、'.join(late)}不能在这里改：要用它的事部门已经受理，请打电话问部门")
        if wrong := problems(locked, answers):
            raise Invalid(wrong)
        before = locked.answers
        locked.take_answers({**before, **changed})
        notices.tell_phone_before(locked, before, at=at)
        words = f"更正了{'、'.join(FIELDS[code].label for code in changed)}"
        getting = list({task.pk: task for code in changed for task in possible[code]}.values())
        for task in getting:
            _send(task, locked, user, words, at)
        documents.request(locked, DocumentKind.REGISTRATION, at=at, again=True)
        notices.write(locked, NoticeKind.PROGRESS, details=[f"登记表{words}"], at=at)
    return getting


def _changed(application: Application, answers: Mapping[str, str]) -> Answers:
    fresh = {code: normalise(FIELDS[code], text) for code, text in answers.items() if code in FIELDS}
    return {code: value for code, value in fresh.items() if value != str(application.answers.get(code) or "")}


def problems(application: Application, answers: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the new values, by field, and what no longer fits them elsewhere in the form."""
    today, form, changed = timezone.localdate(), application.registration, _changed(application, answers)
    before = form.problems(today)
    after = replace(form, answers={**application.answers, **changed}).problems(today)
    return {code: words for code, words in after.items() if code in changed or code not in before}


def _send(task: ItemTask, application: Application, user: User, words: str, at: datetime) -> None:
    """The office gets the form as it is now; one whose turn has not come gets it then."""
    task.application = application
    workflow.advance(task, Action.AMEND, party=application.party_of(user), actor=user, note=words, at=at)
    task.application = application
    if task.status != TaskStatus.WAITING:
        fanout.send_again(task, at=at)
