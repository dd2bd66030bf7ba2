"""A region file looked at before publishing: what is wrong with it, what it changes, what people would see."""

from dataclasses import dataclass, field

from agencies.checks import Finding, check_layer, errors_of
from agencies.comparison import Change, compare
from agencies.layers import Data, LayerError, parse_layer
from agencies.lines import lines_in
from agencies.models import Region, Scheme
from agencies.publishing import Refused, compile_scheme, layers_above
from agencies.spec import SchemeSpec


@dataclass(frozen=True)
class Examination:
    layer: Data | None = None
    region: Region | None = None
    spec: SchemeSpec | None = None
    current: Scheme | None = None
    findings: list[Finding] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        return errors_of(self.findings)

    @property
    def notices(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.is_error]

    @property
    def can_publish(self) -> bool:
        return self.spec is not None and not self.errors


def examine(text: str, name: str) -> Examination:
    """The file's findings, its effective scheme if it has one, and the changes against the newest published one."""
    try:
        layer = parse_layer(text, name)
    except LayerError as error:
        return Examination(findings=[Finding("文件", str(error).rstrip("。"), "改正后再检查")])
    region = Region.objects.filter(pk=layer["region"]).first()
    above = layers_above(region) if region else []
    codes = Region.objects.values_list("code", flat=True)
    findings = check_layer(layer, above, lines=lines_in(text), file=name, regions=codes)
    if region is None or errors_of(findings):
        return Examination(layer, region, findings=findings)
    try:
        spec = compile_scheme([*above, layer], layer["version"])
    except Refused as error:
        return Examination(layer, region, findings=[*findings, Finding("文件", str(error), "改正后再检查")])
    current = Scheme.objects.published().filter(region=region).order_by("-id").first()
    changes = compare(current.spec, spec) if current else []
    return Examination(layer, region, spec, current, findings, changes)
