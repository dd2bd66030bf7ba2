"""The people of the demo and where they work: accounts, postings, and one open county per published scheme.

Which places there are is read from the data. Everybody here is made up; the password is printed on the sign-in page.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from agencies.catalogue import NoScheme, scheme_for
from agencies.divisions import load_divisions, read_divisions
from agencies.enums import Level, Role
from agencies.layers import read_layer
from agencies.models import Agency, Office, Posting, Region, Scheme
from agencies.publishing import publish
from agencies.routing import offices_for
from applications.demo import soldier
from portal.accounts.demo import ACCOUNTS, DEMO_PASSWORD
from portal.accounts.models import User

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = ("建华", "志强", "海涛", "晓东", "永刚", "文博", "立军", "国栋", "雪梅", "丽娟", "红霞", "玉兰", "春燕", "俊杰")
# Names that a portal must be able to store, send and print: rare characters, long names, two ways to write one.
SOLDIERS = ("巴特尔", "阿卜杜热合曼·买买提", "䶮𠮷㛃", "欧阳长征", "那日苏", "仁青扎西", "尹力", "孟和")


@dataclass
class Place:
    """An open county, its scheme in force, its offices, and the demo's people who work there."""

    region: Region
    scheme: Scheme
    offices: dict[str, Office]
    clerk: User = field(default_factory=User)
    reviewers: dict[str, User] = field(default_factory=dict)
    approvers: dict[str, User] = field(default_factory=dict)


class People:
    """Makes each account once; one seed always gives the same names."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - made-up names, not a secret
        self.password = make_password(DEMO_PASSWORD)
        self.given = {account.username: account.legal_name for account in ACCOUNTS}
        self.soldiers = -1

    def name(self) -> str:
        return self.chance.choice(SURNAMES) + self.chance.choice(GIVEN)

    def account(self, username: str, legal_name: str = "", **fields: object) -> User:
        values = {"legal_name": self.given.get(username) or legal_name or self.name(), "password": self.password}
        return User.objects.get_or_create(username=username, defaults={**values, **fields})[0]

    def soldier(self, username: str = "") -> User:
        """An applicant whose account says the same as the form will; the first one stays without a case."""
        self.soldiers += 1
        username = username or f"soldier{self.soldiers}"
        name = self.given.get(username) or (SOLDIERS[self.soldiers] if self.soldiers < len(SOLDIERS) else self.name())
        made = soldier(name, self.soldiers)
        return self.account(username, made.name, id_no=made.id_no, phone=made.phone)

    def post(self, username: str, role: Role, *, office: Office | None = None, region: Region | None = None) -> User:
        is_admin = role == Role.ADMINISTRATOR
        user = self.account(username, is_staff=is_admin, is_superuser=is_admin)
        Posting.objects.get_or_create(user=user, role=role, office=office, region=region)
        return user

    def equip(self, place: Place, *, is_main: bool) -> None:
        """A clerk at the county's window, a reviewer and an approver at each office that serves it."""
        suffix = "" if is_main else f"_{place.region.code}"
        place.clerk = self.post(f"clerk{suffix}", Role.CLERK, region=place.region)
        for code, office in place.offices.items():
            place.reviewers[code] = self.post(f"reviewer_{code}{suffix}", Role.REVIEWER, office=office)
            place.approvers[code] = self.post(f"approver_{code}{suffix}", Role.APPROVER, office=office)

    def overseers(self, place: Place) -> tuple[User, User]:
        """The supervisor sees the area that the main county's scheme is made for; the administrator sees everything, the auditor the logs."""
        supervisor = self.post("supervisor", Role.SUPERVISOR, region=place.scheme.region)
        self.post("auditor", Role.AUDITOR)
        return supervisor, self.post("admin", Role.ADMINISTRATOR)


def load_example() -> None:
    """The invented region of the demo, for what none of the real schemes provides for. Loaded once."""
    folder = Path(settings.BASE_DIR) / "fixtures" / "demo"
    load_divisions(read_divisions(folder / "divisions.csv"))
    publish(read_layer(folder / "example.yaml"))


def places() -> list[Place]:
    """One open county per scheme in force, the one whose scheme waits for outside facts first."""
    found = [_place(scheme) for scheme in Scheme.objects.published().select_related("region").order_by("id")]
    known = [place for place in found if place is not None]
    return sorted(known, key=lambda place: not place.scheme.spec.facts)


def _place(scheme: Scheme) -> Place | None:
    for region in _counties(scheme.region):
        try:
            in_force = scheme_for(region, timezone.localdate())
        except NoScheme:
            continue
        if in_force == scheme:
            return Place(region, scheme, _offices(region, scheme))
    return None


def _counties(region: Region) -> Iterator[Region]:
    """Open counties of the area of a scheme; the nation's own scheme is a model for others, not anybody's."""
    if region.level == Level.NATION:
        return
    if region.is_open and region.level == Level.COUNTY:
        yield region
    for child in region.children.order_by("code"):
        yield from _counties(child)


def _offices(region: Region, scheme: Scheme) -> dict[str, Office]:
    serving = offices_for(region)
    wanted = [code for code in Agency.objects.values_list("code", flat=True) if code in serving]
    return {code: serving[code] for code in wanted if code in {agency.code for agency in scheme.spec.agencies}}
