"""`manage.py simulate_agency`: a made-up agency system as a real HTTP server on this machine."""

import os
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.gateways import signatures
from agencies.gateways.base import SigningKey
from agencies.gateways.simulator import Behaviour, Mode, Server, Simulator


class Command(BaseCommand):
    help = "启动一个模拟的部门业务系统（只在本机）。密钥从环境变量 SIMULATOR_SECRET 读（whsec_…）。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8900)
        parser.add_argument("--portal", default="http://127.0.0.1:8000", help="门户地址，结果回传到这里")
        parser.add_argument("--kid", default="simulator", help="密钥编号")
        parser.add_argument("--log", type=Path, default=Path("var/simulator.jsonl"), help="收发记录")
        parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.ACCEPT.value)
        parser.add_argument("--delay", type=float, default=2.0, help="每一步之前等几秒")
        parser.add_argument("--slow", type=float, default=30.0, help="slow 和 hang 要几秒")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            secret = signatures.parse_secret(os.environ.get("SIMULATOR_SECRET", ""))
        except ValueError as error:
            raise CommandError("环境变量 SIMULATOR_SECRET 应是 whsec_ 开头的密钥") from error
        options["log"].parent.mkdir(parents=True, exist_ok=True)
        behaviour = Behaviour(Mode(options["mode"]), delay=options["delay"], slow=options["slow"])
        simulator = Simulator(
            SigningKey(options["kid"], secret), options["portal"].rstrip("/"), options["log"], behaviour
        )
        try:
            server = Server(options["port"], simulator)
        except OSError as error:
            raise CommandError(f"端口 {options['port']} 不能用：{error.strerror}") from error
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        self.stdout.write(f"模拟部门系统：{server.endpoint}（{behaviour.mode}）")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()
