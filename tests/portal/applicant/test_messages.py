"""消息: what a person was told, what is new, what did not arrive, and how they want to be told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import contacts, notices
from applications.enums import FOR_STAFF, NoticeKind, NoticeStatus
from applications.models import Application, EmailConfirmation, LostAddress, Notice
from portal.accounts.models import User
from tests import factories

INBOX, CONTACT = "/messages/", "/messages/contact/"


def told(person: User, *kinds: NoticeKind) -> Application:
    case = factories.submitted(person, ticked=["I01"])
    for kind in kinds:
        notices.write(case, kind, details=[f"退役报到：{kind.label}"])
    return case


def test_messages_are_listed_newest_first_with_what_happened(applicant: Client, person: User) -> None:
    case = told(person, NoticeKind.IN_PERSON)

    rows = applicant.get(INBOX).context["rows"]

    assert [(row.title, row.is_new) for row in rows] == [("需要您到场", True), ("登记表已提交", True)]
    assert rows[0].details == ["退役报到：需要本人到场"]
    assert rows[0].url == reverse("applicant:case", args=[case.number])


def test_message_is_new_until_it_was_seen(applicant: Client, person: User) -> None:
    told(person)
    assert "条新消息" in applicant.get("/cases/").content.decode()

    applicant.get(INBOX)

    assert [row.is_new for row in applicant.get(INBOX).context["rows"]] == [False]
    assert "条新消息" not in applicant.get("/cases/").content.decode()


def test_messages_of_somebody_else_are_not_shown(client: Client, person: User) -> None:
    told(person)
    client.force_login(factories.person())

    assert client.get(INBOX).context["rows"] == []


def test_message_that_did_not_arrive_is_shown_with_the_way_to_mend_it(applicant: Client, person: User) -> None:
    """A21."""
    told(person)
    Notice.objects.update(status=NoticeStatus.BOUNCED, channel="sms")
    LostAddress.note(person.phone)

    page = applicant.get(INBOX)

    assert page.context["rows"][0].sent == "短信没有送到"
    assert CONTACT in page.content.decode()
    assert person.phone not in page.content.decode()


def test_contact_data_are_changed_and_checked(applicant: Client, person: User) -> None:
    wrong = applicant.post(CONTACT, {"phone": "13900001111", "email": "zhao@", "contact_by": "email"})
    assert wrong.context["form"].errors == {"email": ["邮箱写得不完整，应像 name@example.com"]}

    applicant.post(
        CONTACT,
        {"phone": "139 0000 1111", "email": "zhao@example.com", "contact_by": "email", "password": "demo-2026"},
    )

    person.refresh_from_db()
    assert (person.phone, person.email, person.contact_by) == ("13900001111", "zhao@example.com", "email")


@pytest.mark.parametrize("way", [{"phone": "13900001111"}, {"email": "other@example.com"}])
def test_messages_go_elsewhere_only_with_the_password(applicant: Client, person: User, way: dict[str, str]) -> None:
    """A page that was left open is not enough to take an account over."""
    typed = {"phone": person.phone, "email": "", "contact_by": "sms", **way}

    without = applicant.post(CONTACT, typed)
    wrong = applicant.post(CONTACT, {**typed, "password": "demo-2025"})

    assert without.context["form"].errors == {"password": ["请填登录密码"]}
    assert wrong.context["form"].errors == {"password": ["密码不对。请再看一遍，注意大小写。"]}
    assert "demo-2025" not in wrong.content.decode()
    before = person.phone
    person.refresh_from_db()
    assert (person.phone, person.email) == (before, "")


def test_password_is_not_guessed_here_either(applicant: Client, person: User) -> None:
    typed = {"phone": "13900001111", "email": "", "contact_by": "sms"}
    for _ in range(5):
        applicant.post(CONTACT, {**typed, "password": "guess"})

    right = applicant.post(CONTACT, {**typed, "password": "demo-2026"})

    assert right.context["form"].errors == {"password": ["密码连续 5 次不对，请过 15 分钟再试。"]}


def test_order_of_ways_needs_no_password(applicant: Client, person: User) -> None:
    person.email = person.confirmed_email = "zhao@example.com"
    person.save()

    applicant.post(CONTACT, {"phone": person.phone, "email": person.email, "contact_by": "email"})

    person.refresh_from_db()
    assert person.contact_by == "email"


def test_inbox_tells_that_the_number_was_changed(applicant: Client, person: User) -> None:
    contacts.change(person, phone="13900001111", email="", contact_by="sms")

    (row,) = applicant.get(INBOX).context["rows"]

    assert (row.title, row.url) == ("联系方式改了", CONTACT)
    assert person.phone not in row.details[0]


def test_inbox_needs_the_same_queries_for_one_message_and_five(applicant: Client, person: User) -> None:
    told(person)
    from tests.portal.applicant.test_cases import queries

    few = queries(applicant, INBOX)
    told(factories.person())
    case = Application.objects.get(applicant=person)
    for _ in range(4):
        notices.write(case, NoticeKind.DECISION)

    assert queries(applicant, INBOX) == few


def test_every_message_a_person_can_get_has_a_title(applicant: Client, person: User) -> None:
    kinds = [kind for kind in NoticeKind if kind not in FOR_STAFF | {NoticeKind.CONFIRM_EMAIL, NoticeKind.ANSWERED}]
    case = told(person)
    Notice.objects.all().delete()
    for kind in kinds:
        Notice.objects.create(application=case, recipient=person, kind=kind)

    assert all(row.title for row in applicant.get(INBOX).context["rows"])


def test_new_mailbox_is_confirmed_by_the_button_behind_the_link(applicant: Client, person: User) -> None:
    saved = applicant.post(
        CONTACT,
        {"phone": person.phone, "email": "zhao@example.com", "contact_by": "email", "password": "demo-2026"},
        follow=True,
    )
    link = saved.context["demo_link"]

    opened = applicant.get(link)
    person.refresh_from_db()
    before = person.has_confirmed_email
    done = applicant.post(link, follow=True)
    person.refresh_from_db()
    again = applicant.get(link, follow=True)

    assert "z***@example.com" in saved.content.decode()
    assert opened.context["address"] == "z***@example.com"
    assert (before, person.has_confirmed_email) == (False, True)
    assert [str(words) for words in done.context["messages"]] == ["已确认 z***@example.com，以后可以往这里发通知"]
    assert "已经用过" in again.content.decode()


def test_link_asks_to_sign_in_first_and_is_not_for_another_account(client: Client, person: User) -> None:
    link = contacts.demo_link(contacts.change(person, phone=person.phone, email="zhao@example.com", contact_by="sms"))

    outside = client.post(link)
    client.force_login(factories.person())
    other = client.post(link, follow=True)
    person.refresh_from_db()

    assert outside.url.startswith("/sign-in/")
    assert "已经用过，或者过了时间" in other.content.decode()
    assert not person.has_confirmed_email


def test_confirmation_can_be_sent_again(applicant: Client, person: User) -> None:
    contacts.change(person, phone=person.phone, email="zhao@example.com", contact_by="sms")
    first = EmailConfirmation.objects.get().key
    Notice.objects.update(created_at=timezone.now() - timedelta(minutes=2))

    sent = applicant.post(CONTACT, {"do": "send_link"}, follow=True)
    early = applicant.post(CONTACT, {"do": "send_link"}, follow=True)

    assert "确认邮件已再发到 z***@example.com" in sent.content.decode()
    assert "刚刚发过" in early.content.decode()
    assert EmailConfirmation.objects.get().key != first


def test_mail_that_asks_to_confirm_is_no_message_on_the_site(applicant: Client, person: User) -> None:
    contacts.change(person, phone=person.phone, email="zhao@example.com", contact_by="sms")

    page = applicant.get(INBOX)

    assert page.context["rows"] == []
    assert "邮箱还没有确认" in page.content.decode()
