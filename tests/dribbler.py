"""A server that sends a little now and then, as a process of its own: each piece would start a time-out anew."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Takes one connection, sends a beginning, then the same every tenth of a second; prints how often, at most 300 times.
_CODE = """
import socket, sys, time
begin, drop = (bytes.fromhex(text) for text in sys.argv[1:])
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    line, _ = server.accept()
    sent = 0
    try:
        line.sendall(begin)
        for sent in range(1, 301):
            time.sleep(0.1)
            line.sendall(drop)
    except OSError:
        pass
    print(sent)
"""


@dataclass
class Dribbler:
    """`sent`: how often it could send before the caller hung up; known afterwards."""

    port: int
    sent: int = 0


@contextmanager
def dribbling(begin: bytes, drop: bytes) -> Iterator[Dribbler]:
    command = [sys.executable, "-c", _CODE, begin.hex(), drop.hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        server = Dribbler(int(process.stdout.readline()))
        yield server
        server.sent = int(process.stdout.read())
