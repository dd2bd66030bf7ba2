from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.checks import Finding, check_layer
from agencies.divisions import level_of, read_divisions
from agencies.layers import Data, LayerError, read_layer
from agencies.lines import lines_of
from agencies.models import Region

HOME = Path(settings.BASE_DIR) / "fixtures" / "regions"


class Command(BaseCommand):
    help = "检查地区文件，不改动任何数据。每条意见写明文件、行、位置、问题和改法；有错误时以非零状态结束。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, help="文件或文件夹；不写时用 fixtures/regions")
        parser.add_argument("--errors-only", action="store_true", help="只列错误，不列提示")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = options["paths"] or [HOME]
        files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
        findings = check_files(files)
        shown = [one for one in findings if one.is_error or not options["errors_only"]]
        for finding in shown:
            self.stdout.write(str(finding))
        errors = sum(one.is_error for one in findings)
        self.stdout.write(f"检查了 {len(files)} 个文件：错误 {errors} 处，提示 {len(findings) - errors} 处。")
        if errors:
            raise CommandError("有错误，不能发布。")


def check_files(files: list[Path]) -> list[Finding]:
    """Findings about files, each laid over the layers above it: those given, else those that ship with the portal."""
    parents = _parents(files)
    layers: dict[str, tuple[Path, Data]] = {}
    findings: list[Finding] = []
    for file in [*sorted(HOME.glob("*.yaml")), *files]:
        try:
            layer = read_layer(file)
        except LayerError as error:
            if file in files:
                findings.append(Finding("", str(error).partition("：")[2].rstrip("。"), "改正后再检查", file=str(file)))
            continue
        layers[layer["region"]] = (file, layer)
    for code in sorted(layers, key=lambda code: (level_of(code), code)):
        file, layer = layers[code]
        if file in files:
            above = [layers[place][1] for place in _above(code, parents) if place in layers]
            findings += check_layer(layer, above, lines=lines_of(file), file=str(file), regions=parents)
    return findings


def _parents(files: list[Path]) -> dict[str, str | None]:
    """Division → the one above it: the table of the database, else the file that ships, and files beside those given."""
    parents: dict[str, str | None] = dict(Region.objects.values_list("code", "parent_id"))
    for path in dict.fromkeys([HOME, *(file.parent for file in files)]):
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
