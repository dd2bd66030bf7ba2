"""Who may come in, and to which cases: clerks, to those of their place. For everybody else the window is not there."""

from django.shortcuts import get_object_or_404

from agencies.enums import Role
from applications.models import Application
from portal.web.access import SignedInRequest, posting_required
from portal.window import presenters

clerk_only = posting_required(Role.CLERK)


def case_of_place(request: SignedInRequest, number: str) -> Application:
    """A case with everything that its pages show; another place's is not there."""
    cases = Application.objects.for_window(presenters.place_of(request.posting))
    return get_object_or_404(cases.with_history().select_related("entered_by"), number=number)
