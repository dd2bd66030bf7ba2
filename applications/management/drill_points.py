"""The drill's numbered crash points: every step from the POST of a form to the agency's answer.

Nothing of the portal knows of them: the drill starts its processes through this module, which wraps the functions at
whose beginning or end a process dies. A point is armed by a file `points/NUMBER-VICTIM` in the folder DRILL_HOME, and the
process that comes there kills the victim with SIGKILL: itself or any other part. Striking uses the file up.
"""

import contextlib
import json
import os
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from applications.management import nursery

# Number: (part that comes there, what has just happened and what comes next).
POINTS = {
    1: ("web", "收到提交，还没有写"),
    2: ("web", "办件、事项、推送写好，还没有提交事务"),
    3: ("web", "事务已提交，还没有答复申请人"),
    4: ("relay", "听到有新推送，还没有领取"),
    5: ("relay", "已领取，还没有交给队列"),
    6: ("relay", "已交给队列"),
    7: ("worker", "收到消息，还没有占用"),
    8: ("worker", "已占用，还没有发出"),
    9: ("agency", "部门系统收到，还没有记下"),
    10: ("agency", "部门系统已记下，还没有答复"),
    11: ("worker", "收到部门系统答复，还没有记录"),
    12: ("worker", "记录写好，还没有提交事务"),
    13: ("worker", "事务已提交，还没有确认消息"),
    14: ("agency", "部门系统办好，还没有回传结果"),
    15: ("web", "收到部门系统的结果，还没有写"),
    16: ("web", "结果写好，还没有提交事务"),
    17: ("web", "结果已提交，还没有答复部门系统"),
}
VICTIMS = ("self", "web", "relay", "worker", "papers", "beat", "agency", "broker", "database")


def home() -> Path:
    return Path(os.environ["DRILL_HOME"])


def me() -> str:
    """This process's part: `web`, `relay`, `worker.police`, `agency.police` …"""
    return os.environ["DRILL_PART"]


def strike(point: int) -> None:
    """Kills whom the point is armed against, once."""
    for armed in sorted((home() / "points").glob(f"{point}-*")):
        try:
            armed.unlink()
        except FileNotFoundError:  # another process was here first
            continue
        victim = armed.name.partition("-")[2]
        _write_down(point, victim)
        if victim == "self":
            os.kill(os.getpid(), signal.SIGKILL)
        _kill(_nearest(victim, point))


def _write_down(point: int, victim: str) -> None:
    with (home() / "blows.jsonl").open("a") as file:
        file.write(json.dumps({"point": point, "victim": victim, "by": me(), "at": time.time()}) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _nearest(victim: str, point: int) -> Path:
    """The victim's process id: of several workers or systems the one of this process's own agency, else by turns."""
    pids = home() / "pids"
    own = pids / f"{victim}.{me().partition('.')[2]}"
    if own.exists():
        return own
    found = sorted(pids.glob(f"{victim}.*")) or [pids / victim]
    return found[point % len(found)]


def _kill(pid: Path) -> None:
    try:
        os.killpg(int(pid.read_text()), signal.SIGKILL)
    except ProcessLookupError:  # it is dead already and not yet started again
        return


def wrap(owner: Any, name: str, *, before: int | None = None, after: int | None = None) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **options: Any) -> Any:
        if before:
            strike(before)
        result = original(*args, **options)
        if after:
            strike(after)
        return result

    setattr(owner, name, wrapped)


def arm() -> None:
    """Each part has its own points only: the same function may run in another part, too."""
    kind = me().partition(".")[0]
    if kind == "agency":
        from agencies.gateways.simulator import Simulator

        wrap(Simulator, "take", before=9, after=10)
        wrap(Simulator, "send", before=14)
        return
    from agencies.gateways.http import HttpGateway
    from applications import delivery, fanout, incoming, relay, submission

    if kind == "web":
        wrap(submission, "submit", before=1, after=3)
        wrap(fanout, "wake_relay", after=2)
        wrap(incoming, "receive", before=15, after=17)
        wrap(incoming, "_answer", after=16)
    elif kind == "relay":
        wrap(relay, "_claim", before=4)
        wrap(relay, "_ring", before=5, after=6)
    elif kind == "worker":
        wrap(delivery, "_lease", before=7)
        wrap(HttpGateway, "send", before=8, after=11)
        wrap(delivery, "_arrive", after=12)
        wrap(delivery, "deliver", after=13)


# --- the drill's own proof: a portal that is broken on purpose must not pass ---

SABOTAGE = {
    "key": "每次推送换一个新标识，部门系统认不出重复",
    "early": "还没有送到就记成已送达",
}


def sabotage(kind: str) -> None:
    """Breaks the delivery as SABOTAGE says."""
    from agencies.gateways.base import Answer, Ending, Message
    from agencies.gateways.http import HttpGateway

    send = HttpGateway.send

    def with_new_key(gateway: HttpGateway, message: Message) -> Answer:
        key = str(uuid.uuid4())
        body = json.dumps({**json.loads(message.body), "id": key}).encode()
        return send(gateway, replace(message, key=key, body=body))

    def whatever_was_said(gateway: HttpGateway, message: Message) -> Answer:
        answer = send(gateway, message)
        return answer if answer.ending == Ending.DELIVERED else Answer(Ending.DELIVERED, receipt_number="?")

    broken: Any = {"key": with_new_key, "early": whatever_was_said}[kind]
    setattr(HttpGateway, "send", broken)  # noqa: B010 - mypy forbids to assign a method


# --- entry ---


def agency_system(port: int, portal: str, log: Path) -> None:
    """The made-up system: it works at once, accepts and approves, and after kill -9 goes on with what it had."""
    from agencies.gateways import signatures
    from agencies.gateways.base import SigningKey
    from agencies.gateways.simulator import Behaviour, Server, Simulator

    secret = signatures.parse_secret(os.environ["SIMULATOR_SECRET"])
    kid = me().replace("agency.", "drill-")
    Server(port, Simulator(SigningKey(kid, secret), portal, log, Behaviour(delay=0, tries=100_000))).serve_forever()


def run(command: list[str]) -> None:
    """A part's own command line, with its points armed."""
    arm()
    if command[0] == "agency":
        agency_system(int(command[1]), command[2], Path(command[3]))
    else:
        nursery.run(command)


def begin(asked: dict[str, Any]) -> None:
    """In a new process: which part it is, and what it runs."""
    part = asked["part"]
    if part == "papers":  # half a dozen for each case: they must not take the time from what is counted
        os.nice(19)
        with contextlib.suppress(OSError):  # where every session is a group of its own, only the group's value counts
            Path("/proc/self/autogroup").write_text("19")
    os.environ["DRILL_PART"] = part
    run(asked["command"])


if __name__ == "__main__":
    nursery.prepare()
    if broken := os.environ.get("DRILL_SABOTAGE"):
        sabotage(broken)
    nursery.serve(begin)
