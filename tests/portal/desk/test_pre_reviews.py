"""预审 at the hub's desk: the list, one form with numbers masked, passing it on and giving it back."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from agencies.enums import Role
from applications import pre_reviews, review, submission, withdrawal
from applications.enums import Channel, TaskStatus
from applications.models import AccessLog, Application, Draft, PreReview
from portal.accounts.models import User
from tests import factories
from tests.portal.desk.conftest import said, signed_in

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def case() -> Application:
    return factories.submitted(region=factories.NANGANG, ticked=["I01", "I07"])


def waiting(case: Application) -> PreReview:
    return case.pre_reviews.select_related("office").get(decided_at=None)


def hub(case: Application, role: Role = Role.REVIEWER) -> Client:
    return signed_in(factories.staff(role, office=waiting(case).office))


def address(case: Application) -> str:
    return reverse("desk:pre_review", args=[case.number])


def statuses(case: Application) -> set[str]:
    return set(case.tasks.values_list("status", flat=True))


def test_hub_is_told_of_waiting_forms_and_other_offices_are_not(case: Application) -> None:
    at_hub = hub(case)
    police = signed_in(factories.staff(Role.REVIEWER, office=waiting(case).office.region.offices.get(agency="police")))

    queue, other = at_hub.get(reverse("desk:queue")), police.get(reverse("desk:queue"))
    rows = at_hub.get(reverse("desk:pre_review_list")).context["rows"]

    assert "有 1 份登记表等您预审" in queue.content.decode()
    assert "待预审" not in other.content.decode()
    assert [row.number for row in rows] == [case.number]
    assert police.get(address(case)).status_code == 404


def test_form_is_shown_whole_with_numbers_masked(case: Application) -> None:
    content = hub(case).get(address(case)).content.decode()

    assert case.subject_name in content
    assert case.subject_id_no not in content
    assert case.answers["contact_addr"] in content
    assert "资金到账" not in content


def test_passing_sends_the_parts_on_and_a_second_click_is_told(case: Application) -> None:
    client = hub(case)

    first = client.post(address(case), {"deed": "pass"}, follow=True)
    second = client.post(address(case), {"deed": "pass"}, follow=True)

    assert statuses(case) == {TaskStatus.PENDING}
    assert said(first) == [f"{case.number} 预审通过，正在分送各部门"]
    assert "没有再次登记" in said(second)[0]


def test_giving_back_needs_a_reason_and_keeps_what_was_typed(case: Application) -> None:
    client = hub(case)

    nothing = client.post(address(case), {"deed": "return"})
    done = client.post(address(case), {"deed": "return", "field-contact_addr": "请写到门牌号"}, follow=True)

    assert "退回时请至少写明一处" in nothing.content.decode()
    assert said(done) == [f"{case.number} 已退回修改，共 1 处，已通知申请人"]
    assert statuses(case) == {TaskStatus.PRE_RETURNED}


def test_nothing_chosen_asks_to_choose(case: Application) -> None:
    assert "请先选一个决定" in hub(case).post(address(case), {}).content.decode()


def test_approver_may_look_and_not_decide(case: Application) -> None:
    client = hub(case, Role.APPROVER)

    assert client.get(address(case)).status_code == 200
    assert client.post(address(case), {"deed": "pass"}).status_code == 403
    assert statuses(case) == {TaskStatus.PRE_REVIEW}


def test_look_at_a_file_is_recorded(case: Application) -> None:
    material = case.materials.first()
    assert material is not None

    response = hub(case).get(reverse("desk:pre_review_file", args=[case.number, material.pk]))

    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert AccessLog.objects.get(material=material).task.application == case


def test_page_of_an_earlier_round_decides_nothing_about_the_next(case: Application) -> None:
    """One has the form open, another gives it back, the person hands it in anew: the first click is about what is gone."""
    client, first = hub(case), waiting(case)
    shown = client.get(address(case)).content.decode()
    deficit = review.Deficit("请写到门牌号", field="contact_addr")
    pre_reviews.give_back(first, staff=factories.staff(Role.REVIEWER, office=first.office), deficits=[deficit])
    draft = Draft.objects.get(pk=first.draft_id)
    submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)
    seen = re.search(r'name="round" value="(\d)"', shown)
    assert seen is not None

    late = client.post(address(case), {"deed": "return", "round": seen[1], "field-contact_addr": "没有写门牌"})
    again = re.search(r'name="round" value="(\d)"', late.content.decode())

    assert statuses(case) == {TaskStatus.PRE_REVIEW}
    assert "请重新看过再决定" in late.content.decode()
    assert "没有写门牌" in late.content.decode()
    assert again is not None and again[1] == "2"
    client.post(address(case), {"deed": "pass", "round": again[1]})
    assert statuses(case) == {TaskStatus.PENDING}


def test_file_is_shown_to_the_hub_only_while_the_form_waits_there(case: Application) -> None:
    """Afterwards an office sees what its own task was handed, and nobody what is not sent yet."""
    client, only = hub(case), waiting(case)
    material = case.materials.first()
    assert material is not None
    page = reverse("desk:pre_review_file", args=[case.number, material.pk])
    material.is_sent = False
    material.save(update_fields=["is_sent"])
    assert client.get(page).status_code == 404
    material.is_sent = True
    material.save(update_fields=["is_sent"])
    assert client.get(page).status_code == 200

    pre_reviews.pass_on(only, staff=factories.staff(Role.REVIEWER, office=only.office))

    assert client.get(page).status_code == 404


@pytest.mark.parametrize("end", ["passed", "withdrawn"])
def test_nothing_of_the_form_is_shown_to_the_hub_once_it_does_not_wait_there(case: Application, end: str) -> None:
    """A form posted to the page showed it, with full numbers, long after the decision."""
    client, only, material = hub(case), waiting(case), case.materials.all()[0]
    if end == "passed":
        pre_reviews.pass_on(only, staff=factories.staff(Role.REVIEWER, office=only.office))
    else:
        withdrawal.withdraw(case, user=case.entered_by)
    posts: list[dict[str, str]] = [{"reveal": "1", "reason": "核对"}, {}, {"deed": "return"}]

    pages = [client.get(address(case)), *(client.post(address(case), posted) for posted in posts)]

    assert [page.status_code for page in pages] == [302] * 4
    assert client.get(reverse("desk:pre_review_file", args=[case.number, material.pk])).status_code == 404
    assert not AccessLog.objects.exists()


def test_person_sees_what_is_going_on_and_changes_the_form(case: Application) -> None:
    person: User = case.entered_by
    client = signed_in(person)
    page = reverse("applicant:case", args=[case.number])

    before = client.get(page).content.decode()
    pre_reviews.give_back(
        waiting(case), staff=factories.staff(Role.REVIEWER, office=waiting(case).office),
        deficits=[review.Deficit("请写到门牌号", field="contact_addr")],
    )  # fmt: skip
    after = client.get(page).content.decode()
    check = client.get(reverse("applicant:check", args=[case.draft_id]))
    data = {"version": check.context["draft"].version, "promise": "on", "agree": "on"}
    sent = client.post(reverse("applicant:submit", args=[case.draft_id]), data, follow=True)

    assert "预审中" in before
    assert "等待资金到账" not in before
    assert "2 件事，正在预审" in before
    assert "改登记表 1 处，再交一次" in after
    assert "请写到门牌号" in after
    assert "预审退回，请改这些" in check.content.decode()
    assert sent.redirect_chain[-1][0] == reverse("applicant:submitted", args=[case.number])
    assert "先预审" in sent.content.decode()
    assert statuses(case) == {TaskStatus.PRE_REVIEW}


def test_list_asks_as_much_for_three_forms_as_for_one(case: Application, django_assert_num_queries: object) -> None:
    client = hub(case)
    for _ in range(2):
        with django_assert_num_queries(5):  # type: ignore[operator]
            client.get(reverse("desk:pre_review_list"))
        factories.submitted(region=factories.NANGANG, ticked=["I01"])


def test_document_numbers_are_hidden_until_a_purpose_is_told(case: Application) -> None:
    case.answers = {**case.answers, "cert_no": "士0123456"}
    case.save()
    client = hub(case)
    hidden = [case.subject_id_no, "士0123456"]

    before = client.get(address(case)).content.decode()
    refused = client.post(address(case), {"reveal": "1", "reason": " "}).content.decode()
    after = client.post(address(case), {"reveal": "1", "reason": "与退役证核对"}).content.decode()

    assert [value for value in hidden if value in before + refused] == []
    assert [value for value in hidden if value not in after] == []
    look = AccessLog.objects.get(material=None)
    assert {"cert_no", "id_no", "mobile"} <= set(look.fields)
    assert look.reason == "与退役证核对"
