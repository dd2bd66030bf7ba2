"""What a gateway is given and what it answers: one message to one office, and how that ended. No case, no database."""

from dataclasses import dataclass, field
from enum import StrEnum


class Ending(StrEnum):
    """How one try ended; the classes decide what happens next.

    `sent`: taken, the receipt comes later. `passing`: try again. `unknown`: the other side may have it; try again with
    the same key. `lasting` and `configuration`: trying again would not help, a person is called.
    """

    DELIVERED = "delivered"
    SENT = "sent"
    PASSING = "passing"
    UNKNOWN = "unknown"
    LASTING = "lasting"
    CONFIGURATION = "configuration"


@dataclass(frozen=True)
class SigningKey:
    kid: str
    secret: bytes


@dataclass(frozen=True)
class Message:
    """`key` is the same on every try, so that the receiver can tell a repetition; `digest` is that of the payload.

    `is_word`: it brings no task but the word that one is no more, which needs no receipt number.
    """

    key: str
    body: bytes
    digest: str
    keys: tuple[SigningKey, ...] = field(repr=False)
    is_word: bool = False
    trace: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Answer:
    """`said` is the receiver's own answer in short, for who looks into it later."""

    ending: Ending
    detail: str = ""
    receipt_number: str = ""
    status_code: int | None = None
    retry_after: float | None = None
    is_gone: bool = False
    said: str = ""
