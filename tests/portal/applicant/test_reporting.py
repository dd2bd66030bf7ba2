"""The warning about the day to report by, where the person and the office see it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import review, submission
from applications.enums import Channel, TaskStatus
from applications.models import Application, Draft, ItemTask
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("directory")]


def discharged(made: Draft | Application, days_ago: int) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    made.answers = {**made.answers, "discharge_date": day.isoformat()}
    made.save(update_fields=["answers"])


@pytest.mark.parametrize(
    ("days_ago", "words"),
    [(19, ""), (20, "离报到期限还有 10 天"), (30, "今天是报到期限的最后一天"), (31, "报到期限已经过了")],
)
def test_person_with_an_unsent_form_is_warned(client: Client, days_ago: int, words: str) -> None:
    """T-02."""
    draft = factories.draft(ticked=["I01"])
    discharged(draft, days_ago)
    client.force_login(draft.entered_by)

    for page in ("applicant:case_list", "applicant:start"):
        text = client.get(reverse(page)).content.decode()
        assert ("报到期限" in text) == bool(words)
        assert words in text
        assert ("《退役士兵安置条例》，它从2024年9月1日起已经废止" in text) == bool(words)


def test_check_page_warns_and_still_lets_the_person_submit(client: Client) -> None:
    draft = factories.draft(ticked=["I01"])
    factories.give_materials(draft)
    discharged(draft, 45)
    client.force_login(draft.entered_by)

    text = client.get(reverse("applicant:check", args=[draft.pk])).content.decode()

    assert "现在仍然可以报到，不会因此不受理" in text
    assert "提交登记表" in text


def test_form_without_the_reporting_item_is_not_warned(client: Client) -> None:
    """Whoever does not ask for it here may have reported long ago."""
    draft = factories.draft(ticked=["I07"])
    discharged(draft, 25)
    client.force_login(draft.entered_by)

    assert "报到期限" not in client.get(reverse("applicant:case_list")).content.decode()


def returned_case(days_ago: int) -> ItemTask:
    task = factories.task_of(factories.delivered(ticked=["I01"]), "I01")
    discharged(task.application, days_ago)
    deficits = [review.Deficit("看不清", material=task.material_codes()[0])]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)
    return task


def test_case_that_came_back_is_warned_and_one_in_the_office_is_not(client: Client) -> None:
    task = returned_case(26)
    client.force_login(task.application.entered_by)
    page = reverse("applicant:case", args=[task.application.number])

    assert "离报到期限还有 4 天" in client.get(page).content.decode()

    ItemTask.objects.filter(pk=task.pk).update(status=TaskStatus.QUEUED)
    assert "报到期限" not in client.get(page).content.decode()


def test_office_is_told_of_a_late_report_and_asked_for_the_reason(client: Client) -> None:
    draft = factories.draft(ticked=["I01"])
    factories.give_materials(draft)
    discharged(draft, 45)
    case = submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)
    factories.deliver_all()
    task = factories.task_of(case, "I01")
    client.force_login(factories.reviewer_of(task))

    text = client.get(reverse("desk:task", args=[case.number, "I01"])).content.decode()

    assert "退役后第 45 天提交（30 天内报到）。照常受理；请问明原因，写进办理意见。" in text
