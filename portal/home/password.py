"""改密码: everybody signed in sets an own password; after one that a window gave nothing else opens before."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpResponse
from django.urls import reverse_lazy

from agencies import staff_passwords
from portal.accounts import events
from portal.accounts.models import EventKind
from portal.home.forms import OwnPasswordForm
from portal.web.access import SignedInRequest


class OwnPassword(auth_views.PasswordChangeView):
    """Asks for the old password; the other sessions of the account end."""

    form_class = OwnPasswordForm
    template_name = "home/password.html"
    success_url = reverse_lazy("home:landing")
    request: SignedInRequest

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_old = staff_passwords.is_old(self.request.user, has_posting=self.request.posting is not None)
        return super().get_context_data(**kwargs) | {"old_after": settings.STAFF_PASSWORD_DAYS if is_old else 0}

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        events.note(EventKind.PASSWORD_SET, self.request.user, self.request)
        messages.success(self.request, "密码已改。在别的地方登录的都已退出")
        return answer
