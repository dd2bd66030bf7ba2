"""HTML to PDF with WeasyPrint, in the fonts of static/fonts alone.

WeasyPrint needs Pango, which no wheel brings on Linux. It is imported late and only here: without Pango everything else
runs, `Unavailable` is raised, and a check names the line that installs it. Nothing is fetched from a network, and no
font of the machine is used, so a paper looks the same everywhere.
"""

import contextlib
import ctypes
import io
import logging
import lzma
import os
import platform
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
FONTS = STATIC / "fonts"
# Below this plane the serif face has every ideograph of GB 18030-2022; the rare face is loaded only when it is needed.
_RARE = re.compile("[\U00020000-\U0002fa1f]")
_MISSING = re.compile(r"^\.notdef glyph .*\(U\+([0-9A-F]+)\)", re.DOTALL)
_TYPES = {".css": "text/css", ".otf": "font/otf", ".ttf": "font/ttf", ".svg": "image/svg+xml"}


class Unavailable(Exception):
    """This machine cannot make PDF files; the message says what to install."""


class NotPackaged(Exception):
    """A paper asked for something that is not among our own assets."""


@dataclass(frozen=True)
class Printed:
    """A PDF and the code points that no font of ours has."""

    pdf: bytes
    missing: tuple[int, ...] = ()


def install_hint() -> str:
    """The one line that installs what is missing on this system."""
    if platform.system() == "Darwin":
        return "brew install pango"
    return "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


@cache
def _weasyprint() -> Any:
    """The library, or Unavailable. It warns and prints when it finds no fonts or no Pango; both are expected here."""
    # It tells each step, already while it is imported.
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            import weasyprint
    except OSError as error:
        raise Unavailable(f"本机没有 PDF 组件 Pango，请安装：{install_hint()}") from error
    return weasyprint


def is_available() -> bool:
    """Whether this machine can make PDF files. Asked at every start, so the library itself is loaded only in doubt."""
    try:
        ctypes.CDLL("libpangoft2-1.0.so.0")
    except OSError:
        return _is_importable()
    return True


def _is_importable() -> bool:
    try:
        _weasyprint()
    except Unavailable:
        return False
    return True


def asset(name: str) -> bytes:
    """A file of static/, by its path there; one kept as .xz is unpacked. ValueError for anything else."""
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC.resolve()) or path.suffix not in _TYPES:
        raise ValueError(f"not an asset of a paper: {name}")
    if not path.exists() and path.with_name(f"{path.name}.xz").exists():
        return lzma.decompress(path.with_name(f"{path.name}.xz").read_bytes())
    return path.read_bytes()


@cache
def _fetcher() -> Any:
    """Hands out packaged assets (static:css/pdf.css) and data: images; whatever else is asked for stops the paper."""
    weasyprint = _weasyprint()
    library_fetcher: Any = weasyprint.urls.URLFetcher

    class PackagedOnly(library_fetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:image/svg+xml"):
                return super().fetch(url, headers)
            if not url.startswith("static:"):
                raise ValueError("papers fetch packaged assets only")
            name = url.removeprefix("static:")
            kind = {"Content-Type": _TYPES.get(Path(name).suffix, "")}
            return weasyprint.urls.URLFetcherResponse(url, asset(name), kind)

    return PackagedOnly(allowed_protocols=["data"], fail_on_errors=True)


@contextlib.contextmanager
def _own_fontconfig() -> Iterator[None]:
    """Fontconfig reads its file when a configuration is made; other programs of this process keep theirs."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(FONTS / "fonts.conf")
    try:
        yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


@cache
def _setting(is_rare: bool) -> tuple[Any, list[Any]]:
    """Fonts and style sheets, read once per process."""
    weasyprint = _weasyprint()
    with _own_fontconfig():
        fonts = weasyprint.text.fonts.FontConfiguration()
    names = ["css/pdf-fonts.css", *(["css/pdf-rare.css"] if is_rare else []), "css/pdf.css"]
    sheets = [
        weasyprint.CSS(
            string=asset(name).decode(), base_url=f"static:{name}", url_fetcher=_fetcher(), font_config=fonts
        )
        for name in names
    ]
    return fonts, sheets


class _Collector(logging.Handler):
    """Keeps what WeasyPrint warns about while one paper is made."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextlib.contextmanager
def _collected() -> Iterator[_Collector]:
    logger, collector = logging.getLogger("weasyprint"), _Collector()
    before = logger.propagate
    logger.addHandler(collector)
    # A warning repeats text of the paper, which is personal.
    logger.propagate = False
    try:
        yield collector
    finally:
        logger.propagate = before
        logger.removeHandler(collector)


def print_pdf(html: str, *, identifier: str) -> Printed:
    """The page as a tagged PDF. The same page and identifier give the same bytes.

    Raises Unavailable without Pango, NotPackaged when the page asks for anything but our own assets.
    """
    weasyprint = _weasyprint()
    fonts, sheets = _setting(bool(_RARE.search(html)))
    with _collected() as collector:
        page = weasyprint.HTML(string=html, base_url="static:", url_fetcher=_fetcher())
        try:
            pdf = page.write_pdf(
                stylesheets=sheets, font_config=fonts, pdf_variant="pdf/ua-1", pdf_identifier=identifier.encode()
            )
        except weasyprint.urls.FatalURLFetchingError as error:  # no Exception, so it would end the worker
            raise NotPackaged(str(error)) from None
    found = [match for line in collector.lines if (match := _MISSING.match(line))]
    return Printed(pdf, tuple(sorted({int(match.group(1), 16) for match in found})))
