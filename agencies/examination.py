"""A region file looked at before publishing: what is wrong with it, what it changes, what people would see."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agencies.comparison import Change, compare
from agencies.divisions import level_of, read_divisions
from agencies.layers import Data, LayerError, parse_layer, read_layer
from agencies.lines import lines_in, lines_of
from agencies.linter.findings import Finding, errors_of
from agencies.linter.linter import check_layer
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


def check_files(files: list[Path], *, home: Path) -> list[Finding]:
    """Findings about files, each under the layers above it: those given, else published ones, else those in `home`."""
    parents = _parents(files, home)
    layers: dict[str, Data] = {}
    for file in sorted(home.glob("*.yaml")):
        with suppress(LayerError):
            layer = read_layer(file)
            layers[layer["region"]] = layer
    published = Scheme.objects.published().order_by("id").values_list("region_id", "text__layer")
    layers.update(dict(published))
    findings: list[Finding] = []
    given: dict[str, Path] = {}
    for file in files:
        try:
            layer = read_layer(file)
        except LayerError as error:
            findings.append(Finding("文件", str(error).partition("：")[2].rstrip("。"), "改正后再检查", file=str(file)))
            continue
        given[layer["region"]], layers[layer["region"]] = file, layer
    for code in sorted(given, key=lambda code: (level_of(code), code)):
        above = [layers[place] for place in _above(code, parents) if place in layers]
        findings += check_layer(
            layers[code], above, lines=lines_of(given[code]), file=str(given[code]), regions=parents
        )
    return findings


def _parents(files: list[Path], home: Path) -> dict[str, str | None]:
    """Division → the one above it: the table of the database, else the file that ships, and files beside those given."""
    parents: dict[str, str | None] = dict(Region.objects.values_list("code", "parent_id"))
    for path in dict.fromkeys([home, *(file.parent for file in files)]):
        if (path / "divisions.csv").exists():
            parents.update({row.code: row.parent or None for row in read_divisions(path / "divisions.csv", parents)})
    return parents


def _above(code: str, parents: dict[str, str | None]) -> list[str]:
    """The divisions above one, from the nation down."""
    found: list[str] = []
    parent = parents.get(code)
    while parent:
        found.insert(0, parent)
        parent = parents.get(parent)
    return found
