"""The desk's small forms: filters of the queue, one file's verdict, the purpose of a look at full numbers."""

from typing import Any

from django import forms


class RevealForm(forms.Form):
    """Full numbers are shown for a purpose."""

    reason = forms.CharField(
        label="用途", max_length=100, error_messages={"required": "请写明查看完整号码的用途，查看会记入访问记录"}
    )


class VerdictForm(forms.Form):
    """What an officer found about one file."""

    verdict = forms.ChoiceField(
        label="结论",
        choices=[("fine", "齐"), ("unreadable", "看不清"), ("wrong", "不符合")],
        error_messages={"required": "请选一个结论", "invalid_choice": "请选一个结论"},
    )
    note = forms.CharField(label="说明", max_length=200, required=False)


class FilterForm(forms.Form):
    """Filters of the queue; a case number or its last digits, never a personal number. `mine`: what the officer has in hand."""

    item = forms.ChoiceField(label="事项", required=False)
    number = forms.CharField(label="办件编号", required=False, max_length=40)
    mine = forms.BooleanField(label="只看我承办的", required=False)

    def __init__(self, data: Any, items: dict[str, str]) -> None:
        super().__init__(data)
        self.fields["item"].choices = [("", "全部事项"), *items.items()]  # type: ignore[attr-defined]
