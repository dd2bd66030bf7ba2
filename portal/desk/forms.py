"""The decisions of an officer, one form each: what it asks, what it means, and the service it calls.

Which of them a task offers follows from `workflow.available`; a form only says when offering it would make no sense.
"""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from agencies.enums import LimitUnit
from agencies.fields import FIELDS
from applications import clock, review, visits, workflow
from applications.enums import Action, Fulfilment, TaskStatus
from applications.models import ItemTask
from applications.paper import REMEDY
from portal.desk.sight import Sight
from portal.web.deficits import DeficitForm
from portal.web.presenters import day_words
from portal.web.widgets import CheckCards, ChoiceCards, DayInput, MomentInput


def words(label: str, hint: str = "", rows: int = 3, **more: Any) -> forms.CharField:
    """A field for a few sentences."""
    widget = forms.Textarea(attrs={"rows": rows})
    missing = {"required": f"请写明{label}"}
    return forms.CharField(label=label, help_text=hint, widget=widget, max_length=300, error_messages=missing, **more)


def day_count(label: str, hint: str = "") -> forms.IntegerField:
    missing = {"required": f"请填{label}", "invalid": f"{label}请填数字"}
    return forms.IntegerField(label=label, help_text=hint, min_value=1, max_value=365, error_messages=missing)


class Way(forms.Form):
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
        """Why it cannot be done right now although it belongs here; empty when it can."""
        return ""

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


class Accept(Way):
    action, button = Action.ACCEPT, "受理"

    @property
    def hint(self) -> str:
        limit = self.sight.scheme.limit_of(self.sight.item)
        if limit is None:
            return "本地没有公布这一件的办结时限"
        if limit.unit == LimitUnit.NEXT_YEAR_DATE:
            return f"{limit}办结"
        return "当场办结" if limit.unit == LimitUnit.AT_ONCE else f"材料齐全，今天起算 {limit.days} {limit.unit.label}"

    @property
    def blocked(self) -> str:
        return missing_words(self.sight)

    @property
    def blocked_tone(self) -> str:
        return "amber"

    def apply(self) -> str:
        review.accept(self.task, reviewer=self.sight.viewer, party=self.sight.party)
        return f"已受理。{due_words(self.task)}"


class AcceptProvisionally(Way):
    action, button = Action.ACCEPT_PROVISIONALLY, "容缺受理"

    until = forms.DateField(label="补交日期", widget=DayInput(), error_messages={"required": "请填补交日期"})
    note = words("容缺的理由")

    def build(self) -> None:
        choices = [(code, self.sight.scheme.material(code).title) for code in deferrable(self.sight)]
        self.fields = {
            "materials": forms.MultipleChoiceField(
                label="先受理、后补交的材料",
                choices=choices,
                widget=CheckCards(),
                error_messages={"required": "请选后补交的材料"},
            ),
            **self.fields,
        }

    @classmethod
    def is_offered(cls, sight: Sight) -> bool:
        return bool(deferrable(sight))

    @property
    def hint(self) -> str:
        return "主要材料齐全，次要材料承诺日后补交；今天起算办理期限"

    def apply(self) -> str:
        given = self.cleaned_data
        review.accept_provisionally(
            self.task,
            reviewer=self.sight.viewer,
            materials=given["materials"],
            until=given["until"],
            note=given["note"],
        )
        return f"已容缺受理，{day_words(given['until'])}前补交。{due_words(self.task)}"


class RequestCorrection(DeficitForm, Way):
    """Every material and every value of the payload is a row; a row with words in it is a deficit."""

    action, button = Action.REQUEST_CORRECTION, "预览告知书"
    asks_again = True

    def build(self) -> None:
        missing = self.sight.missing
        self.material_rows = [
            self.material_row(
                given["code"], given["name"], is_missing=given["code"] in missing, noted=self._noted(given)
            )
            for given in self.sight.payload["materials"]
        ]
        self.field_rows = [
            self.field_row(line["field"], line["label"])
            for line in self.sight.payload["fields"]
            if line.get("field") and not FIELDS[line["field"]].derived
        ]

    def _noted(self, material: dict[str, Any]) -> str:
        """What was found wrong with the material's files when they were looked at."""
        checks = [self.sight.checks.get(file["id"]) for file in material["files"]]
        return "；".join(
            f"{check.get_verdict_display()}{'：' if check.note else ''}{check.note}"
            for check in checks
            if check is not None and check.verdict != "fine"
        )

    @property
    def confirm_title(self) -> str:
        return f"告知申请人补正以下 {len(self.deficits())} 处"

    @property
    def confirm_words(self) -> str:
        answer_by = self.sight.calendar.add(self.sight.today, self.sight.scheme.correction_days)
        return f"请申请人在{day_words(answer_by)}前补上。等待期间暂停计时，补上以后只回到本机构。"

    @property
    def confirm_button(self) -> str:
        return "发出告知"

    @property
    def hint(self) -> str:
        return "请把缺的、错的全部写上，一次说全"

    @property
    def blocked(self) -> str:
        return f"还有 {self.sight.unseen} 份材料没看，看完才能发出告知" if self.sight.unseen else ""

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.blocked:
            self.add_error(None, self.blocked)
        elif not self.errors and not self.deficits():
            self.add_error(None, "请至少写明一处要补正的材料或内容")
        return self.cleaned_data

    def preview(self) -> list[str]:
        labels = {line.get("field", ""): line["label"] for line in self.sight.payload["fields"]}
        return [
            f"{self.sight.scheme.material(line.material).title if line.material else labels[line.field]}：{line.reason}"
            for line in self.deficits()
        ]

    def take_errors(self, errors: dict[str, str]) -> None:
        for text in errors.values():
            self.add_error(None, text)

    def apply(self) -> str:
        made = review.request_correction(self.task, reviewer=self.sight.viewer, deficits=self.deficits())
        return f"已一次性告知补正，共 {made.lines.count()} 处，请申请人在{day_words(made.answer_by)}前补上"


