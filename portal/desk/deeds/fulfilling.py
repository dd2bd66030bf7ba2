"""What follows a decision: money paid, a card made, mailed, handed over."""

from typing import ClassVar

from django import forms

from applications import review
from applications.enums import Action, Fulfilment
from portal.desk.deeds.base import Deed
from portal.web.handing_over import HandOverForm


class Follow(Deed):
    """What comes after a decision; it never changes the decision."""

    stage: ClassVar[Fulfilment]

    def build(self) -> None:
        """Where nothing was said to follow, it is still possible, but not what one comes for."""
        result = self.sight.result
        self.is_rare = result is None or result.fulfilment == Fulfilment.NONE

    @property
    def hint(self) -> str:
        return "写在决定旁边，不改变决定"

    def apply(self) -> str:
        given = {name: self.cleaned_data.get(name, "") for name in ("courier", "receiver", "relation")}
        review.fulfil(self.task, self.stage, staff=self.sight.viewer, party=self.sight.party, **given)
        return f"已登记：{self.stage.label}"


class Pay(Follow):
    action, button, stage = Action.PAY, "登记已发放", Fulfilment.PAID

    @property
    def title(self) -> str:
        return "登记已发放"


class Produce(Follow):
    action, button, stage = Action.PRODUCE, "登记开始制证", Fulfilment.IN_PRODUCTION

    @property
    def title(self) -> str:
        return "开始制证"


class MakeReady(Follow):
    action, button, stage = Action.MAKE_READY, "登记可以领取", Fulfilment.READY

    @property
    def title(self) -> str:
        return "制好了，可以领取"

    @property
    def hint(self) -> str:
        return "通知申请人来领，并生成送达回证，领取时签字"


class Mail(Follow):
    action, button, stage = Action.MAIL, "登记已寄出", Fulfilment.MAILED

    courier = forms.CharField(
        label="快递公司和单号", max_length=60, error_messages={"required": "请写明快递公司和单号"}
    )

    @property
    def title(self) -> str:
        return "已寄出"

    @property
    def hint(self) -> str:
        return "单号会告诉申请人，并印在送达回证上"


class HandOver(HandOverForm, Follow):
    action, button, stage = Action.HAND_OVER, "登记已送达", Fulfilment.DELIVERED

    def build(self) -> None:
        super().build()
        self.fields["receiver"].initial = self.task.application.subject_name

    @property
    def title(self) -> str:
        return "已送达"

    @property
    def hint(self) -> str:
        return "送达回证已经签收"
