"""Who signed for what was made; asked by the desk and by the window alike."""

from django import forms


class HandOverForm(forms.Form):
    """Who signed the 送达回证."""

    use_required_attribute = False
    receiver = forms.CharField(
        label="签收人",
        max_length=60,
        help_text="送达回证上签字的人",
        error_messages={"required": "请写明签收人"},
    )
    relation = forms.CharField(label="和申请人的关系", max_length=20, required=False, help_text="本人领取就不填")
