"""Keys and ways from the command line: a key works in both directions, rotates without a gap, and ends at once."""

import re

import pytest
from django.core.management import CommandError, call_command

from agencies.enums import GatewayKind, Role
from agencies.gateways.signatures import parse_secret
from agencies.models import Office, OfficeRoute
from applications import delivery
from applications.models import ExchangeKey, OperatorDeed
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def office() -> Office:
    return Office.objects.filter(agency="police")[0]


def test_issued_key_is_shown_once_and_is_the_one_that_signs(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("exchange_key", "issue", "police", "--office", str(office.pk))
    said = capsys.readouterr().out
    call_command("exchange_key", "list")

    kid, secret = re.findall(r"密钥编号 (\S+)\n密钥 (\S+)", said)[0]
    (key,) = delivery.keys_of(office)
    assert (key.kid, key.secret) == (kid, parse_secret(secret))
    assert kid in (listed := capsys.readouterr().out) and secret not in listed


def test_rotation_signs_with_both_until_the_old_one_has_ended(office: Office) -> None:
    old, new = (ExchangeKey.issue(agency=office.agency, office=office) for _ in range(2))
    call_command("exchange_key", "end", old.kid, "--days", "3")
    both = [key.kid for key in delivery.keys_of(office)]
    call_command("exchange_key", "revoke", old.kid)

    assert both == [new.kid, old.kid]
    assert [key.kid for key in delivery.keys_of(office)] == [new.kid]


@pytest.mark.parametrize(
    "words",
    [["issue", "nobody"], ["issue", "police", "--office", "0999999"], ["revoke", "nobody"], ["end", "nobody"]],
    ids=lambda words: words[0],
)
def test_key_of_nobody_is_told(words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("exchange_key", *words)


@pytest.fixture
def signed() -> list[str]:
    """Who and why, without which nothing is changed."""
    return ["--operator", factories.staff(Role.ADMINISTRATOR).username, "--reason", "对方系统上线"]


def test_office_and_item_are_set_and_taken_back(office: Office, signed: list[str]) -> None:
    call_command("join_office", str(office.pk), "hand", *signed)
    call_command("join_office", str(office.pk), "poll", "--item", "I04", *signed)
    office.refresh_from_db()
    assert office.gateway == GatewayKind.BATCH
    assert OfficeRoute.objects.get().gateway == GatewayKind.HTTP

    call_command("join_office", str(office.pk), "same", "--item", "I04", *signed)
    call_command("join_office", str(office.pk), "desk", *signed)

    office.refresh_from_db()
    assert (office.gateway, OfficeRoute.objects.count()) == (GatewayKind.INBOX, 0)
    deeds = OperatorDeed.objects.filter(deed="改推送方式", operator__username=signed[1], office=office)
    assert [deed.note for deed in deeds] == [
        "离线交换：对方系统上线",
        "I04 对方自己来取：对方系统上线",
        "I04 和机构一样：对方系统上线",
        "本平台工作台：对方系统上线",
    ]


@pytest.mark.parametrize("words", [["--reason", "没有经手人"], ["--operator", "nobody", "--reason", "没有这个人"]])
def test_way_is_not_changed_by_nobody(office: Office, words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("join_office", str(office.pk), "hand", *words)

    office.refresh_from_db()
    assert office.gateway == GatewayKind.INBOX


@pytest.mark.parametrize("reason", ["", "  "])
def test_way_is_not_changed_without_a_reason(office: Office, signed: list[str], reason: str) -> None:
    with pytest.raises(CommandError):
        call_command("join_office", str(office.pk), "hand", *signed[:2], "--reason", reason)

    assert not OperatorDeed.objects.exists()


@pytest.mark.parametrize(
    "words",
    [["push"], ["poll", "--endpoint", "https://a.invalid/"], ["push", "--endpoint", "https://a.invalid/"], ["same"],
     ["poll", "--item", "I99"], ["hand", "--renamed"]],
)  # fmt: skip
def test_way_that_cannot_be_is_refused(office: Office, signed: list[str], words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("join_office", str(office.pk), *words, *signed)

    office.refresh_from_db()
    assert office.gateway == GatewayKind.INBOX
