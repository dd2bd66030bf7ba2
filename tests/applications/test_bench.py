"""The copies that `manage.py bench` measures with: whole cases with keys of their own, and only closed ones beyond."""

import pytest
from django.db.models import F

from applications import review
from applications.management.bench_scale import STRIDE, grow
from applications.management.commands.bench import scanned
from applications.models import Application, Dispatch, ItemTask, Notice, StatusLog
from portal.accounts.models import User
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("directory")]


def test_copies_are_whole_cases_and_beyond_the_open_ones_closed() -> None:
    factories.submitted(ticked=["I01"])
    task = factories.task_of(factories.delivered(ticked=["I01"]), "I01")
    review.do_not_accept(task, reviewer=factories.reviewer_of(task), note="不属于本机构受理范围")

    grow(5, first_copy=1, open_copies=1)

    assert Application.objects.count() == 5
    assert Application.objects.filter(closed_at=None).count() == 2
    copies = ItemTask.objects.filter(pk__gt=STRIDE)
    assert copies.filter(application__pk__lt=STRIDE).count() == 0
    assert StatusLog.objects.filter(task__in=copies).exclude(application=F("task__application")).count() == 0
    assert Dispatch.objects.values("key").distinct().count() == Dispatch.objects.count()
    assert User.objects.filter(applications__isnull=False).distinct().count() == 5
    assert not Notice.objects.filter(recipient=None).exists()


def test_plan_that_reads_a_large_table_from_end_to_end_is_named() -> None:
    inner = {"Node Type": "Seq Scan", "Relation Name": "applications_itemtask", "Actual Rows": 30_000}
    small = {"Node Type": "Seq Scan", "Relation Name": "agencies_region", "Actual Rows": 300}
    plan = {
        "Node Type": "Hash Join",
        "Actual Rows": 1,
        "Plans": [small, {"Node Type": "Hash", "Plans": [inner], "Actual Rows": 1}],
    }

    assert scanned(plan) == {"applications_itemtask"}
