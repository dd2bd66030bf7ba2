"""Forms of the home pages."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout
from django import forms

from portal.accounts.sign_in import GuardedForm
from portal.web import place


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
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(Field("username"), Field("password"))


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
