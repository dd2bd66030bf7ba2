"""What the linter found: errors, which stop publishing, and notices."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    path: str
    problem: str
    advice: str
    is_error: bool = True
    line: int | None = None
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file} 第{self.line}行" if self.line else self.file
        kind = "错误" if self.is_error else "提示"
        return f"{where}［{kind}］{self.path}：{self.problem}。{self.advice}。".lstrip()


class Findings(list[Finding]):
    def error(self, path: str, problem: str, advice: str) -> None:
        self.append(Finding(path, problem, advice))

    def notice(self, path: str, problem: str, advice: str) -> None:
        self.append(Finding(path, problem, advice, is_error=False))


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.is_error]
