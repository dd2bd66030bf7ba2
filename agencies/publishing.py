"""Publishing: layers become the effective schemes of their places, stored once and never changed.

A published version is what cases point to, so the same version with other content is refused. When a layer above
changes, every place below it gets a new version; cases keep the one they were started on.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from agencies.enums import Level
from agencies.layers import Data, LayerError, effective
from agencies.models import Agency, Item, Office, Region, Scheme, SchemeText
from agencies.shape import faults_of
from agencies.spec import OfficeSpec, SchemeSpec

logger = logging.getLogger(__name__)


class Refused(ValueError):
    """What cannot be published, in a sentence that says what to do."""


class NotTaken(Exception):
    """Schemes whose first day came and whose places could not be told; the others were."""


@dataclass
class Outcome:
    """What a publication did: new schemes; regions whose layer was already stored just so; and those with a newer one."""

    published: list[Scheme] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    offices: int = 0


def altered() -> list[Scheme]:
    """Published schemes whose content is no longer what was published: changed past this module."""
    return [
        scheme
        for scheme in Scheme.objects.published().select_related("text")
        if scheme.digest != digest_of(scheme.content)
    ]


def digest_of(content: Data) -> str:
    """SHA-256 of the content in one canonical form: equal contents give equal digests."""
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def compile_scheme(layers: Sequence[Data], version: str) -> SchemeSpec:
    """The effective scheme of layers from the top down, checked, not stored. Raises Refused with every fault."""
    try:
        return SchemeSpec.model_validate({**effective(layers), "version": version})
    except LayerError as error:
        raise Refused(str(error)) from None
    except ValidationError as error:
        faults = "；".join(f"{'.'.join(map(str, fault['loc']))}：{fault['msg']}" for fault in error.errors())
        raise Refused(f"{layers[-1]['region']} 的方案有错，未发布：{faults}") from None


def layers_above(region: Region) -> list[Data]:
    """The published layers of the places above, from the nation down."""
    found: list[Data] = []
    for place in region.lineage()[1:]:
        scheme = Scheme.objects.published().filter(region=place).order_by("-id").first()
        if scheme:
            found.insert(0, scheme.layer)
    return found


def publish(*layers: Data, valid_from: date | None = None) -> Outcome:
    """Publish region layers together: all or none. `valid_from` sets their day of coming into force. Raises Refused."""
    for layer in layers:
        if faults := faults_of(layer):
            said = "；".join(f"{'.'.join(map(str, loc))}：{fault['msg']}" for loc, fault in faults)
            raise Refused(f"{layer.get('region')} 的方案写法不对，未发布：{said}。请先运行 check_region。")
    with transaction.atomic():
        # One publication at a time: the layers of the places below are read and written again.
        list(Region.objects.select_for_update().filter(level=Level.NATION))
        return _Publication(layers, valid_from).run()


class _Publication:
    def __init__(self, given: Sequence[Data], valid_from: date | None) -> None:
        self.valid_from = valid_from
        self.given = {str(layer["region"]): layer for layer in given}
        self.regions = {region.code: region for region in Region.objects.all()}
        self.outcome = Outcome()
        self.latest: dict[str, Scheme] = {}
        for scheme in Scheme.objects.published().select_related("text").order_by("id"):
            self.latest[scheme.region_id] = scheme
        self.renewed: dict[str, Scheme] = {}

    def run(self) -> Outcome:
        for code, layer in list(self.given.items()):
            self._refuse_changed_version(code, layer)
            if self._is_superseded(code, layer):
                del self.given[code]
                self.outcome.superseded.append(code)
        codes = {*self.given, *self.latest}
        for code in sorted(codes, key=lambda code: (self.regions[code].level, code)):
            self._renew(code)
        return self.outcome

    def _refuse_changed_version(self, code: str, layer: Data) -> None:
        if code not in self.regions:
            raise Refused(f"区划代码“{code}”不在行政区划表中，请先在 divisions.csv 中登记，或改正 region。")
        of_this_version = Scheme.objects.published().filter(region_id=code, text__layer__version=layer["version"])
        for scheme in of_this_version.select_related("text"):
            if scheme.layer != layer:
                raise Refused(
                    f"{self.regions[code]}的方案版本“{layer['version']}”已经发布，内容不能再改。"
                    "请把 version 改成新的版本号后再发布。"
                )

    def _is_superseded(self, code: str, layer: Data) -> bool:
        """Whether this layer was published before and a newer one has taken its place: an old file changes nothing."""
        known = self.latest.get(code)
        before = Scheme.objects.published().filter(region_id=code, text__layer__version=layer["version"])
        return known is not None and known.layer != layer and before.exists()

    def _renew(self, code: str) -> None:
        region, latest = self.regions[code], self.latest.get(code)
        layer = self.given.get(code) or (latest.layer if latest else None)
        if layer is None:
            return
        above = next(iter(self._schemes_above(region)), None)
        version = "+".join(filter(None, [layer["version"], above.version if above else ""]))
        if latest and latest.version == version:
            self.outcome.unchanged.append(code)
            return
        starts = max(self._own_start(code, layer), str(above.valid_from) if above else "")
        spec = compile_scheme(
            [*(scheme.layer for scheme in reversed(self._schemes_above(region))), {**layer, "valid_from": starts}],
            version,
        )
        scheme = self._store(region, layer, spec)
        self.outcome.offices += equip(region, spec, layer, before=latest.layer if latest else {})
        self.renewed[code] = scheme
        self.outcome.published.append(scheme)

    def _own_start(self, code: str, layer: Data) -> str:
        if code not in self.given:
            return str(self.latest[code].valid_from)
        return str(self.valid_from or layer.get("valid_from", ""))

    def _schemes_above(self, region: Region) -> list[Scheme]:
        """The schemes of the places above, the nearest first."""
        found, parent = [], region.parent_id
        while parent:
            if scheme := self.renewed.get(parent) or self.latest.get(parent):
                found.append(scheme)
            parent = self.regions[parent].parent_id
        return found

    def _store(self, region: Region, layer: Data, spec: SchemeSpec) -> Scheme:
        content = spec.model_dump(mode="json", by_alias=True)
        scheme = Scheme.objects.create(
            region=region,
            version=spec.version,
            title=spec.title,
            valid_from=spec.valid_from,
            valid_until=spec.valid_until,
            digest=digest_of(content),
        )
        SchemeText.objects.create(scheme=scheme, layer=layer, content=content)
        Item.objects.bulk_create(
            Item(
                scheme=scheme,
                code=item.code,
                name=item.name,
                order=order,
                is_enabled=item.enabled,
                agency_codes=list(item.agencies),
            )
            for order, item in enumerate(spec.items, 1)
        )
        # From here on the database lets nobody change it.
        scheme.published_at = timezone.now()
        scheme.save(update_fields=["published_at"])
        return scheme


def equip(region: Region, spec: SchemeSpec, layer: Data, *, before: Data) -> int:
    """Give the places of a scheme what work needs: agencies, offices, phones, and open doors. Returns new offices.

    What an administrator has edited stays as it is; only what the layer says otherwise than the version `before` is written
    over. A scheme of a later day gets its agencies and offices now, and says its phones and opens its doors on that day
    (`take_effect`).
    """
    for order, agency in enumerate(spec.agencies, 1):
        Agency.objects.get_or_create(
            code=agency.code, defaults={"name": agency.name, "icon": agency.icon, "order": order}
        )
    is_in_force = spec.valid_from <= timezone.localdate()
    for office in map(OfficeSpec.model_validate, _news(layer, before, "offices")):
        facts = {key: getattr(office, key) or "" for key in ("name", "address", "hours", "phone", "gateway")}
        if is_in_force:
            Office.objects.update_or_create(agency_id=office.agency, region_id=office.region, defaults=facts)
        else:
            Office.objects.get_or_create(agency_id=office.agency, region_id=office.region, defaults=facts)
    places = _places(region, {place.region for place in spec.places})
    known = Office.objects.count()
    Office.objects.bulk_create(
        [
            Office(agency_id=agency.code, region=place, name=agency.office_name.format(place=place.name))
            for place in places
            if place.level <= Level.COUNTY  # a township's cases go to its county's offices, unless it lists its own
            for agency in spec.agencies
            if agency.office_name
        ],
        ignore_conflicts=True,
    )
    if is_in_force:
        _tell(places, spec, {str(place["region"]) for place in _news(layer, before, "places")})
        if not before or before.get("opens") != layer.get("opens"):
            _open(places, spec, layer.get("opens", []))
        Region.objects.bulk_update(places, ["is_open", "phone", "window"])
    return Office.objects.count() - known


def take_effect(today: date, *, since: date | None = None) -> int:
    """What schemes published ahead say of their places holds from their first day on; returns how many were gone through.

    `since` is the day on which this was last done: days that were missed are made up for. Of a place's versions the first
    one published ahead and all after it take their turn, so that the newest has the last word. Safe to run twice. Raises
    NotTaken at the end, where one could not.
    """
    after = since or today - timedelta(days=1)
    begun = Scheme.objects.published().filter(
        valid_from__gt=min(after, today - timedelta(days=1)), valid_from__lte=today
    )
    overdue: set[str] = set()
    done, failed = 0, []
    for scheme in begun.select_related("region").order_by("valid_from", "region__level", "id"):
        if timezone.localdate(scheme.published_at) < scheme.valid_from:
            overdue.add(scheme.region_id)
        if scheme.region_id not in overdue:
            continue
        try:
            _take_effect(scheme)
            done += 1
        except Exception:  # the other places get theirs
            logger.exception("scheme %s could not take effect", scheme.pk)
            failed.append(str(scheme))
    if failed:
        raise NotTaken("、".join(failed))
    return done


def _take_effect(scheme: Scheme) -> None:
    eve = Scheme.objects.for_day(scheme.valid_from - timedelta(days=1)).filter(region=scheme.region)
    previous = eve.order_by("-valid_from", "-id").first()
    with transaction.atomic():
        equip(scheme.region, scheme.spec, scheme.layer, before=previous.layer if previous else {})


def _news(layer: Data, before: Data, name: str) -> list[Data]:
    """The entries of a list that the version before did not have just so."""
    known = before.get(name, [])
    return [entry for entry in layer.get(name, []) if entry not in known]


def _places(region: Region, told: set[str]) -> list[Region]:
    """The counties below, the cities that have none, and what the scheme lists as a place (a city's own 市本级)."""
    today = timezone.localdate()
    # Read anew: a layer above, published just before, may have opened the place.
    below = [Region.objects.get(pk=region.pk)]
    for place in below:
        below.extend(place.children.all())
    alive = [place for place in below if place.valid_until is None or place.valid_until >= today]
    parents = {place.parent_id for place in alive if place.level == Level.COUNTY}
    return [
        place
        for place in alive
        if place.level == Level.COUNTY
        or place.code in told
        or (place.level == Level.CITY and place.code not in parents)
    ]


def _tell(places: list[Region], spec: SchemeSpec, listed: set[str]) -> None:
    """Phones and windows: what the layer lists is written over, elsewhere only what is still empty."""
    for place in places:
        told = spec.place(place.code)
        named = spec.window_name.format(place=place.name) if place.level <= Level.COUNTY else ""
        phone, window = (told.phone or "", told.window or named) if told else ("", named)
        if place.code in listed:
            place.phone, place.window = phone or place.phone, window or place.window
        else:
            place.phone, place.window = place.phone or phone, place.window or window


def _open(places: list[Region], spec: SchemeSpec, opens: Any) -> None:
    """Opens what the layer lists, unless the scheme holds the place back or names a later day."""
    today = timezone.localdate()
    for place in places:
        told = spec.place(place.code)
        if opens == "all" or place.code in opens:
            place.is_open = told is None or (told.is_open and (told.open_from or date.min) <= today)
