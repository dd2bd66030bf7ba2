"""Choosing the place of settlement among the open ones: by search, or down the tree of places."""

from dataclasses import dataclass, field

from agencies.enums import Level
from agencies.models import Region


@dataclass(frozen=True)
class Entry:
    """A place to hand in at, or (with `count`) a place above `count` of them."""

    code: str
    name: str
    full_name: str
    count: int = 0


@dataclass
class Browse:
    """What the page of places shows now: the way down so far, places below, places to choose."""

    query: str = ""
    trail: list[Entry] = field(default_factory=list)
    branches: list[Entry] = field(default_factory=list)
    choices: list[Entry] = field(default_factory=list)


def browse(within: str = "", query: str = "") -> Browse:
    """The places below `within` (top when empty or unknown); with a query the open places whose name contains it."""
    regions = list(Region.objects.open().with_above())
    query = query.strip()
    if query:
        found = [region for region in regions if query in region.full_name.replace(" ", "")]
        return Browse(query=query, choices=[_choice(region) for region in found[:60]])
    here = next((place for region in regions for place in region.lineage()[1:] if place.code == within), None)
    trail = [place for place in reversed(here.lineage()) if place.level > Level.NATION] if here else []
    steps: dict[str, list[Region]] = {}
    places: dict[str, Region] = {}
    for region in regions:
        line = [place for place in reversed(region.lineage()) if place.level > Level.NATION]
        if line[: len(trail)] == trail and len(line) > len(trail):
            step = line[len(trail)]
            places[step.code] = step
            steps.setdefault(step.code, []).append(region)
    own = [region for region in regions if trail and region.code == trail[-1].code]
    counts = {code: sum(region.code != code for region in below) for code, below in steps.items()}
    return Browse(
        trail=[_choice(place) for place in trail],
        branches=[Entry(code, p.name, p.full_name, counts[code]) for code, p in places.items() if counts[code]],
        choices=[
            *(Entry(region.code, region.own_level_name, region.full_name) for region in own),
            *(_choice(place) for code, place in places.items() if not counts[code]),
        ],
    )


def _choice(region: Region) -> Entry:
    return Entry(region.code, region.name, region.full_name)


def open_within(region: Region) -> list[Region]:
    """The open places that are this place or lie below it."""
    regions = Region.objects.open().with_above()
    return [place for place in regions if region in place.lineage()]
