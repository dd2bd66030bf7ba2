"""通知记录: what was sent to whom, without saying who it is."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from agencies.enums import Role
from agencies.models import Region
from applications import notices
from applications.enums import NoticeKind
from applications.models import Notice
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]
PAGE = "/console/messages/"


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(factories.staff(Role.ADMINISTRATOR))
    return client


def message(region: str = factories.DONGSHENG) -> Notice:
    application = factories.submitted(region=region, ticked=["I07"])
    Notice.objects.filter(application=application).delete()
    found = notices.write(application, NoticeKind.SUBMITTED)
    assert found is not None
    return found


def test_messages_are_not_there_for_other_staff(client: Client) -> None:
    client.force_login(factories.clerk())

    assert client.get(PAGE).status_code == 404


def test_message_shows_text_and_outcome_and_no_full_number(administrator: Client) -> None:
    notice = message()
    notices.send([notice.pk])

    page = administrator.get(PAGE)

    row = page.context["rows"][0]
    assert (row.tag.words, row.kind) == ("已发送", "登记表已提交")
    assert notice.application.number in row.text
    assert notice.recipient is not None
    assert notice.recipient.phone not in page.content.decode()
    assert notice.application.subject_name not in page.content.decode()


def test_supervisor_sees_messages_of_the_own_area(client: Client) -> None:
    own = message()
    message(factories.HEPING)
    client.force_login(factories.staff(Role.SUPERVISOR, region=Region.objects.get(pk="150600")))

    assert [row.number for row in client.get(PAGE).context["rows"]] == [own.application.number]


def test_administrator_of_a_region_sees_no_message_without_a_case(administrator: Client) -> None:
    """What staff were reminded of and what went to a phone at a window belongs to no place."""
    notices.write_to_phone("13900001111", NoticeKind.ANSWERED, about="F1", at=timezone.now())
    regional = Client()
    regional.force_login(factories.staff(Role.ADMINISTRATOR, region=Region.objects.get(pk="150600")))

    assert [len(one.get(PAGE).context["rows"]) for one in (administrator, regional)] == [1, 0]


def test_page_asks_as_often_for_one_message_as_for_three(
    administrator: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    message()
    with django_assert_num_queries(5):
        administrator.get(PAGE)
    message()
    message()

    with django_assert_num_queries(5):
        administrator.get(PAGE)
