"""Icons: every name that a template uses has its drawing, and every drawing is used."""

import re

from tests.consistency.test_repository import ROOT, code, tracked

ICONS = {path.stem for path in tracked("static/icons/*.svg")}


def literal_names() -> set[str]:
    """Names in {% icon %}, {% tag %}, {% alert icon= %} and {% empty_state %} of the templates."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in tracked("templates/*.html"))
    by_tag = re.findall(r'{% (?:icon|empty_state) "([a-z0-9-]+)"', pages)
    in_tags = re.findall(r'{% tag "\w+" "([a-z0-9-]+)"', pages)
    return {*by_tag, *in_tags, *re.findall(r'{% alert [^%]*icon="([a-z0-9-]+)"', pages)}


def test_every_icon_of_the_templates_is_drawn() -> None:
    assert literal_names() - ICONS == set()


def test_icons_keep_their_licence() -> None:
    assert (ROOT / "static" / "icons" / "LICENSE").exists()


def test_every_drawing_is_used() -> None:
    sources = [*code(), *tracked("fixtures/*.yaml"), *tracked("static/css/*.css"), *tracked("templates/*.html")]
    words = set(
        re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", "\n".join(path.read_text(encoding="utf-8") for path in sources))
    )

    assert {name for name in ICONS if name not in words} == set()
