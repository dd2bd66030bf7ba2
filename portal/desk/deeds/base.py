"""A deed: one decision of an officer as a form. What it asks, what it means, and the service it calls.

Which deeds a task offers follows from `workflow.available`; a form only says when offering it would make no sense.
"""

from typing import Any, ClassVar

from django import forms

from applications import clock, workflow
from applications.enums import Action
from applications.models import ItemTask
from portal.desk.sight import Sight


def words(label: str, hint: str = "", rows: int = 3, **more: Any) -> forms.CharField:
    """A field for a few sentences."""
    widget = forms.Textarea(attrs={"rows": rows})
    missing = {"required": f"请写明{label}"}
    return forms.CharField(label=label, help_text=hint, widget=widget, max_length=300, error_messages=missing, **more)


def day_count(label: str, hint: str = "") -> forms.IntegerField:
    missing = {"required": f"请填{label}", "invalid": f"{label}请填数字"}
    return forms.IntegerField(label=label, help_text=hint, min_value=1, max_value=365, error_messages=missing)


class Deed(forms.Form):
    """One thing that can be done with a task. `asks_again`: a page shows what will happen before it does."""

    action: ClassVar[Action]
    button: ClassVar[str]
    asks_again: ClassVar[bool] = False
    is_danger: ClassVar[bool] = False
    leaves_office: ClassVar[bool] = False
    # The only usual thing to do: it is chosen from the start.
    is_only = False
    # Below the others, folded away.
    is_rare = False
    use_required_attribute = False

    def __init__(self, data: Any = None, *, sight: Sight) -> None:
        self.sight = sight
        super().__init__(data, prefix=str(self.action.value))
        self.build()

    def build(self) -> None:
        """Adds what depends on the task."""

    @classmethod
    def is_offered(cls, sight: Sight) -> bool:
        return True

    @property
    def task(self) -> ItemTask:
        return self.sight.task

    @property
    def title(self) -> str:
        return str(self.action.label)

    @property
    def hint(self) -> str:
        """The consequence, in one line below the title."""
        return ""

    @property
    def blocked(self) -> str:
        """Why it cannot be done right now, or not by this person, although it belongs here; empty when it can."""
        return workflow.barred(self.task, self.action, self.sight.viewer)

    @property
    def blocked_tone(self) -> str:
        return "red"

    @property
    def confirm_title(self) -> str:
        return f"确定{self.title}吗"

    @property
    def confirm_words(self) -> str:
        """What follows, below the preview."""
        return "这一步不能撤回。通知书会发给申请人。"

    @property
    def confirm_button(self) -> str:
        return self.button

    def preview(self) -> list[str]:
        """What the page that asks again shows."""
        return [f"{field.label}：{self.cleaned_data[name]}" for name, field in self.fields.items()]

    def hidden(self) -> list[tuple[str, str]]:
        """The values as sent, for the form of the page that asks again."""
        pairs = [("action", str(self.action.value))]
        sent: Any = self.data
        for name in self.fields:
            key = self.add_prefix(name)
            pairs += [(key, value) for value in sent.getlist(key)]
        return pairs

    def apply(self) -> str:
        """Does it and says what was done. Raises the casework's Refused."""
        raise NotImplementedError

    def take_errors(self, errors: dict[str, str]) -> None:
        """Puts the casework's messages at the fields of the same name."""
        for name, text in errors.items():
            self.add_error(name if name in self.fields else None, text)


def due_words(task: ItemTask) -> str:
    if task.due_on is None:
        return "本地没有公布这一件的办结时限"
    return f"{'预计' if task.is_due_provisional else ''}{clock.say(task.due_on)}前办结"
