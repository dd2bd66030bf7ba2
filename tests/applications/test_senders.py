"""Mail over a real SMTP line, and what comes back from it."""

import io
import socketserver
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.core.management import call_command

from agencies.gateways.base import Ending
from applications import bounces, notices, senders
from applications.enums import NoticeKind, NoticeStatus
from applications.models import Notice
from tests import factories
from tests.dribbler import dribbling

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Line(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs. An address says by its name how it is answered."""

    def handle(self) -> None:
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self.say("354 go on")
                self.server.taken.append(self.body())  # type: ignore[attr-defined]
                self.say("250 taken")
            elif verb == "RCPT" and "nobody" in line:
                self.say("550 no such mailbox")
            elif verb == "RCPT" and "full" in line:
                self.say("452 mailbox full")
            elif verb == "MAIL" and "stranger" in line:
                self.say("553 sender not allowed")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def body(self) -> bytes:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(lines)

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def server(settings: Any) -> Iterator[socketserver.TCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line) as found:
        found.taken = []  # type: ignore[attr-defined]
        settings.EMAIL_BACKEND = "applications.senders.Smtp"
        settings.EMAIL_HOST, settings.EMAIL_PORT = found.server_address
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def mail(address: str) -> senders.Text:
    return senders.Text(KEY, address, "“一件事”", "您的办件150602有新进展，请登录平台查看。")


def test_mail_reaches_the_server_with_its_key(server: Any) -> None:
    assert senders.Email().send(mail("zhao@example.com")).ending == Ending.SENT

    (raw,) = server.taken
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Message-ID"] == senders.message_id(KEY)
    assert message["To"] == "zhao@example.com"
    assert message.get_content().strip() == "您的办件150602有新进展，请登录平台查看。"


@pytest.mark.parametrize(
    ("address", "ending"), [("nobody@example.com", Ending.LASTING), ("full@example.com", Ending.PASSING)]
)
def test_refusal_for_good_is_told_apart_from_one_that_passes(server: Any, address: str, ending: Ending) -> None:
    assert senders.Email().send(mail(address)).ending == ending


def test_sender_whom_the_server_does_not_know_is_a_matter_of_configuration(server: Any, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "stranger@example.com"

    assert senders.Email().send(mail("zhao@example.com")).ending == Ending.CONFIGURATION


def test_server_that_is_away_is_tried_again(settings: Any) -> None:
    settings.EMAIL_BACKEND = "applications.senders.Smtp"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    assert senders.Email().send(mail("zhao@example.com")).ending == Ending.PASSING


@pytest.mark.parametrize(
    ("begin", "drop"), [(b"220-", b"x"), (b"220 test\r\n", b"250-x\r\n")], ids=["greeting", "answer"]
)
def test_mail_has_one_deadline_however_the_server_stalls(begin: bytes, drop: bytes, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_TOTAL_SECONDS = "applications.senders.Smtp", 1
    with dribbling(begin, drop) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port

        answer = senders.Email().send(mail("zhao@example.com"))

    assert answer.ending in (Ending.PASSING, Ending.UNKNOWN)
    assert 0 < server.sent < 50


REPORT = """From: MAILER-DAEMON@mx.example.com
To: portal@localhost
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

We could not deliver your message.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; old@example.com
Action: {action}
Status: {status}

--b
Content-Type: {enclosed}

Message-ID: <{key}@localhost>
Subject: x

x
--b--
"""


def report(key: str = KEY, action: str = "failed", status: str = "5.1.1", enclosed: str = "message/rfc822") -> bytes:
    return REPORT.format(key=key, action=action, status=status, enclosed=enclosed).encode()


@pytest.mark.parametrize("enclosed", ["message/rfc822", "text/rfc822-headers"])
def test_bounce_names_the_message_that_came_back(enclosed: str) -> None:
    assert bounces.parse(report(enclosed=enclosed)) == bounces.Bounce(KEY, "5.1.1", is_lasting=True)


def test_delay_is_no_bounce() -> None:
    assert bounces.parse(report(action="delayed", status="4.4.1")) is None


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff", b"Subject: hello\n\nMessage-ID: <x@y>", report(key="not-one-of-ours")]
)
def test_any_other_mail_is_no_bounce(raw: bytes) -> None:
    assert bounces.parse(raw) is None


@pytest.mark.usefixtures("directory")
def test_mail_server_hands_a_bounce_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A21: the message is known not to have arrived, and the text goes out instead."""
    case = factories.submitted(factories.person(email="old@example.com", contact_by="email"), ticked=["I01"])
    Notice.objects.all().delete()
    notice = notices.write(case, NoticeKind.DECISION)
    assert notice is not None
    notices.send([notice.pk])

    class Input:
        buffer = io.BytesIO(report(key=str(notice.key)))

    monkeypatch.setattr(sys, "stdin", Input)
    call_command("take_bounce", stdout=io.StringIO())
    notices.send([notice.pk])

    notice.refresh_from_db()
    assert (notice.status, notice.channel) == (NoticeStatus.SENT, "sms")
    assert notice.given_up[0]["detail"] == "邮件被退回（5.1.1）"
