"""Forms of the home pages."""

from typing import Any

from crispy_forms.layout import Field
from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from agencies import staff_passwords
from portal.accounts import sign_in
from portal.accounts.models import User
from portal.accounts.sign_in import GuardedForm
from portal.web import layout, place


class SignInForm(GuardedForm):
    """User name and password; one sentence for every refusal, so that it tells nobody which names exist."""

    error_messages = {
        "invalid_login": "用户名或密码不对。请再看一遍，注意大小写。",
        "inactive": "用户名或密码不对。请再看一遍，注意大小写。",
    }
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "用户名"
        self.fields["username"].error_messages["required"] = "请填用户名"
        self.fields["username"].widget.attrs.pop("autofocus", None)
        self.fields["password"].label = "密码"
        self.fields["password"].error_messages["required"] = "请填密码"
        self.helper = layout.bare(Field("username"), Field("password"))


class OwnPasswordForm(PasswordChangeForm):
    """The old password, and a new one twice; the old one cannot be guessed here any more than at the sign-in."""

    error_messages = {
        "password_incorrect": "现在的密码不对。请再看一遍，注意大小写。",
        "password_mismatch": "两次填的新密码不一样，请再填一次。",
    }
    use_required_attribute = False
    user: User

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self._word("old_password", "现在的密码", "请填现在的密码")
        self._word("new_password1", "新密码", "请填新密码")
        self._word("new_password2", "再填一次新密码", "请再填一次新密码")
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        if self.user.must_change_password:
            self.fields["old_password"].label = "窗口给的密码" if self.user.password_given_at else "管理员给的密码"
        is_staff = staff_passwords.is_staff(self.user)
        self.fields["new_password1"].help_text = (
            staff_passwords.hint() if is_staff else "至少 8 位，不要用用户名和常见的密码"
        )
        self.fields["new_password2"].help_text = ""
        self.helper = layout.bare(Field("old_password"), Field("new_password1"), Field("new_password2"))

    def _word(self, name: str, label: str, missing: str) -> None:
        self.fields[name].label = label
        self.fields[name].error_messages["required"] = missing

    def clean_old_password(self) -> str:
        key = sign_in.key_of(self.request, f"change:{self.user.username}")
        if not sign_in.admit(key):
            raise ValidationError("密码连续 5 次不对，请过 15 分钟再改。", code="locked")
        old: str = super().clean_old_password()
        sign_in.forget(key)
        return old

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        new = self.cleaned_data.get("new_password1")
        if new and new == self.cleaned_data.get("old_password"):
            self.add_error("new_password1", "新密码要和现在的不一样")
        return cleaned

    def save(self, commit: bool = True) -> User:
        self.user.must_change_password = False
        saved: User = super().save(commit)
        return saved


class PlaceForm(forms.Form):
    """Where the person settles; only places whose portal is open."""

    place = forms.ChoiceField(
        label="落户地",
        error_messages={"required": "请选要落户的地方", "invalid_choice": "这个地方还没有开通，请选别的地方"},
    )
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [("", "请选择"), *place.open_places()]  # type: ignore[attr-defined]
        self.later = place.opening_later()
