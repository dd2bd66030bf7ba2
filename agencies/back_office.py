"""后台: who is let into Django's site for administrators. Stands in its place through `agencies.apps.BackOfficeConfig`."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from agencies.enums import Role
from agencies.models import Posting


class BackOffice(AdminSite):
    """Rights follow from postings: an account marked as staff is let in while it is posted as administrator.

    The very first account has no posting yet, and gives out the others.
    """

    def has_permission(self, request: HttpRequest) -> bool:
        if not super().has_permission(request):
            return False
        posting = getattr(request, "posting", None)
        if posting is not None:
            return bool(posting.role == Role.ADMINISTRATOR)
        return not Posting.objects.filter(user=request.user.pk).exists()
