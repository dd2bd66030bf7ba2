"""What the domain refuses, in sentences that a page can show as they are."""


class Refused(Exception):
    """A rule forbids what was asked. `str()` is a Chinese sentence that says what to do."""


class AlreadyDone(Refused):
    """Somebody did it before; the page says who and when, and nothing is lost."""


class Invalid(Refused):
    """Input that does not pass: messages by field code or material code."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("；".join(errors.values()))
        self.errors = errors
