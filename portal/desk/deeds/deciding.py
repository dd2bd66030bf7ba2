"""How an accepted item ends: with a result or without, by one officer or with the second one's approval."""

from django import forms

from applications import review
from applications.enums import Action, Fulfilment
from applications.papers.words import REMEDY
from portal.desk.deeds.base import Deed, words
from portal.web.widgets import ChoiceCards


class Complete(Deed):
    action, button = Action.COMPLETE, "办结"

    reference = forms.CharField(
        label="结果文号", max_length=80, required=False, help_text="证件号、批准文号等，没有就不填"
    )
    summary = words("结果说明", "写给申请人看的一句话，印在反馈单上", rows=2, required=False)
    follows = forms.ChoiceField(
        label="有没有要交给申请人的证件、文书",
        choices=[
            (Fulfilment.NONE.value, "没有，或者已经当面交了"),
            (Fulfilment.IN_PRODUCTION.value, "有，正在制作"),
            (Fulfilment.READY.value, "有，可以来领了"),
        ],
        initial=Fulfilment.NONE.value,
        required=False,
        widget=ChoiceCards(),
    )

    def build(self) -> None:
        # Where the scheme says what follows, nothing is asked.
        if self.sight.item.fulfilment:
            del self.fields["follows"]

    @property
    def hint(self) -> str:
        follows = "；后续发放、制证另外登记" if self.sight.item.fulfilment else ""
        return f"准予办理，结果只能写一次{follows}"

    def apply(self) -> str:
        given = self.cleaned_data
        review.complete(
            self.task,
            reviewer=self.sight.viewer,
            reference=given["reference"],
            summary=given["summary"],
            follows=Fulfilment(given.get("follows") or Fulfilment.NONE),
            party=self.sight.party,
        )
        return "已办结"


class Approve(Complete):
    action, button = Action.APPROVE, "批准办结"

    def apply(self) -> str:
        super().apply()
        return "已批准办结"


class Refuse(Deed):
    action, button = Action.REFUSE, "不予办理"
    asks_again = is_danger = True

    note = words("不予办理的理由", "说明事实和依据")
    remedy = words("救济途径", initial=REMEDY)

    @property
    def hint(self) -> str:
        return "须写理由和救济途径；其他事项照常办，等这一件的会停下来"

    def apply(self) -> str:
        given = self.cleaned_data
        review.refuse(
            self.task,
            reviewer=self.sight.viewer,
            note=given["note"],
            remedy=given["remedy"],
            party=self.sight.party,
        )
        return "已作出不予办理的决定，决定书正在生成"


class ApproveRefusal(Refuse):
    action, button = Action.APPROVE_REFUSAL, "批准不予办理"


class Propose(Deed):
    action, button = Action.PROPOSE, "报请批准"

    note = words("拟办意见", "建议办结还是不予办理，理由是什么；只给批准人员看")

    @property
    def hint(self) -> str:
        return "这一件须经批准人员批准后办结；期限照常计算"

    def apply(self) -> str:
        review.propose(self.task, reviewer=self.sight.viewer, note=self.cleaned_data["note"])
        return "已报请批准"


class SendBack(Deed):
    action, button = Action.SEND_BACK, "退回承办"

    note = words("退回的意见", "承办人要再做什么；只给承办人看")

    @property
    def hint(self) -> str:
        return "回到承办人那里，期限照常计算"

    def apply(self) -> str:
        review.send_back(self.task, approver=self.sight.viewer, note=self.cleaned_data["note"])
        return "已退回承办人"


class Terminate(Deed):
    action, button = Action.TERMINATE, "终止"
    asks_again = is_danger = is_rare = True

    note = words("终止的原因")

    @property
    def confirm_words(self) -> str:
        return "这一步不能撤回，这一件不再办；其他事项照常办。"

    @property
    def hint(self) -> str:
        return "逾期没有补正、申请人死亡等；这一件不再办"

    def apply(self) -> str:
        review.terminate(self.task, reviewer=self.sight.viewer, note=self.cleaned_data["note"])
        return "已终止办理这一件"
