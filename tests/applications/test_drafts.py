"""Forms being filled in: what they begin with, and that nothing typed is lost."""

import pytest
from django.utils import timezone

from agencies.models import Region
from applications import drafts
from applications.enums import Channel
from applications.errors import Refused
from applications.models import Draft
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def test_draft_takes_over_what_the_account_and_the_number_say() -> None:
    user = factories.person()

    draft = drafts.start(region=factories.place(), user=user, channel=Channel.ONLINE)

    assert draft.answers["name"] == user.legal_name
    assert draft.answers["birth"] == f"{user.id_no[6:10]}-{user.id_no[10:12]}-{user.id_no[12:14]}"


def test_person_has_one_open_draft_per_place() -> None:
    user = factories.person()
    first = drafts.start(region=factories.place(), user=user, channel=Channel.ONLINE)

    again = drafts.start(region=factories.place(), user=user, channel=Channel.ONLINE)

    assert again.pk == first.pk


def test_form_that_added_items_to_a_case_is_not_taken_for_a_new_one() -> None:
    """The case closed meanwhile: whoever began anew got the form that could not be sent, for ever."""
    case = factories.delivered(ticked=["I01"])
    added = drafts.start_addition(case, user=case.entered_by)

    fresh = drafts.start(region=case.region, user=case.entered_by, channel=Channel.ONLINE)

    assert (fresh.pk == added.pk, fresh.adds_to) == (False, None)


def test_closed_place_is_refused() -> None:
    closed = Region.objects.filter(is_open=False, level=3).first()
    assert closed is not None

    with pytest.raises(Refused):
        drafts.start(region=closed, user=factories.person(), channel=Channel.ONLINE)


def test_draft_keeps_wrong_values() -> None:
    """C2: an invalid draft is saved as it is; only submitting checks."""
    draft = factories.draft()

    saved = drafts.save(draft, {"id_no": "150602199808159998", "enlist_date": "2021-02-30"})

    assert (saved.answers["id_no"], saved.answers["enlist_date"]) == ("150602199808159998", "2021-02-30")
    assert set(saved.registration.problems(timezone.localdate())) >= {"id_no", "enlist_date"}


def test_save_of_an_older_page_is_told_and_overwrites_nothing() -> None:
    """B4: two tabs."""
    draft = factories.draft()
    drafts.save(draft, {"native": "第一页"}, version=draft.version)

    with pytest.raises(drafts.Stale) as caught:
        drafts.save(draft, {"native": "第二页"}, version=draft.version)

    assert caught.value.draft.answers["native"] == "第一页"
    assert Draft.objects.get(pk=draft.pk).answers["native"] == "第一页"


def test_save_ignores_what_is_no_field() -> None:
    draft = drafts.save(factories.draft(), {"status": "completed", "applicant": "1", "sex": "女"})

    assert "status" not in draft.answers
    assert draft.answers["sex"] == "男" if int(draft.answers["id_no"][16]) % 2 else "女"


def test_clerks_own_data_never_prefill_a_form() -> None:
    clerk = factories.clerk()

    draft = drafts.start(region=factories.place(), user=clerk, channel=Channel.WINDOW)

    assert draft.answers == {}
