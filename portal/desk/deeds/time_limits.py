"""What changes the time limit itself: a special procedure and its end, an extension."""

from applications import review
from applications.enums import Action
from portal.desk.deeds.base import Deed, day_count, due_words, words
from portal.desk.sight import Sight


class Suspend(Deed):
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


class Resume(Deed):
    action, button = Action.RESUME, "特别程序结束"

    @property
    def hint(self) -> str:
        return "期限从今天起继续计算"

    def apply(self) -> str:
        review.resume(self.task, staff=self.sight.viewer, party=self.sight.party)
        return f"特别程序已结束。{due_words(self.task)}"


class Extend(Deed):
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
        return super().blocked

    def apply(self) -> str:
        given = self.cleaned_data
        review.extend(self.task, approver=self.sight.viewer, days=given["days"], note=given["note"])
        return f"已延长 {given['days']} 个工作日。{due_words(self.task)}"
