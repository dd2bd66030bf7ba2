"""撤回: choosing items, being asked again, withdrawing; for the applicant and, with the person there, for a clerk."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from applications import withdrawal, workflow
from applications.enums import Action as Deed
from applications.enums import Party
from applications.errors import AlreadyDone
from applications.models import Application, ItemTask
from portal.web.access import SignedInRequest
from portal.web.presenters import Action


def withdrawable(case: Application, party: Party = Party.APPLICANT) -> list[ItemTask]:
    return [task for task in case.tasks.all() if Deed.WITHDRAW in workflow.available(task, party)]


def respond(
    request: SignedInRequest, case: Application, *, side: str, show: Callable[[dict[str, Any]], HttpResponse]
) -> HttpResponse:
    """Nothing is withdrawn before it was asked again. `side` is the app's namespace."""
    possible = withdrawable(case, case.party_of(request.user))
    chosen = [task for task in possible if str(task.pk) in request.POST.getlist("task")]
    if request.method == "POST" and chosen and "confirm" in request.POST:
        try:
            done = withdrawal.withdraw(case, user=request.user, tasks=chosen)
        except AlreadyDone as already:
            messages.info(request, str(already))
        else:
            messages.success(request, f"已撤回 {len(done)} 件：{'、'.join(task.spec.title for task in done)}")
        return redirect(f"{side}:case", case.number)
    errors = (("请至少选一件要撤回的事", "#tasks"),) if request.method == "POST" and not chosen else ()
    kept = [task for task in case.tasks.all() if task not in possible and not task.is_terminal]
    case_url = reverse(f"{side}:case", args=[case.number])
    return show(
        {
            "possible": [(task.pk, task.spec.title, str(task.office)) for task in possible],
            "chosen": [(task.pk, task.spec.title, str(task.office)) for task in chosen],
            "kept": "、".join(task.spec.title for task in kept),
            "back": Action("不撤回", case_url),
            "case_url": case_url,
            "errors": errors,
        }
    )
