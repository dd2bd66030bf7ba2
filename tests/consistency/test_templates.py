"""Rules of the templates: strict policy, nothing unused."""

import re
from pathlib import Path

from tests.consistency.test_repository import code, relative, tracked

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"

# Found by Django, crispy-forms or the admin by their place, not by a name in our code.
BY_PLACE = ("403.html", "404.html", "500.html", "admin/", "bootstrap5/", "django/", "registration/")

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|<style\b|\sstyle=|\son[a-z]+=|javascript:", re.I
)


def pages() -> list[Path]:
    """Templates a browser shows; those of papers are read by the printer alone."""
    return [path for path in tracked("templates/*.html") if "pdf" not in path.relative_to(TEMPLATES).parts]


def test_templates_have_no_inline_script_or_style() -> None:
    found = [
        f"{relative(path)}:{number}: {match.group().strip()}"
        for path in pages()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := INLINE.search(line))
    ]

    assert found == []


def test_templates_load_nothing_from_elsewhere() -> None:
    outside = re.compile(r"<(?:link|script|img|iframe|source|form)\b[^>]*(?:href|src|action)=[\"'](?:https?:)?//", re.I)
    found = [relative(path) for path in pages() if outside.search(path.read_text(encoding="utf-8"))]

    assert found == []


def test_every_template_is_used() -> None:
    named = "\n".join(path.read_text(encoding="utf-8") for path in [*code(), *tracked("templates/*")])
    names = [str(path.relative_to(TEMPLATES)) for path in tracked("templates/*.html")]
    # `f"pdf/{kind}.html"` names a whole folder.
    folders = set(re.findall(r"f[\"'](\w+(?:/\w+)*/)\{", named))
    unused = [
        name
        for name in names
        if not name.startswith(BY_PLACE) and name not in named and not name.startswith(tuple(folders))
    ]

    assert unused == []
