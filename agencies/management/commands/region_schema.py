import json
from typing import Any

from django.core.management.base import BaseCommand

from agencies.schema import layer_schema


class Command(BaseCommand):
    help = "输出地区文件的 JSON Schema，供编辑器边写边检查。"
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(layer_schema(), ensure_ascii=False, indent=2))
