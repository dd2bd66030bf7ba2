"""The accounts of the demo: seed_demo makes them, the sign-in page of the demo lists them. Everybody here is made up."""

from dataclasses import dataclass

DEMO_PASSWORD = "demo-2026"  # noqa: S105  # printed on the sign-in page of the demo


@dataclass(frozen=True)
class DemoAccount:
    """A user name, the made-up person behind it, and what this person does in the portal."""

    username: str
    legal_name: str
    description: str


ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount("soldier", "赵明远", "申请人：还没有申请，从填登记表开始"),
    DemoAccount("soldier1", "巴特尔", "申请人：已经提交，看进度、答复补正、下载文书"),
    DemoAccount("clerk", "李慧", "综合窗口：替到场的人录入"),
    DemoAccount("reviewer_veterans", "哈斯巴根", "退役军人局审核"),
    DemoAccount("reviewer_police", "乌云其其格", "公安审核"),
    DemoAccount("reviewer_hrss", "王立新", "人社审核"),
    DemoAccount("reviewer_medical", "苏日娜", "医保审核"),
    DemoAccount("reviewer_armed_forces", "陈国栋", "人武部审核"),
    DemoAccount("approver_police", "孟和", "公安批准：特别程序、延长期限"),
    DemoAccount("supervisor", "高娃", "督办：看全部办件和时限"),
    DemoAccount("admin", "管理员", "后台管理"),
    DemoAccount("auditor", "那仁", "审计：只看谁登录、谁看了什么、谁改了什么"),
)
