"""Who may come in, and to which places and cases: clerks, to those of their own. For everybody else the window is not there."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from agencies.enums import Role
from agencies.models import Posting, Region
from applications.models import Application
from portal.web import places
from portal.web.access import SignedInRequest, posting_required

clerk_only = posting_required(Role.CLERK)


def place_of(posting: Posting) -> Region:
    """The place of a clerk's window; the database lets no clerk be posted without one."""
    assert posting.region is not None
    return posting.region


def regions_of(posting: Posting) -> list[Region]:
    """The open places that the window serves: its own and those below it."""
    return places.open_within(place_of(posting))


def region_of(posting: Posting, code: str) -> Region:
    found = next((region for region in regions_of(posting) if region.code == code), None)
    if found is None:
        raise Http404
    return found


def case_of_place(request: SignedInRequest, number: str) -> Application:
    """A case with everything that its pages show; another place's is not there."""
    cases = Application.objects.for_window(place_of(request.posting))
    return get_object_or_404(cases.with_history().with_ratings().select_related("entered_by"), number=number)
