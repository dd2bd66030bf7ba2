"""The drill's count: what people were told against what each agency's own system wrote down. No database is asked."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Count:
    """`problems` are sentences; without one the drill has passed."""

    acknowledged: int = 0
    expected: int = 0
    received: int = 0
    recognised: int = 0
    problems: list[str] = field(default_factory=list)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a log; one torn by kill -9 was never answered for."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def count(
    acknowledged: Iterable[dict[str, Any]], logs: Mapping[str, Iterable[dict[str, Any]]], submissions: int
) -> Count:
    """Every item of every acknowledged form at each of its agencies exactly once; nothing for anybody else."""
    told = list(acknowledged)
    numbers = [line["number"] for line in told]
    wanted = {(line["number"], item, agency) for line in told for item, agency in line["expected"]}
    taken: Counter[tuple[str, str, str]] = Counter()
    recognised = 0
    for agency, lines in logs.items():
        for line in lines:
            if line["what"] == "taken":
                taken[line["case_number"], line["item"], agency] += 1
            recognised += line["what"] == "again"
    result = Count(len(told), len(wanted), sum(taken.values()), recognised)
    lost, foreign = wanted - set(taken), set(taken) - wanted
    doubled = [key for key, times in taken.items() if times > 1]
    if len(told) != submissions:
        result.problems.append(f"{submissions} 人提交，{len(told)} 人得到答复")
    if "" in numbers or len(set(numbers)) != len(numbers):
        result.problems.append("有人没有得到编号，或两个人得到同一个编号")
    for words, keys in (("丢失", lost), ("重复", doubled), ("多出", foreign)):
        if keys:
            example = "、".join(min(keys))
            result.problems.append(f"部门系统{words} {len(keys)} 条（如 {example}）")
    return result
