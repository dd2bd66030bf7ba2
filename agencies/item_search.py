"""Finding an item by the words that people use. Pure."""

import unicodedata

from agencies.spec import ItemSpec, SchemeSpec


def search(spec: SchemeSpec, words: str) -> list[ItemSpec]:
    """The items that everyday words mean, best first: by name, alias, or two characters in common; [] for nothing."""
    asked = _plain(words)
    if not asked:
        return []
    scored = [(_score(item, asked), -order, item) for order, item in enumerate(spec.offered)]
    return [item for score, _, item in sorted(scored, key=lambda entry: entry[:2], reverse=True) if score > 0]


def _plain(text: str) -> str:
    """Text for comparing: full-width forms made plain, blanks and punctuation dropped, one case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


def _score(item: ItemSpec, asked: str) -> int:
    names = [_plain(name) for name in (item.name, item.form_name, item.short_name, *item.aliases) if name]
    if asked in names:
        return 100
    if any(asked in name for name in names):
        return 60
    contained = [len(name) for name in names if name in asked]
    if contained:
        return 30 + max(contained)
    return len(_pairs(asked) & set().union(*map(_pairs, names)))


def _pairs(text: str) -> set[str]:
    return {text[start : start + 2] for start in range(len(text) - 1)}
