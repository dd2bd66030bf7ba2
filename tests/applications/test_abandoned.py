"""Unsent forms left alone: told a week before, deleted with their files, and nothing that was handed in."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from applications import abandoned, drafts
from applications.enums import NoticeKind
from applications.models import Application, Draft, Material, Notice
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def left(draft: Draft, days: float) -> datetime:
    """The form, not touched for so many days."""
    Draft.objects.filter(pk=draft.pk).update(saved_at=timezone.now() - timedelta(days=days))
    draft.refresh_from_db()
    return timezone.now()


@pytest.fixture
def form(settings: Any) -> Draft:
    settings.DRAFT_DAYS = 30
    draft = factories.draft(ticked=["I01"])
    factories.give_materials(draft)
    return draft


def test_owner_is_told_once_a_week_before(form: Draft) -> None:
    left(form, 22.9)
    assert abandoned.warn() == 0

    left(form, 23.1)
    assert (abandoned.warn(), abandoned.warn()) == (1, 0)

    notice = Notice.objects.get(kind=NoticeKind.FORM_ENDS)
    assert notice.recipient == form.owner
    assert "一起删掉" in notice.details[0]


def test_form_goes_with_its_files_a_week_after_that(form: Draft, django_capture_on_commit_callbacks: Any) -> None:
    files = [(material.file.storage, material.file.name) for material in form.materials.all()]
    assert files
    now = left(form, 31)
    assert abandoned.forget() == 0  # nobody was told
    abandoned.warn(at=now)
    assert abandoned.forget(at=now + timedelta(days=6)) == 0

    with django_capture_on_commit_callbacks(execute=True):
        assert abandoned.forget(at=now + timedelta(days=7, minutes=1)) == 1

    assert not Draft.objects.exists()
    assert not Material.objects.exists()
    assert not any(storage.exists(name) for storage, name in files)


def test_form_that_was_gone_on_with_stays_and_is_told_of_anew(form: Draft) -> None:
    now = left(form, 31)
    abandoned.warn(at=now)
    drafts.save(form, {"native": "东胜"})

    assert abandoned.forget(at=now + timedelta(days=8)) == 0
    form.refresh_from_db()
    left(form, 31)
    assert abandoned.warn() == 1


def test_what_was_handed_in_or_given_back_by_a_pre_review_stays(form: Draft) -> None:
    case = factories.submitted(ticked=["I01"])
    returned = factories.submitted(ticked=["I01"]).draft
    assert case.draft is not None and returned is not None
    Draft.objects.filter(pk=returned.pk).update(sent_at=None)  # as a pre-review that gives it back does
    for draft in (case.draft, returned):
        left(draft, 900)

    assert abandoned.warn() == 0
    assert abandoned.forget() == 0
    assert Material.objects.filter(application=case).exists()


def test_form_typed_at_a_window_for_nobody_with_an_account_goes_by_its_day(settings: Any) -> None:
    settings.DRAFT_DAYS = 30
    draft = factories.typed_at_window(factories.clerk(), ticked=["I01"])

    left(draft, 29.9)
    assert abandoned.forget() == 0
    left(draft, 30.1)
    assert abandoned.forget() == 1
    assert not Application.objects.exists()


def test_form_that_cannot_be_deleted_stops_no_other(form: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    other = factories.typed_at_window(factories.clerk(), ticked=["I01"])
    first = factories.typed_at_window(factories.clerk(), ticked=["I01"])
    left(first, 200), left(other, 100)
    forget = abandoned._forget

    def failing(draft: Draft, *, at: datetime) -> bool:
        if draft.pk == first.pk:
            raise RuntimeError("broken")
        return forget(draft, at=at)

    monkeypatch.setattr(abandoned, "_forget", failing)

    assert abandoned.forget() == 1
    assert not Draft.objects.filter(pk=other.pk).exists()