class DoNotAccept(Way):
    action, button = Action.DO_NOT_ACCEPT, "不予受理"
    asks_again = is_danger = True

    note = words("不予受理的理由", "说明依据，以及可以到哪里办")
    remedy = words("救济途径", initial=REMEDY)

    @property
    def hint(self) -> str:
        return "须写理由和救济途径；其他事项照常办"

    def apply(self) -> str:
        given = self.cleaned_data
        review.do_not_accept(self.task, reviewer=self.sight.viewer, note=given["note"], remedy=given["remedy"])
        return "已作出不予受理的决定，通知书正在生成"


class Complete(Way):
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


class Refuse(Way):
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


class Propose(Way):
    action, button = Action.PROPOSE, "报请批准"

    note = words("拟办意见", "建议办结还是不予办理，理由是什么；只给批准人员看")

    @property
    def hint(self) -> str:
        return "这一件须经批准人员批准后办结；期限照常计算"

    def apply(self) -> str:
        review.propose(self.task, reviewer=self.sight.viewer, note=self.cleaned_data["note"])
        return "已报请批准"


class SendBack(Way):
    action, button = Action.SEND_BACK, "退回承办"

    note = words("退回的意见", "承办人要再做什么；只给承办人看")

    @property
    def hint(self) -> str:
        return "回到承办人那里，期限照常计算"

    def apply(self) -> str:
        review.send_back(self.task, approver=self.sight.viewer, note=self.cleaned_data["note"])
        return "已退回承办人"


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


class WithSlots(Way):
    """What ways that offer times share."""

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
        self.fields["place"].initial = visits.place_of(self.task)
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


class RecordVisit(Way):
    action, button = Action.RECORD_VISIT, "登记本人已到场"

    @property
    def hint(self) -> str:
        return "期限从今天起继续计算"

    def apply(self) -> str:
        visits.record_visit(self.task, staff=self.sight.viewer, party=self.sight.party)
        return f"已登记本人到场。{due_words(self.task)}"


class RecordNoShow(Way):
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


class Suspend(Way):
    action, button = Action.SUSPEND, "进入特别程序"

    days = day_count("预计需要的工作日", "书面告知申请人")
    note = words("特别程序的原因", "听证、检验、检测、鉴定、专家评审等（行政许可法第45条）")

    @property
    def hint(self) -> str:
        return "所需时间不计入办理期限，要书面告知申请人"

    def apply(self) -> str:
        given = self.cleaned_data
        review.suspend(self.task, approver=self.sight.viewer, note=given["note"], days=given["days"])
        return f"已进入特别程序，预计 {given['days']} 个工作日，告知书正在生成"


class Resume(Way):
    action, button = Action.RESUME, "特别程序结束"

    @property
    def hint(self) -> str:
        return "期限从今天起继续计算"

    def apply(self) -> str:
        review.resume(self.task, staff=self.sight.viewer, party=self.sight.party)
        return f"特别程序已结束。{due_words(self.task)}"


class Extend(Way):
    action, button = Action.EXTEND, "延长办理期限"

    days = day_count("延长的工作日", "1 至 10 个工作日，只能延长一次")
    note = words("延长的理由")

    @classmethod
    def is_offered(cls, sight: Sight) -> bool:
        return sight.task.due_on is not None

    @property
    def hint(self) -> str:
        return "到期以前，由承办人以外的负责人批准，书面告知申请人"

    @property
    def blocked(self) -> str:
        if any(row.action == Action.EXTEND for row in self.sight.log):
            return "这一件已经延长过一次，不能再延"
        if self.task.handler_id == self.sight.viewer.pk:
            return "您是承办人，请由其他负责人批准延期"
        return ""

    def apply(self) -> str:
        given = self.cleaned_data
        review.extend(self.task, approver=self.sight.viewer, days=given["days"], note=given["note"])
        return f"已延长 {given['days']} 个工作日。{due_words(self.task)}"


