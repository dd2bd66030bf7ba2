"""The form that people fill in, and the conditions on which parts of a scheme depend."""

from collections.abc import Iterator

from agencies.fields import FIELDS
from agencies.layers import Data, form_fields
from agencies.linter.faults import near
from agencies.linter.findings import Findings
from agencies.spec import Condition, SchemeSpec

ALWAYS_ASKED = ("name", "id_no", "mobile")


def check_form(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """The form asks each field once, what every case needs in any case, and nothing that no item uses."""
    fields = [line.field for section in spec.form.sections for line in section.fields]
    for code in sorted({code for code in fields if fields.count(code) > 1}):
        found.error("form.sections", f"字段“{code}”在登记表里出现两次", "只留一个")
    for code in fields:
        if code not in FIELDS:
            found.error("form.sections", f"字段“{code}”不存在{near(code)}", "用字段表里的代码")
    for code in ALWAYS_ASKED:
        if code not in fields:
            found.error("form.sections", f"登记表没有“{FIELDS[code].label}”", f"加上 {code}，没有它不能办件")
    for row in spec.form.printed_rows:
        for code in row:
            if code not in FIELDS:
                found.error("form.printed_rows", f"字段“{code}”不存在{near(code)}", "用字段表里的代码")
            elif code not in fields:
                found.notice(
                    "form.printed_rows",
                    f"打印栏“{FIELDS[code].label}”登记表不问，会一直空着",
                    "去掉这一栏，或加进登记表",
                )
    if not spec.form.promise:
        found.error("form.promise", "没有申请承诺", "写上承诺书的原文")
    unused = set(fields) - {code for item in spec.items for code in item.fields} - {"deliver", "post_addr"}
    conditional = {part.field for _, condition in _conditions(spec) for part in _parts(condition)}
    for code in sorted(unused - conditional):
        if code in FIELDS:
            found.notice("form.sections", f"“{FIELDS[code].label}”没有一个事项要用，但人人都要填", "不用就去掉")


def check_conditions(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """A condition looks at fields that the form asks and at values that they can have."""
    asked = form_fields(spec.model_dump(by_alias=True))
    items = {item.code for item in spec.items}
    for path, condition in _conditions(spec):
        for part in _parts(condition):
            if part.ticked is not None and part.ticked not in items:
                found.error(path, f"条件中的事项“{part.ticked}”不存在", "改正代码")
            if part.field is None:
                if part.ticked is None and not part.all_of:
                    found.error(path, "条件是空的", "写 field 和 in，或 ticked，或 all_of")
                continue
            if part.field not in FIELDS:
                found.error(path, f"条件中的字段“{part.field}”不存在{near(part.field)}", "用字段表里的代码")
                continue
            if part.field not in asked and not path.endswith(".concerns"):
                found.notice(
                    path,
                    f"条件要看“{FIELDS[part.field].label}”，登记表不问它，条件永远不成立",
                    "加进登记表，或去掉条件",
                )
            values = {value for value, _ in FIELDS[part.field].choices}
            for value in part.is_in if values else ():
                if value not in values:
                    found.error(
                        path, f"“{value}”不是“{FIELDS[part.field].label}”的选项", f"只能是 {'、'.join(sorted(values))}"
                    )


def _conditions(spec: SchemeSpec) -> Iterator[tuple[str, Condition]]:
    for material in spec.materials:
        if material.when:
            yield f"materials.{material.code}.when", material.when
    for item in spec.items:
        for edge in item.requires:
            if edge.when:
                yield f"items.{item.code}.requires", edge.when
        if item.concerns:
            yield f"items.{item.code}.concerns", item.concerns
    for number, section in enumerate(spec.form.sections):
        for position, line in enumerate(section.fields):
            if line.when:
                yield f"form.sections.{number}.fields.{position}.when", line.when


def _parts(condition: Condition) -> Iterator[Condition]:
    if not condition.all_of:
        yield condition
    for part in condition.all_of:
        yield from _parts(part)
