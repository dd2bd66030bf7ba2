from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.comparison import compare
from agencies.layers import LayerError, read_layer
from agencies.models import Region, Scheme
from agencies.publishing import Refused, compile_scheme, layers_above
from agencies.spec import SchemeSpec


class Command(BaseCommand):
    help = "比较两份方案，用话说出对谁有什么变化。每一份写：区划代码、区划代码@版本，或文件。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("old", help="例如 990000、990000@2026.1 或 文件.yaml")
        parser.add_argument("new")

    def handle(self, *args: Any, **options: Any) -> None:
        changes = compare(scheme_named(options["old"]), scheme_named(options["new"]))
        for change in changes:
            self.stdout.write(str(change))
        self.stdout.write(f"共 {len(changes)} 处变化。" if changes else "没有变化。")


def scheme_named(name: str) -> SchemeSpec:
    """The scheme that an argument means. Raises CommandError."""
    if Path(name).suffix in (".yaml", ".yml"):
        try:
            layer = read_layer(Path(name))
            region = Region.objects.get(pk=layer["region"])
            return compile_scheme([*layers_above(region), layer], layer["version"])
        except Region.DoesNotExist:
            raise CommandError(f"{name}：区划不在行政区划表中，请先登记。") from None
        except (LayerError, Refused) as error:
            raise CommandError(str(error)) from None
    code, _, version = name.partition("@")
    schemes = Scheme.objects.published().filter(region_id=code).order_by("-id")
    scheme = (schemes.filter(version=version) if version else schemes).first()
    if scheme is None:
        raise CommandError(f"没有“{name}”的已发布方案，请核对区划代码和版本。")
    return scheme.spec
