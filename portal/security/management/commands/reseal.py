"""`manage.py reseal`: after a new key stands first in SEALING_KEYS, everything is sealed with it; then the old one may go."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from portal.security import resealing


class Command(BaseCommand):
    help = "用最新的密钥重新加密所有个人数据和文件；可以中断，再运行就接着做。"

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            rows, files = resealing.seal_rows(model), resealing.seal_files(model)
            if rows or files:
                self.stdout.write(f"{model._meta.verbose_name}：{rows} 行，{files} 个文件")
        self.stdout.write("全部用最新的密钥加密")
