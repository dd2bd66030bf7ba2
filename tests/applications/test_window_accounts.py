"""Accounts at the counter: the card decides whose a number is, what it opens is logged, and staff are never let in so."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agencies.enums import Role
from applications import submission, window_accounts
from applications.enums import ApplicationStatus, Channel, NoticeKind
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, Notice, OperatorDeed
from applications.window_accounts import LINKED, OPENED, RENEWED, TAKEN, Given, Visitor
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def clerk(db: None) -> User:
    return factories.clerk()


def case_without_account(clerk: User) -> Application:
    draft = factories.typed_at_window(clerk, ["I01"])
    return submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)


def card_of(case: Application, phone: str = "") -> Visitor:
    return Visitor(case.subject_name, case.subject_id_no, phone)


def given(clerk: User, visitor: Visitor, *, asked_at: datetime | None = None, **more: Any) -> Given:
    how = {"has_seen_card": True, "asked_at": asked_at or timezone.now(), **more}
    return window_accounts.give(visitor, clerk=clerk, **how)


def deeds() -> list[tuple[str, str]]:
    return list(OperatorDeed.objects.values_list("deed", "note"))


def test_person_without_an_account_gets_one_that_must_change_its_password(clerk: User) -> None:
    case = case_without_account(clerk)

    made = given(clerk, card_of(case, "13800001111"))

    user = User.objects.get(id_no=case.subject_id_no)
    assert (made.user, made.is_new, made.linked) == (user, True, 1)
    assert (user.legal_name, user.phone, user.is_identity_claimed) == (case.subject_name, "13800001111", False)
    assert (user.must_change_password, user.check_password(made.password)) == (True, True)


def test_cases_of_the_number_join_the_account_and_no_others(clerk: User) -> None:
    closed, other = case_without_account(clerk), case_without_account(clerk)
    Application.objects.filter(pk=closed.pk).update(status=ApplicationStatus.COMPLETED)

    made = given(clerk, card_of(closed))

    assert list(Application.objects.for_applicant(made.user)) == [closed]
    assert Application.objects.get(pk=other.pk).applicant is None


def test_account_without_a_phone_is_told_on_that_of_the_case(clerk: User) -> None:
    case = case_without_account(clerk)

    assert given(clerk, card_of(case)).user.phone == case.answers["mobile"]


def test_every_deed_is_logged_without_number_or_password(clerk: User) -> None:
    case = case_without_account(clerk)

    made = given(clerk, card_of(case))

    name = made.user.username
    assert deeds() == [
        (OPENED, f"账号 {name}，已核对身份证原件"),
        (LINKED, f"办件 {case.number}，账号 {name}"),
    ]
    assert set(OperatorDeed.objects.values_list("operator", flat=True)) == {clerk.pk}
    assert made.password not in repr(made)


def test_own_account_gets_a_new_password_and_its_sessions_end(clerk: User) -> None:
    person, browser = factories.person(), Client()
    browser.force_login(person)

    made = given(clerk, Visitor(person.legal_name, person.id_no))

    person.refresh_from_db()
    assert (made.user, made.is_new, person.must_change_password) == (person, False, True)
    assert not person.check_password("demo-2026")
    assert browser.get("/messages/").status_code == 302
    assert deeds() == [(RENEWED, f"账号 {person.username}，已核对身份证原件")]


def test_number_that_the_card_replaces_is_told(clerk: User) -> None:
    user = factories.person()
    earlier = user.phone

    given(clerk, Visitor(user.legal_name, user.id_no, "13900001111"))

    (notice,) = Notice.objects.filter(kind=NoticeKind.CONTACT_CHANGED)
    assert (notice.recipient, notice.sent_to) == (user, earlier)


def test_another_name_than_the_account_has_is_a_number_typed_wrong(clerk: User) -> None:
    person = factories.person()

    with pytest.raises(Invalid) as caught:
        given(clerk, Visitor("别的人", person.id_no))

    person.refresh_from_db()
    assert list(caught.value.errors) == ["name"]
    assert person.check_password("demo-2026")


@pytest.mark.parametrize(
    ("visitor", "seen", "fields"),
    [
        (Visitor("", "", ""), True, {"name", "id_no"}),
        (Visitor("孙大娘", "123", "138"), True, {"id_no", "phone"}),
        (Visitor("孙大娘", "150602199001011233", ""), False, {"id_no", "seen"}),
    ],
)
def test_what_is_wrong_is_said_all_at_once(clerk: User, visitor: Visitor, seen: bool, fields: set[str]) -> None:
    with pytest.raises(Invalid) as caught:
        given(clerk, visitor, has_seen_card=seen)

    assert set(caught.value.errors) == fields


def test_without_the_card_nothing_is_done(clerk: User) -> None:
    person = factories.person()

    with pytest.raises(Invalid) as caught:
        given(clerk, Visitor(person.legal_name, person.id_no), has_seen_card=False)

    assert list(caught.value.errors) == ["seen"]
    assert not OperatorDeed.objects.exists()


# -- a number that an account only claimed -------------------------------------------------------------------------------


@pytest.fixture
def claimer(db: None) -> User:
    person = factories.person("冒名人")
    person.is_identity_claimed = True
    person.save()
    return person


def test_clerk_is_asked_whose_the_account_is(clerk: User, claimer: User) -> None:
    with pytest.raises(Invalid) as caught:
        given(clerk, Visitor("孙大娘", claimer.id_no))

    assert list(caught.value.errors) == ["whose"]
    assert claimer.username in caught.value.errors["whose"]


def test_claimed_number_is_taken_from_another_persons_account(clerk: User, claimer: User) -> None:
    made = given(clerk, Visitor("孙大娘", claimer.id_no), is_theirs=False)

    number = claimer.id_no
    claimer.refresh_from_db()
    assert (claimer.id_no, claimer.id_no_index, claimer.is_identity_claimed) == ("", "", False)
    assert claimer.check_password("demo-2026")
    assert User.objects.get(id_no=number) == made.user != claimer
    assert [deed for deed, _ in deeds()] == [TAKEN, OPENED]


def test_what_the_claimer_handed_in_stays_with_the_claimer(clerk: User, claimer: User) -> None:
    case = factories.submitted(claimer, ticked=["I01"])

    made = given(clerk, Visitor("孙大娘", claimer.id_no), is_theirs=False)

    assert (made.linked, Application.objects.get(pk=case.pk).applicant) == (0, claimer)


def test_own_account_that_claimed_the_number_counts_as_checked(clerk: User, claimer: User) -> None:
    made = given(clerk, Visitor("孙大娘", claimer.id_no), is_theirs=True)

    claimer.refresh_from_db()
    assert (made.user, claimer.legal_name, claimer.is_identity_claimed) == (claimer, "孙大娘", False)


# -- attacks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["posted", "posted later", "is_staff", "is_superuser", "claimed"])
def test_nobody_of_the_staff_is_let_in_this_way(clerk: User, kind: str) -> None:
    person = factories.person()
    if kind.startswith("posted"):
        begins = timezone.localdate() + timedelta(days=5 if kind == "posted later" else 0)
        person.postings.create(role=Role.ADMINISTRATOR, valid_from=begins)
    elif kind == "claimed":
        person.is_staff = person.is_identity_claimed = True
    else:
        setattr(person, kind, True)
    person.save()

    for is_theirs in (None, True, False):
        with pytest.raises(Refused, match="工作人员"):
            given(clerk, Visitor(person.legal_name, person.id_no), is_theirs=is_theirs)

    person.refresh_from_db()
    assert person.check_password("demo-2026")
    assert (person.id_no != "", OperatorDeed.objects.exists()) == (True, False)


def test_clerk_does_not_touch_the_own_account(clerk: User) -> None:
    spare = factories.person()
    number = spare.id_no
    spare.delete()
    clerk.id_no = number
    clerk.save()

    with pytest.raises(Refused, match="工作人员"):
        given(clerk, Visitor(clerk.legal_name, number))


def test_closed_account_is_not_opened_again(clerk: User) -> None:
    person = factories.person()
    User.objects.filter(pk=person.pk).update(is_active=False)

    with pytest.raises(Refused, match="停用"):
        given(clerk, Visitor(person.legal_name, person.id_no))


def test_one_page_is_one_deed_also_after_the_person_has_set_a_password(clerk: User) -> None:
    case, opened = case_without_account(clerk), timezone.now()
    user = given(clerk, card_of(case), asked_at=opened).user
    user.set_password("own-2026")
    user.must_change_password = False
    user.save()

    with pytest.raises(AlreadyDone):
        given(clerk, card_of(case), asked_at=opened)

    user.refresh_from_db()
    assert user.check_password("own-2026")
    assert User.objects.filter(id_no=case.subject_id_no).count() == 1
