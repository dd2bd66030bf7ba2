"""更正: which fields are wrong, then their new values; for the applicant and, with the person there, for a clerk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agencies.spec import FormField
from applications import amendments
from applications.errors import Refused
from applications.models import Application, ItemTask
from portal.web.access import SignedInRequest
from portal.web.drafting import shown, typed_before
from portal.web.forms import AnswersForm, label_of, typed
from portal.web.password_again import PasswordAgainForm

NOTHING = "登记表现在没有可以自己更正的：部门已经受理，或者正在预审。要改请打电话，或到综合窗口"


class PasswordForm(PasswordAgainForm):
    hint = "改登记表要再填一次密码"
    purpose = "amend"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self.check_password(given.get("password", ""))
        return given


@dataclass(frozen=True)
class Choice:
    code: str
    label: str
    now: str


def respond(
    request: SignedInRequest, case: Application, *, side: str, show: Callable[[dict[str, Any]], HttpResponse]
) -> HttpResponse:
    """Nothing is changed before its new value is sent. `side` is the app's namespace."""
    possible = amendments.open_fields(case)
    if not possible:
        messages.info(request, NOTHING)
        return redirect(f"{side}:case", case.number)
    asked = [entry for entry in case.registration.asked() if entry.field in possible]
    before = typed_before(request)
    wanted = {*request.GET.getlist("field"), *request.POST.getlist("field"), *before}
    chosen = [entry for entry in asked if entry.field in wanted]
    values = {**case.answers, **before, **typed(request.POST, chosen)}
    password = PasswordForm(request.POST or None, request=request) if side == "applicant" else None
    problems = None
    if request.method == "POST" and chosen:
        problems = amendments.problems(case, typed(request.POST, chosen))
        is_trusted = password is None or password.is_valid()
        if is_trusted and not problems:
            return _amend(request, case, typed(request.POST, chosen), side)
    page = _page(case, possible, asked, chosen, AnswersForm(chosen, values, problems))
    case_url = reverse(f"{side}:case", args=[case.number])
    return show({**page, "errors": _summary(problems or {}, password), "password": password, "case_url": case_url})


def _amend(request: SignedInRequest, case: Application, answers: dict[str, str], side: str) -> HttpResponse:
    try:
        getting = amendments.amend(case, user=request.user, answers=answers)
    except Refused as refused:
        messages.info(request, str(refused))
    else:
        messages.success(request, f"已更正，重新送给{_offices(getting)}")
    return redirect(f"{side}:case", case.number)


def _page(
    case: Application,
    possible: Mapping[str, list[ItemTask]],
    asked: list[FormField],
    chosen: list[FormField],
    form: AnswersForm,
) -> dict[str, Any]:
    open_tasks = {task.pk for tasks in possible.values() for task in tasks}
    accepted = [task for task in case.tasks.all() if task.pk not in open_tasks and task.accepted_on]
    return {
        "choices": [
            Choice(entry.field, label_of(entry), shown(entry.field, str(case.answers.get(entry.field) or "")))
            for entry in asked
        ],
        "chosen": [(form[entry.field], entry.field) for entry in chosen],
        "goes_to": _offices([task for entry in chosen for task in possible[entry.field]]),
        "accepted": "、".join(dict.fromkeys(task.spec.title for task in accepted)),
    }


def _offices(tasks: list[ItemTask]) -> str:
    return "、".join(dict.fromkeys(str(task.office) for task in tasks))


def _summary(problems: Mapping[str, str], password: PasswordForm | None) -> tuple[tuple[str, str], ...]:
    found = [(words, f"#id_{code}") for code, words in problems.items()]
    if password is not None and password.is_bound:
        found += [(str(words), "#id_password") for words in password.errors.get("password", [])]
    return tuple(found)
