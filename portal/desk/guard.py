"""Who may come in: reviewers and approvers of an office. For everybody else the desk is not there."""

from functools import wraps
from typing import Any

from django.http import HttpResponse

from agencies.enums import Role
from agencies.models import Office
from portal.web.access import SignedInRequest, View, posting_required


class OfficerRequest(SignedInRequest):
    """A request that has passed the guard: signed in, with a posting at an office."""

    office: Office


def officers_only(view: View) -> View:
    """Lets reviewers and approvers in and puts their office on the request."""

    @wraps(view)
    def at_office(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        request.office = request.posting.office
        return view(request, *args, **kwargs)

    return posting_required(Role.REVIEWER, Role.APPROVER)(at_office)
