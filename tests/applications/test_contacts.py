"""A mail address gets messages only after its owner opened the link sent to it."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from agencies.gateways.base import Answer, Ending
from applications import confirming, contacts, notices
from applications.enums import NoticeKind, NoticeStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import EmailConfirmation, LostAddress, Notice
from applications.senders import Text
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

MAILBOX = "zhao@example.com"
sent: list[Text] = []


class Recording:
    def send(self, text: Text) -> Answer:
        sent.append(text)
        return Answer(Ending.SENT, "ok")


class Refusing:
    def send(self, text: Text) -> Answer:
        return Answer(Ending.LASTING, "邮箱不存在")


@pytest.fixture(autouse=True)
def gateway(settings: Any) -> None:
    sent.clear()
    settings.NOTICE_GATEWAYS = {"sms": f"{__name__}.Recording", "email": f"{__name__}.Recording"}


def change(user: User, email: str = MAILBOX) -> User:
    return contacts.change(user, phone=user.phone, email=email, contact_by="email" if email else "sms")


def mailed() -> list[Text]:
    """What goes out now."""
    sent.clear()
    notices.send(Notice.objects.order_by("pk").values_list("pk", flat=True))
    return list(sent)


def token_in(text: Text) -> str:
    found = re.search(r"/messages/confirm/(\S+)/", text.body)
    assert found is not None
    return found.group(1)


def test_new_mailbox_gets_one_link_that_says_nothing_about_the_person() -> None:
    user = change(factories.person())

    (mail,) = mailed()

    token = token_in(mail)
    assert mail.address == MAILBOX
    assert f"http://localhost:8000{reverse('applicant:confirm_email', args=[token])}" in mail.body
    assert not [word for word in (user.legal_name, user.id_no, user.phone, user.username, "zhao") if word in mail.body]
    assert str(user.pk) not in token.split(":")


def test_opened_link_confirms_once() -> None:
    user = change(factories.person())
    token = token_in(mailed()[0])

    contacts.confirm(token, user=user)
    user.refresh_from_db()

    assert user.has_confirmed_email
    with pytest.raises(Refused, match="已经用过"):
        contacts.confirm(token, user=user)


def test_link_is_no_good_for_another_account_nor_forged() -> None:
    user, other = change(factories.person()), change(factories.person())
    token = token_in(mailed()[0])
    key, _, mark = token.rpartition(":")

    forged = ("B" if mark[0] == "A" else "A") + mark[1:]
    for who, wrong in [(other, token), (user, f"{key}:{forged}"), (user, f"{'0' * 32}:{mark}"), (user, "x")]:
        with pytest.raises(Refused, match="不|已经用过"):
            contacts.confirm(wrong, user=who)

    assert not User.objects.exclude(confirmed_email="").exists()


def test_link_is_good_for_three_days() -> None:
    user = change(factories.person())
    token = token_in(mailed()[0])

    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)), pytest.raises(Refused):
        contacts.confirm(token, user=user)


def test_changed_address_is_confirmed_anew_and_the_old_link_is_dead() -> None:
    user = change(factories.person())
    first = token_in(mailed()[0])
    contacts.confirm(first, user=user)

    change(user, "qian@example.com")
    (mail,) = [mail for mail in mailed() if mail.address != MAILBOX]  # which is told that it was replaced
    user.refresh_from_db()
    before = user.has_confirmed_email
    contacts.confirm(token_in(mail), user=user)
    user.refresh_from_db()

    assert (mail.address, before, user.has_confirmed_email) == ("qian@example.com", False, True)


def test_address_changed_while_the_mail_was_on_its_way_is_not_written_to() -> None:
    user = change(factories.person())
    change(user, "qian@example.com")

    assert [mail.address for mail in mailed()] == ["qian@example.com"]
    assert Notice.objects.get(sent_to=MAILBOX).status == NoticeStatus.HELD_BACK


def test_saving_the_same_address_again_sends_no_second_mail() -> None:
    user = change(factories.person())
    change(user)
    contacts.confirm(confirming.token_of(EmailConfirmation.objects.get()), user=user)
    change(user)

    assert Notice.objects.filter(kind=NoticeKind.CONFIRM_EMAIL).count() == 1


def test_link_can_be_asked_for_again_but_nobodys_mailbox_is_filled() -> None:
    user = change(factories.person())
    with pytest.raises(AlreadyDone, match="刚刚发过"):
        contacts.send_link(user, again=True)
    now = timezone.now()
    for minutes in range(2, 2 * contacts.DAILY_LINKS, 2):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            contacts.send_link(user, again=True)

    with time_machine.travel(now + timedelta(hours=1)):
        with pytest.raises(Refused, match="一天最多发 5 封"):
            contacts.send_link(user, again=True)
        with pytest.raises(Refused, match="一天最多发 5 封"):
            change(factories.person())

    assert Notice.objects.filter(kind=NoticeKind.CONFIRM_EMAIL).count() == contacts.DAILY_LINKS


def test_mailbox_that_does_not_exist_is_told_to_its_owner(settings: Any) -> None:
    settings.NOTICE_GATEWAYS["email"] = f"{__name__}.Refusing"
    user = change(factories.person())

    mailed()

    assert contacts.lost(user) == [MAILBOX]
    assert Notice.objects.get().status == NoticeStatus.BOUNCED
    assert LostAddress.objects.count() == 1


def test_number_before_gets_one_last_text_and_nothing_after_it() -> None:
    user = factories.person()
    earlier = user.phone
    contacts.change(user, phone="13900001111", email="", contact_by="sms")

    (text,) = mailed()

    assert text.address == earlier
    assert text.body == notices.TEXTS[NoticeKind.CONTACT_CHANGED]
    assert mailed() == []


def test_mailbox_before_is_told_if_its_owner_had_confirmed_it() -> None:
    user = change(factories.person())
    contacts.change(user, phone=user.phone, email="", contact_by="sms")
    unconfirmed = Notice.objects.filter(kind=NoticeKind.CONTACT_CHANGED).count()
    user = change(user)
    contacts.confirm(token_in(mailed()[-1]), user=user)

    contacts.change(user, phone=user.phone, email="", contact_by="sms")

    assert (unconfirmed, [text.address for text in mailed()]) == (0, [MAILBOX])


def test_first_number_and_the_same_number_tell_nobody() -> None:
    user = factories.person(phone="")
    contacts.change(user, phone="13900001111", email="", contact_by="sms")
    contacts.change(user, phone="139 0000 1111", email="", contact_by="sms")

    assert not Notice.objects.exists()


def test_changes_a_day_are_counted() -> None:
    user = factories.person()
    for number in range(contacts.DAILY_CHANGES):
        contacts.change(user, phone=f"1390000111{number}", email="", contact_by="sms")

    with pytest.raises(Invalid, match="一天最多改 5 次"):
        contacts.change(user, phone="13900002222", email="", contact_by="sms")
    contacts.change(user, phone="13900001114", email="", contact_by="sms")