class Transfer(Way):
    action, button = Action.TRANSFER, "转办"
    asks_again = is_rare = leaves_office = True

    note = words("转办的原因")

    def build(self) -> None:
        choices = [("", "请选择"), *[(office.region_id, office.name) for office in self.sight.targets]]
        missing = {"required": "请选要转到的机构"}
        self.fields = {
            "to_region": forms.ChoiceField(label="转到", choices=choices, error_messages=missing),
            **self.fields,
        }

    @classmethod
    def is_offered(cls, sight: Sight) -> bool:
        return bool(sight.targets)

    @property
    def hint(self) -> str:
        return "不归本机构办，转给同一部门的其他机构"

    @property
    def confirm_words(self) -> str:
        return "转办以后本机构不再看得到这一件，对方会重新收到。"

    def preview(self) -> list[str]:
        names = {office.region_id: office.name for office in self.sight.targets}
        return [f"转到：{names[self.cleaned_data['to_region']]}", f"转办的原因：{self.cleaned_data['note']}"]

    def apply(self) -> str:
        given = self.cleaned_data
        review.transfer(self.task, reviewer=self.sight.viewer, to_region=given["to_region"], note=given["note"])
        return f"已转给{self.task.office.name}"


class Terminate(Way):
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


class ConfirmFact(Way):
    action, button = Action.CONFIRM_FACT, "确认"

    def build(self) -> None:
        # Every fact is a valid answer, so that a second click is told who was first instead of "not a choice".
        self.fields["fact"] = fact = forms.ChoiceField(
            label="已经具备的条件",
            choices=[(known.code, known.name) for known in self.sight.scheme.facts],
            widget=ChoiceCards(),
            initial=next(iter(self.task.open_facts), None),
            error_messages={"required": "请选已经具备的条件"},
        )
        if self.task.open_facts:
            fact.widget.choices = [(code, self.sight.scheme.fact(code).name) for code in self.task.open_facts]

    @classmethod
    def is_offered(cls, sight: Sight) -> bool:
        return bool(sight.task.open_facts)

    @property
    def title(self) -> str:
        return "确认前置条件"

    @property
    def hint(self) -> str:
        return "条件都具备后自动开始，申请人不用再申请"

    def apply(self) -> str:
        review.confirm_fact(self.task, self.cleaned_data["fact"], reviewer=self.sight.viewer)
        started = self.task.status != TaskStatus.WAITING
        return "已确认，这一件自动开始" if started else "已确认，还要等其他条件"


class Follow(Way):
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


class HandOver(Follow):
    action, button, stage = Action.HAND_OVER, "登记已送达", Fulfilment.DELIVERED

    receiver = forms.CharField(
        label="签收人", max_length=60, error_messages={"required": "请写明签收人"}, help_text="送达回证上签字的人"
    )
    relation = forms.CharField(label="和申请人的关系", max_length=20, required=False, help_text="本人领取就不填")

    def build(self) -> None:
        super().build()
        self.fields["receiver"].initial = self.task.application.subject_name

    @property
    def title(self) -> str:
        return "已送达"

    @property
    def hint(self) -> str:
        return "送达回证已经签收"


# In the order of the panel.
WAYS: tuple[type[Way], ...] = (
    ConfirmFact, Accept, AcceptProvisionally, Complete, Approve, Propose, RequestCorrection, RecordVisit, RecordNoShow,
    OfferTimes, CallIn, Resume, SendBack, Suspend, Extend, DoNotAccept, Refuse, ApproveRefusal, Pay, Produce, MakeReady, Mail,
    HandOver, Transfer, Terminate,
)  # fmt: skip
BY_ACTION = {way.action: way for way in WAYS}


def ways(sight: Sight, bound: Way | None = None) -> list[Way]:
    """What the officer may do with the task now; `bound` is the one that was sent and takes its own place."""
    open_actions = workflow.available(sight.task, sight.party)
    found = [
        bound if bound is not None and way is type(bound) else way(sight=sight)
        for way in WAYS
        if way.action in open_actions and way.is_offered(sight)
    ]
    usual = [way for way in found if not way.is_rare]
    if len(usual) == 1:
        usual[0].is_only = True
    return found


def deferrable(sight: Sight) -> list[str]:
    """Materials that may be brought later, where one of them is missing and nothing else is."""
    missing = sight.missing
    return missing if missing and all(sight.scheme.material(code).deferrable for code in missing) else []


def missing_words(sight: Sight) -> str:
    """A hint, not a bar, that a material is not there."""
    if not sight.missing:
        return ""
    names = "、".join(sight.scheme.material(code).title for code in sight.missing)
    return f"还缺 {len(sight.missing)} 样：{names}"


def due_words(task: ItemTask) -> str:
    if task.due_on is None:
        return "本地没有公布这一件的办结时限"
    return f"{'预计' if task.is_due_provisional else ''}{clock.say(task.due_on)}前办结"


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
    """Filters of the queue; a case number or its last digits, never a personal number."""

    item = forms.ChoiceField(label="事项", required=False)
    number = forms.CharField(label="办件编号", required=False, max_length=40)

    def __init__(self, data: Any, items: dict[str, str]) -> None:
        super().__init__(data)
        self.fields["item"].choices = [("", "全部事项"), *items.items()]  # type: ignore[attr-defined]
