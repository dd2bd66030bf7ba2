"""How texts leave the portal: one interface, a class per way. It knows no case and no table."""

import smtplib
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from agencies.gateways.base import Answer, Ending
from agencies.gateways.deadline import cut_at


@dataclass(frozen=True)
class Text:
    """`key` is the same on every try, so that the other side can tell a repetition."""

    key: str
    address: str = field(repr=False)
    subject: str
    body: str


class Sender(Protocol):
    def send(self, text: Text) -> Answer: ...


class Demo:
    """Nothing leaves the machine; the console's page shows what would have been sent."""

    def send(self, text: Text) -> Answer:
        return Answer(Ending.SENT, "演示：未真正发出，可在控制台查看")


class Email:
    """Through Django's EMAIL_BACKEND. What the server refuses for good is told apart from what may pass."""

    def send(self, text: Text) -> Answer:
        message = EmailMessage(
            text.subject, text.body, None, [text.address],
            headers={"Message-ID": message_id(text.key), "Auto-Submitted": "auto-generated"},
        )  # fmt: skip
        try:
            message.send()
        except smtplib.SMTPRecipientsRefused as refused:
            return _refused(next(iter(refused.recipients.values()))[0])
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused, smtplib.SMTPNotSupportedError):
            return Answer(Ending.CONFIGURATION, "邮件服务器不接受本平台的账户或发件地址")
        except smtplib.SMTPServerDisconnected:
            return Answer(Ending.UNKNOWN, "邮件服务器中途断开")
        except smtplib.SMTPResponseException as answer:
            return _refused(answer.smtp_code)
        except OSError:
            return Answer(Ending.PASSING, "邮件服务器没有回应")
        return Answer(Ending.SENT, "邮件服务器已收下")


class Smtp(EmailBackend):
    """Django's own, with one deadline for a mail: a server that stalls its callers, as many do, would hold a worker for ever."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with cut_at(time.monotonic() + settings.EMAIL_TOTAL_SECONDS) as self._watch:
            return super().send_messages(email_messages) or 0

    @property
    def connection_class(self) -> Any:
        plain: Any = super().connection_class
        watch = self._watch

        class Watched(plain):
            def _get_socket(self, *place: Any) -> socket.socket:
                line: socket.socket = super()._get_socket(*place)
                watch(line)
                return line

        return Watched


def _refused(code: int) -> Answer:
    if 500 <= code < 600:
        return Answer(Ending.LASTING, f"邮箱不存在或不收信（{code}）", status_code=code)
    return Answer(Ending.PASSING, f"邮件服务器要求过后再试（{code}）", status_code=code)


def message_id(key: str) -> str:
    """What a bounce names later."""
    host = settings.SITE_URL.split("://")[-1].split("/")[0].split(":")[0]
    return f"<{key}@{host}>"
