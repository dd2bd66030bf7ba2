"""An item that has come to the office: what it waits for is there, it is taken up, sent back for papers, declined, passed on."""

from typing import Any

from django import forms

from agencies.enums import LimitUnit
from agencies.fields import FIELDS, IDENTITY
from applications import review
from applications.enums import Action, TaskStatus
from applications.papers.words import REMEDY
from portal.desk.deeds.base import Deed, due_words, words
from portal.desk.sight import Sight
from portal.desk.task_news import deferred
from portal.web.deficits import DeficitForm
from portal.web.presenters import day_words
from portal.web.widgets import CheckCards, ChoiceCards, DayInput


class ConfirmFact(Deed):
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


class Accept(Deed):
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
        return super().blocked or missing_words(self.sight)

    @property
    def blocked_tone(self) -> str:
        return "amber"

    def apply(self) -> str:
        review.accept(self.task, reviewer=self.sight.viewer, party=self.sight.party)
        return f"已受理。{due_words(self.task)}"


class AcceptProvisionally(Deed):
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
        days = [promise.until for promise in deferred(self.sight) if promise.until]
        self.fields["until"].initial = min(days, default=None)

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


class RequestCorrection(DeficitForm, Deed):
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
            if line.get("field") not in (None, "", IDENTITY) and not FIELDS[line["field"]].derived
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
        return "请把缺的、错的全部写上，一次说全；身份证号不对的不能补正，请不予受理"

    @property
    def blocked(self) -> str:
        if words := super().blocked:
            return words
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


class DoNotAccept(Deed):
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


class Take(Deed):
    """Also from a colleague who has it in hand: here one sees whose it is, which in a list one does not."""

    action, button, is_rare = Action.TAKE, "认领", True

    @classmethod
    def is_offered(cls, sight: Sight) -> bool:
        return sight.task.handler_id != sight.viewer.pk

    @property
    def hint(self) -> str:
        handler = self.task.handler
        return f"现在由{handler}承办，认领以后由您承办" if handler else "由您承办，到期提醒发给您"

    def apply(self) -> str:
        review.take(self.task, reviewer=self.sight.viewer)
        return "已认领，由您承办"


class Transfer(Deed):
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
