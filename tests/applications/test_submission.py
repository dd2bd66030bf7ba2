"""From the form to the case: what is created, what is refused, and whose it becomes."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from applications import drafts, submission, withdrawal
from applications.demo import answers_for
from applications.enums import Action, ApplicationStatus, Channel, DocumentKind, TaskStatus
from applications.errors import Invalid, Refused
from applications.models import Application, Dispatch, Draft, ItemTask, Material
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def test_submit_makes_one_task_per_item_and_office() -> None:
    """OR-05: eight items; OR-14 keeps the ID card behind the household registration; OR-07 keeps I08 behind the money."""
    application = factories.submitted()

    tasks = {task.item.code: (task.office.agency_id, task.status) for task in application.tasks.all()}

    assert tasks == {
        "I01": ("veterans", TaskStatus.PENDING),
        "I02": ("veterans", TaskStatus.PENDING),
        "I04": ("police", TaskStatus.PENDING),
        "I05": ("police", TaskStatus.WAITING),
        "I07": ("hrss", TaskStatus.PENDING),
        "I08": ("hrss", TaskStatus.WAITING),
        "I10": ("medical", TaskStatus.PENDING),
        "I11": ("medical", TaskStatus.PENDING),
    }


def test_joint_item_makes_a_task_for_each_agency() -> None:
    """TJ-06."""
    application = factories.submitted(region=factories.PLACES["TJ"], ticked=["I10"])

    assert [task.office.agency_id for task in application.tasks.order_by("agency_order")] == ["medical", "hrss"]


def test_automatic_item_goes_to_its_agency_though_nobody_ticked_it() -> None:
    """GD-19."""
    application = factories.submitted(region=factories.PLACES["GD"], ticked=["I07"])

    assert sorted(application.tasks.values_list("item__code", "office__agency")) == [
        ("I07", "hrss"),
        ("I13", "armed_forces"),
    ]


def test_submit_writes_a_dispatch_for_ready_tasks_only() -> None:
    application = factories.submitted()

    sent = Dispatch.objects.filter(task__application=application).values_list("task__item__code", flat=True)

    assert sorted(sent) == ["I01", "I02", "I04", "I07", "I10", "I11"]


def test_submit_asks_for_receipt_and_form() -> None:
    application = factories.submitted()

    assert list(application.documents.values_list("kind", flat=True)) == [
        DocumentKind.SUBMISSION_RECEIPT,
        DocumentKind.REGISTRATION,
    ]


def test_submit_twice_is_one_case() -> None:
    draft = factories.draft()
    factories.give_materials(draft)

    first = submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)
    second = submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)

    assert first.pk == second.pk
    assert ItemTask.objects.filter(application__applicant=draft.owner).count() == 8


def test_submit_names_every_problem_at_once_and_loses_nothing() -> None:
    draft = drafts.save(factories.draft(), {"id_no": "150602199808159998", "native": ""})

    with pytest.raises(Invalid) as caught:
        submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=False, agreed=True)

    assert caught.value.errors["id_no"] == "第 18 位校验码不对，请对照证件再看一遍"
    assert caught.value.errors["native"] == "请填籍贯"
    assert caught.value.errors["promise"] == "请看过承诺后在前面打勾"
    assert caught.value.errors["OR-33"] == "请上传部队行政介绍信"
    assert Draft.objects.get(pk=draft.pk).answers["id_no"] == "150602199808159998"
    assert Application.objects.count() == 0


def test_item_open_elsewhere_is_not_opened_again() -> None:
    """B9 and D-06: one live case per person and item."""
    user = factories.person()
    factories.submitted(user, ticked=["I07"])

    with pytest.raises(Refused, match="正在办理"):
        factories.submitted(user, ticked=["I07", "I10"])

    assert Application.objects.filter(applicant=user).count() == 1


def test_item_open_elsewhere_stays_so_under_another_secret_key(settings: Any) -> None:
    user = factories.person()
    factories.submitted(user, ticked=["I07"])

    settings.SECRET_KEY = "another-" * 8

    with pytest.raises(Refused, match="正在办理"):
        factories.submitted(user, ticked=["I07"])


def test_keys_of_before_become_those_of_the_index_key() -> None:
    factories.submitted(region=factories.PLACES["TJ"], ticked=["I10"])
    wanted = dict(ItemTask.objects.values_list("pk", "live_key"))
    for pk in wanted:
        ItemTask.objects.filter(pk=pk).update(live_key=f"made with SECRET_KEY {pk}")

    import_module("applications.migrations.0026_live_keys_by_the_index_key").with_index_key(apps, None)

    assert dict(ItemTask.objects.values_list("pk", "live_key")) == wanted


def test_item_can_be_applied_for_again_after_a_withdrawal() -> None:
    user = factories.person()
    withdrawal.withdraw(factories.submitted(user, ticked=["I07"]), user=user)

    again = factories.submitted(user, ticked=["I07"])

    assert again.status == ApplicationStatus.IN_PROGRESS


def test_values_of_items_switched_off_again_are_not_disclosed() -> None:
    """C7: account number typed for the grant, then the grant is switched off."""
    draft = factories.draft(ticked=["I07"])
    factories.give_materials(draft)

    application = submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)

    assert "account" not in application.answers
    assert draft.answers["account"] == "6228480000000000018"


def test_office_gets_only_the_fields_of_its_map() -> None:
    """S-16: medical insurance sees no politics and no bank account, the armed forces no bank account."""
    application = factories.submitted(region=factories.PLACES["TJ"])

    for dispatch in Dispatch.objects.filter(task__application=application).select_related("task__office", "task__item"):
        task = dispatch.task
        mapped = {m.field for m in task.spec.field_map[task.office.agency_id] if m.field}
        assert {line["field"] for line in dispatch.payload["fields"] if "field" in line} <= mapped
        if task.office.agency_id in ("medical", "armed_forces"):
            assert "6228480000000000018" not in json.dumps(dispatch.payload)


def test_clerk_is_recorded_as_the_one_who_typed() -> None:
    """RQ-20, and a case typed for a person with an account is linked to it."""
    clerk, person = factories.clerk(), factories.person()
    draft = drafts.start(region=factories.place(), user=clerk, channel=Channel.WINDOW)
    draft = drafts.choose_items(draft, ["I07"])
    draft = drafts.save(draft, answers_for(factories.as_soldier(person)))
    factories.give_materials(draft)

    application = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)

    assert (application.entered_by, application.applicant, application.channel) == (clerk, person, Channel.WINDOW)
    assert application.log.get(action=Action.SUBMIT).actor == clerk


def test_same_material_serves_every_item_that_needs_it() -> None:
    """TJ-13: given once, used by each office."""
    application = factories.submitted()

    for code in ("I01", "I04", "I07"):
        dispatch = factories.task_of(application, code).dispatches.get()
        assert "OR-31" in {material["code"] for material in dispatch.payload["materials"]}
    assert Material.objects.filter(application=application, code="OR-31").count() == 1


@pytest.mark.parametrize("ticked", [["I07"], None])
def test_submit_takes_the_same_statements_however_many_items(
    ticked: list[str] | None, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    draft = factories.draft(ticked=ticked)
    factories.give_materials(draft)

    # Draft, materials, mark, number, case, materials, offices, items, tasks, materials, dispatches, log, papers, notice, NOTIFY;
    # the savepoint is the test's, in production it is the transaction.
    with django_assert_num_queries(17):
        submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)


def test_account_without_a_number_gets_that_of_its_first_form_and_keeps_it() -> None:
    person = factories.person()
    number = person.id_no
    person.id_no = ""
    person.save()
    draft = drafts.save(factories.draft(person, ticked=["I01"]), {"id_no": number})
    factories.give_materials(draft)

    submission.submit(draft, user=person, channel=Channel.ONLINE, promised=True, agreed=True)

    person.refresh_from_db()
    assert (person.id_no, person.is_identity_claimed) == (number, True)


def test_number_of_another_account_is_not_taken() -> None:
    """One account per number; the second is told what to do."""
    owner, second = factories.person(), factories.person(id_no="")
    draft = drafts.save(factories.draft(second, ticked=["I01"]), {"id_no": owner.id_no})
    factories.give_materials(draft)

    with pytest.raises(Invalid) as caught:
        submission.submit(draft, user=second, channel=Channel.ONLINE, promised=True, agreed=True)

    assert "已经有账号" in caught.value.errors["id_no"]
    assert "综合窗口" in caught.value.errors["id_no"]


def test_case_of_the_window_does_not_go_to_an_account_that_only_claims_the_number() -> None:
    person = factories.person()
    User.objects.filter(pk=person.pk).update(is_identity_claimed=True)
    clerk = factories.clerk()
    draft = drafts.start(region=factories.place(), user=clerk, channel=Channel.WINDOW)
    draft = drafts.choose_items(draft, ["I01"])
    draft = drafts.save(draft, answers_for(factories.as_soldier(person)))
    factories.give_materials(draft)

    case = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)

    assert case.applicant is None
