"""The password once more, before money or messages are led elsewhere: a page that somebody finds open is not enough."""

from typing import Any

from django import forms

from portal.accounts import sign_in
from portal.web.access import SignedInRequest


class PasswordAgainForm(forms.Form):
    """A form that asks for it says in `hint` when, and counts wrong ones under its `purpose`."""

    password = forms.CharField(
        label="登录密码", required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    hint = ""
    purpose = ""

    def __init__(self, *args: Any, request: SignedInRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["password"].help_text = self.hint

    def check_password(self, password: str) -> None:
        """What is wrong with it stands at its field."""
        if wrong := sign_in.wrong_again(self.request, self.request.user, password, purpose=self.purpose):
            self.add_error("password", wrong)
