"""`manage.py exchange_key`: keys of agencies' own systems: issue one (its secret is shown once), list, end, revoke."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agencies.gateways.signatures import format_secret
from agencies.models import Agency, Office
from applications.models import ExchangeKey


class Command(BaseCommand):
    help = "部门系统的对接密钥。轮换：先 issue 新的，双方都换上以后 end 旧的；泄露了用 revoke，立即失效。"

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        issue = steps.add_parser("issue", help="建立一个密钥，密文只显示这一次")
        issue.add_argument("agency", help="部门代码")
        issue.add_argument("--office", type=int, help="机构编号；不写则这个部门的每个机构都用它")
        steps.add_parser("list", help="列出密钥，不显示密文")
        end = steps.add_parser("end", help="过几天失效，期间新旧都能用")
        end.add_argument("kid", help="密钥编号")
        end.add_argument("--days", type=int, default=7)
        revoke = steps.add_parser("revoke", help="立即失效")
        revoke.add_argument("kid", help="密钥编号")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["step"])(options)

    def issue(self, options: dict[str, Any]) -> None:
        agency = Agency.objects.filter(pk=options["agency"]).first()
        if agency is None:
            raise CommandError("没有这个部门代码")
        office = None
        if options["office"]:
            office = agency.offices.filter(pk=options["office"]).first()
            if office is None:
                raise CommandError("这个部门没有这个编号的机构")
        key = ExchangeKey.issue(agency=agency, office=office)
        self.stdout.write(f"密钥编号 {key.kid}\n密钥 {format_secret(key.secret)}\n请当面或加密交给对方，这里不再显示。")

    def list(self, options: dict[str, Any]) -> None:
        for key in ExchangeKey.objects.select_related("agency", "office"):
            self.stdout.write(f"{key.kid:<24}{_place(key.agency, key.office)}　{_state(key)}")

    def end(self, options: dict[str, Any]) -> None:
        self._change(options["kid"], expires_at=timezone.now() + timedelta(days=options["days"]))

    def revoke(self, options: dict[str, Any]) -> None:
        self._change(options["kid"], revoked_at=timezone.now())

    def _change(self, kid: str, **values: Any) -> None:
        if not ExchangeKey.objects.filter(kid=kid).update(**values):
            raise CommandError("没有这个编号的密钥")
        self.list({})


def _place(agency: Agency, office: Office | None) -> str:
    return str(office or f"{agency}全部机构")


def _state(key: ExchangeKey) -> str:
    if key.revoked_at:
        return "已吊销"
    if key.expires_at:
        return f"{timezone.localtime(key.expires_at):%Y-%m-%d %H:%M} 失效"
    used = f"，最近使用 {timezone.localtime(key.last_used_at):%Y-%m-%d %H:%M}" if key.last_used_at else "，还没有用过"
    return f"在用{used}"
