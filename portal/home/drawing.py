"""The flow chart as boxes and lines: the whole way from before the form to the one result.

Columns follow from what waits for what: before coming, the form, what starts at once, what follows, the result. An outside
fact stands beside the item that waits for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agencies.flow_chart import FlowChart, Step
from agencies.spec import SchemeSpec
from portal.home.presenters import count_words

BOX_HEIGHT, ROW = 66, 84
TOP, EDGE = 62, 6
NARROW, WIDE, GAP = 150, 206, 58
PER_LINE = 10
PHONE, TRUNK, INDENT = 340, 24, 26


@dataclass(frozen=True)
class Box:
    """`kind` is before, form, item, fact or result; it decides the looks."""

    kind: str
    x: int
    row: int
    width: int
    icon: str
    title: tuple[str, ...]
    words: str
    top: int = TOP

    @property
    def y(self) -> int:
        return self.top + self.row * ROW

    @property
    def bottom(self) -> int:
        return self.y + BOX_HEIGHT

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def middle(self) -> int:
        return self.y + BOX_HEIGHT // 2

    @property
    def text_x(self) -> int:
        return self.x + 38

    @property
    def icon_at(self) -> str:
        return f"translate({self.x + 12} {self.y + 14}) scale(1.1)"

    @property
    def lines(self) -> list[tuple[int, str]]:
        alone = {1: 38, 2: 29, 3: 20}
        first = self.y + ({1: 27}.get(len(self.title), 21) if self.words else alone[len(self.title)])
        return [(first + 19 * index, line) for index, line in enumerate(self.title)]

    @property
    def words_y(self) -> int:
        return self.y + (48 if len(self.title) == 1 else 60)


@dataclass(frozen=True)
class Line:
    """`kind` is must, fact or result."""

    kind: str
    path: str


@dataclass(frozen=True)
class Heading:
    x: int
    words: str


@dataclass(frozen=True)
class Flow:
    """`name` tells the two drawings of a page apart."""

    name: str
    width: int
    height: int
    headings: tuple[Heading, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(spec: SchemeSpec, chart: FlowChart) -> Flow:
    """From left to right, for paper and wide screens."""
    return _Drawing(spec, chart).drawn()


def draw_for_phone(spec: SchemeSpec, chart: FlowChart) -> Flow:
    """The same from top to bottom: what follows an item, and what it waits for, stands indented below it."""
    return _Ladder(spec, chart).drawn()


class _Drawing:
    """Places boxes row by row; what follows something stands beside it where there is room."""

    def __init__(self, spec: SchemeSpec, chart: FlowChart) -> None:
        self.spec, self.chart = spec, chart
        self.taken: set[tuple[int, int]] = set()
        self.items: dict[str, Box] = {}
        self.facts: list[tuple[Step, Box]] = []
        self.start = EDGE + (NARROW + GAP if chart.prerequisites else 0)
        self.first = self.start + NARROW + GAP
        levels = [step.level + (2 if step.facts else 1) for step in chart.steps]
        self.columns = max(levels, default=1)

    def drawn(self) -> Flow:
        for step in self.chart.steps:
            self._place(step)
        for step in self.chart.steps:
            self._place_facts(step)
        rows = max((row for _, row in self.taken), default=0) + 1
        centre = (rows - 1) // 2
        form = Box("form", self.start, centre, NARROW, "journal-text", ("登记表",), _form_words(self.spec))
        result_x = self.first + self.columns * (WIDE + GAP)
        result = Box("result", result_x, centre, NARROW, "receipt", ("一单反馈",), "汇总结果")
        before = self._before(centre)
        boxes = (*before, form, *self.items.values(), *(box for _, box in self.facts), result)
        lines = (*self._lines(before, form), *self._to_result(result))
        return Flow("wide", result.right + EDGE, TOP + rows * ROW, self._headings(result_x), boxes, lines)

    def _place(self, step: Step) -> None:
        wanted = self.items[step.hard[0].code].row if step.hard else 0
        row = self._free(step.level, wanted)
        icon, words = _about(self.spec, step)
        x = self._x(step.level)
        self.items[step.item.code] = Box("item", x, row, WIDE, icon, _split(step.item.title), words)

    def _place_facts(self, step: Step) -> None:
        for name in step.facts:
            row = self._free(step.level + 1, self.items[step.item.code].row)
            box = Box("fact", self._x(step.level + 1), row, WIDE, "bank", _split(name, 3), "")
            self.facts.append((step, box))

    def _free(self, column: int, row: int) -> int:
        while (column, row) in self.taken:
            row += 1
        self.taken.add((column, row))
        return row

    def _x(self, column: int) -> int:
        return self.first + column * (WIDE + GAP)

    def _before(self, row: int) -> list[Box]:
        count = len(self.chart.prerequisites)
        title = ("先办好这一件",) if count == 1 else (f"先办好这{count_words(count)}件",)
        return [Box("before", EDGE, row, NARROW, "flag", title, "见下面的文字")] if count else []

    def _headings(self, result_x: int) -> tuple[Heading, ...]:
        heads = [Heading(EDGE, "来之前")] if self.chart.prerequisites else []
        heads += [Heading(self.start, "一表申请"), Heading(self._x(0), "同时办")]
        if len(self.chart.columns) > 1:
            heads.append(Heading(self._x(1), "接着办"))
        elif self.facts:
            heads.append(Heading(self._x(1), "等外部条件"))
        return (*heads, Heading(result_x, "结果"))

    def _lines(self, before: Iterable[Box], form: Box) -> Iterable[Line]:
        for box in before:
            yield Line("must", _curve(box, form))
        for step in self.chart.steps:
            box = self.items[step.item.code]
            if not step.hard:
                yield Line("must", _curve(form, box))
            for item in step.hard:
                yield Line("must", _curve(self.items[item.code], box))
        for step, box in self.facts:
            to = self.items[step.item.code]
            yield Line("fact", f"M{box.x} {box.middle} L{to.right + 9} {to.middle}")

    def _to_result(self, result: Box) -> Iterable[Line]:
        """Every item leads to the one result: straight where the way is free, else around what stands beside it."""
        wall = result.x - GAP // 2
        for step in self.chart.steps:
            box = self.items[step.item.code]
            beside = [(column, box.row) for column in range(step.level + 1, self.columns)]
            if any(place in self.taken for place in beside):
                turn, low = box.right + GAP // 4, box.y + BOX_HEIGHT + (ROW - BOX_HEIGHT) // 2
                yield Line("result", f"M{box.right} {box.y + BOX_HEIGHT - 10} H{turn} V{low} H{wall} V{result.middle}")
            else:
                yield Line("result", f"M{box.right} {box.middle} H{wall} V{result.middle}")
        yield Line("result", f"M{wall} {result.middle} H{result.x}")


class _Ladder:
    """Boxes one below the other beside a trunk that leads from the form to the result."""

    def __init__(self, spec: SchemeSpec, chart: FlowChart) -> None:
        self.spec, self.chart = spec, chart
        self.boxes: list[Box] = []
        self.lines: list[Line] = []

    def drawn(self) -> Flow:
        if count := len(self.chart.prerequisites):
            title = "先办好这一件" if count == 1 else f"先办好这{count_words(count)}件"
            self._add("before", 0, "flag", (title,), "见上面的文字")
        form = self._add("form", 0, "journal-text", ("登记表",), _form_words(self.spec))
        if self.chart.prerequisites:
            self.lines.append(Line("must", f"M{PHONE // 2} {self.boxes[0].bottom} V{form.y - 9}"))
        for step in self.chart.steps:
            if not step.hard:
                box = self._step(step, 0)
                self.lines.append(Line("must", f"M{TRUNK // 2} {form.bottom} V{box.middle} H{box.x - 9}"))
        result = self._add("result", 0, "receipt", ("一单反馈",), "汇总结果")
        self.lines.append(Line("must", f"M{TRUNK // 2} {form.bottom} V{result.y - 9}"))
        return Flow("phone", PHONE, result.bottom + EDGE, (), tuple(self.boxes), tuple(self.lines))

    def _step(self, step: Step, depth: int) -> Box:
        """The item, then what it waits for, then the items that wait for it first of all."""
        icon, words = _about(self.spec, step)
        others = [item.title for item in step.hard[1:]]
        words += f"，还要等{'、'.join(others)}" if others else ""
        box = self._add("item", depth, icon, _split(step.item.title), words)
        for name in step.facts:
            fact = self._add("fact", depth + 1, "bank", _split(name, 3), "")
            self.lines.append(Line("fact", f"M{fact.x + 16} {fact.y} V{box.bottom + 9}"))
        for later in self.chart.steps:
            if later.hard and later.hard[0] == step.item:
                child = self._step(later, depth + 1)
                self.lines.append(Line("must", f"M{box.x + 12} {box.bottom} V{child.middle} H{child.x - 9}"))
        return box

    def _add(self, kind: str, depth: int, icon: str, title: tuple[str, ...], words: str) -> Box:
        x = EDGE if kind in ("before", "form", "result") else EDGE + TRUNK + INDENT * min(depth, 3)
        box = Box(kind, x, len(self.boxes), PHONE - EDGE - x, icon, title, words, EDGE)
        self.boxes.append(box)
        return box


def _form_words(spec: SchemeSpec) -> str:
    return "先预审，再分送" if spec.pre_review else "窗口或网上填一次"


def _about(spec: SchemeSpec, step: Step) -> tuple[str, str]:
    """Icon and second line of an item's box: who does it, and whether the person has to come."""
    words = spec.agency_names(step.item)
    agency = spec.agency(step.item.agencies[0]) if step.item.agencies else None
    if step.item.in_person:
        return "person-walking", f"{words}，要本人到场"
    return (agency.icon if agency else "") or "buildings", words


def _curve(start: Box, end: Box) -> str:
    x1, x2 = start.right, end.x - 9
    middle = (x1 + x2) // 2
    return f"M{x1} {start.middle} C{middle} {start.middle} {middle} {end.middle} {x2} {end.middle}"


def _split(title: str, lines: int = 2) -> tuple[str, ...]:
    """As few lines as it takes, of about the same length; what is longer is cut, the words below say it whole."""
    count = min(-(-len(title) // PER_LINE), lines)
    size = min(-(-len(title) // count), PER_LINE)
    parts = [title[start : start + size] for start in range(0, size * count, size)]
    if len(title) > size * count:
        parts[-1] = f"{parts[-1][:-1]}…"
    return tuple(parts)
