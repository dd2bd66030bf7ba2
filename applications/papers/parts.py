"""What papers are made of, as plain values: rows of a table, lines of a list, the body of a notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Label and value of a table; strong values are printed bold."""

    label: str
    value: str
    is_strong: bool = False


@dataclass(frozen=True)
class Given:
    """One line of the list of materials received."""

    name: str
    count: str
    how: str


@dataclass(frozen=True)
class Line:
    """One deficit of a correction notice."""

    name: str
    reason: str
    how: str
    item: str = ""


@dataclass(frozen=True)
class Notice:
    """The body of a notice: what was decided, the table of facts, and what the person may do."""

    lead: str
    rows: tuple[Row, ...] = ()
    closing: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    is_joint: bool = False
