"""Limits and days: possible ones, and none longer than the one above it."""

from collections.abc import Iterator
from datetime import date

from agencies.enums import LimitUnit
from agencies.layers import Data
from agencies.linter.findings import Findings
from agencies.spec import Limit, SchemeSpec


def _limits(spec: SchemeSpec) -> Iterator[tuple[str, Limit]]:
    for name in ("legal_limit", "overall_limit", "receiving_limit", "reporting_limit"):
        if limit := getattr(spec, name):
            yield name, limit
    for item in spec.items:
        for name in ("legal_limit", "promised_limit", "fulfilment"):
            if limit := getattr(item, name):
                yield f"items.{item.code}.{name}", limit
    for material in spec.materials:
        if material.defer_limit:
            yield f"materials.{material.code}.defer_limit", material.defer_limit


def check_limits(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """A limit can be counted, and none is longer than the one it must keep within."""
    for path, limit in _limits(spec):
        if limit.unit in (LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY):
            if not limit.days or limit.days < 1:
                found.error(path, "时限没有写天数", "写 days，至少 1；没有公布就不要写这个时限")
        elif limit.unit == LimitUnit.NEXT_YEAR_DATE and not _is_date(limit):
            found.error(path, "次年日期不是日历上的一天", "写 month 和 day，例如 7 和 31")
    for item in spec.items:
        where = f"items.{item.code}.promised_limit"
        if _is_longer(item.promised_limit, item.legal_limit):
            found.error(where, f"承诺时限 {item.promised_limit}比法定时限 {item.legal_limit}还长", "改成不超过法定时限")
        if _is_longer(item.promised_limit, spec.overall_limit):
            found.error(where, f"承诺时限 {item.promised_limit}比整件事的 {spec.overall_limit}还长", "改正其中一个")
    if _is_longer(spec.overall_limit, spec.legal_limit):
        found.error(
            "overall_limit", f"承诺时限 {spec.overall_limit}比法定时限 {spec.legal_limit}还长", "改成不超过法定时限"
        )


def _is_date(limit: Limit) -> bool:
    try:
        date(2025, limit.month or 0, limit.day or 0)
    except ValueError:
        return False
    return True


def _is_longer(one: Limit | None, other: Limit | None) -> bool:
    """Only limits of one unit can be told apart for sure."""
    return bool(one and other and one.unit == other.unit and one.days and other.days and one.days > other.days)


def check_dates(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """Nothing ends before it begins, and grounds are in force."""
    if spec.valid_until and spec.valid_until < spec.valid_from:
        found.error("valid_until", "失效日期早于施行日期", "改正其中一个")
    for window in spec.windows:
        if not window.months or any(month not in range(1, 13) for month in window.months):
            found.error("windows", f"“{window.name}”的月份不对", "写 1 到 12")
    for item in spec.items:
        expired = [entry for entry in item.basis if entry.valid_until and entry.valid_until < spec.valid_from]
        if expired and len(expired) == len(item.basis):
            found.notice(f"items.{item.code}.basis", f"设定依据都已失效（{expired[0].text}）", "写上现行的依据")


def check_against_above(spec: SchemeSpec, above: Data, found: Findings) -> None:
    """A lower layer tightens: it may shorten a limit, not lengthen it."""
    higher = {entry["code"]: entry for entry in above.get("items", [])}
    pairs = [("overall_limit", spec.overall_limit, above.get("overall_limit"))]
    for item in spec.items:
        for name in ("promised_limit", "legal_limit"):
            pairs.append((f"items.{item.code}.{name}", getattr(item, name), higher.get(item.code, {}).get(name)))
    for path, limit, other in pairs:
        if other and _is_longer(limit, Limit.model_validate(other)):
            found.error(path, f"{limit}比上级规定的 {Limit.model_validate(other)}还长", "下级只能缩短，不能延长")
