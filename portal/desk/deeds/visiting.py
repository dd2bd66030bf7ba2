"""A person who has to come: called in, given times, seen or not seen. The days in between do not count."""

from datetime import datetime

from django import forms
from django.utils import timezone

from applications import visits
from applications.enums import Action
from portal.desk.deeds.base import Deed, due_words, words
from portal.desk.sight import Sight
from portal.web.widgets import MomentInput

SLOTS = ("slot1", "slot2", "slot3")


def slot(label: str, hint: str = "", *, required: bool = False) -> forms.DateTimeField:
    """A day and an hour."""
    wrong = {"required": "请至少给一个时间", "invalid": "请填日期和时间，如 2026-09-14 09:30"}
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    return forms.DateTimeField(
        label=label,
        help_text=hint,
        required=required,
        widget=MomentInput(),
        input_formats=formats,
        error_messages=wrong,
    )


class WithSlots(Deed):
    """What deeds that offer times share."""

    def slots(self) -> list[datetime]:
        return [self.cleaned_data[name] for name in SLOTS if self.cleaned_data.get(name)]

    def take_errors(self, errors: dict[str, str]) -> None:
        super().take_errors({SLOTS[0] if name == "slots" else name: text for name, text in errors.items()})

    def hours_hint(self) -> str:
        hours = visits.hours_of(self.task, self.sight.today)
        return f"办公时间：{hours}" if hours else "本机构没有公布办公时间，请按实际能接待的时间填"


class CallIn(WithSlots):
    action, button = Action.CALL_IN, "通知本人到场"

    note = words("到场的原因", "来做什么")
    place = forms.CharField(label="到哪里", max_length=200, error_messages={"required": "请写明到哪里"})
    bring = forms.CharField(label="要带什么", max_length=300, required=False, help_text="如居民身份证原件；没有就不填")
    slot1 = slot("可选时间一")
    slot2 = slot("可选时间二")
    slot3 = slot("可选时间三")

    def build(self) -> None:
        self.fields["note"].initial = self.sight.item.in_person_reason
        self.fields["place"].initial = self.task.office.where
        self.fields["slot1"].help_text = f"{self.hours_hint()}。只给一个，就是约好的时间；都不给，办公时间随时可来"

    @property
    def hint(self) -> str:
        return "须采集、签字时用；等待期间暂停计时"

    def apply(self) -> str:
        given = self.cleaned_data
        visits.call_in(
            self.task,
            reviewer=self.sight.viewer,
            note=given["note"],
            slots=self.slots(),
            place=given["place"],
            bring=given["bring"],
        )
        return "已通知本人到场，期限暂停计算"


class OfferTimes(WithSlots):
    action, button = Action.OFFER_TIMES, "发给申请人"

    slot1 = slot("可选时间一", required=True)
    slot2 = slot("可选时间二")
    slot3 = slot("可选时间三")

    def build(self) -> None:
        self.fields["slot1"].help_text = f"{self.hours_hint()}。只给一个，就是约好的时间"

    @property
    def hint(self) -> str:
        return "代替以前给的时间；期限仍暂停"

    def apply(self) -> str:
        visits.offer_times(self.task, reviewer=self.sight.viewer, slots=self.slots())
        return "新的时间已经发给申请人"


class RecordVisit(Deed):
    action, button = Action.RECORD_VISIT, "登记本人已到场"

    @property
    def hint(self) -> str:
        return "期限从今天起继续计算"

    def apply(self) -> str:
        visits.record_visit(self.task, staff=self.sight.viewer, party=self.sight.party)
        return f"已登记本人到场。{due_words(self.task)}"


class RecordNoShow(Deed):
    action, button = Action.RECORD_NO_SHOW, "登记没有来"

    @classmethod
    def is_offered(cls, sight: Sight) -> bool:
        visit = visits.open_visit(sight.task)
        return visit is not None and visit.chosen_at is not None and visit.chosen_at <= timezone.now()

    @property
    def hint(self) -> str:
        return "约好的时间过了，本人没有来；期限仍暂停，请再约时间"

    def apply(self) -> str:
        visits.record_no_show(self.task, staff=self.sight.viewer, party=self.sight.party)
        return "已登记没有按时到场，请再约一个时间"
