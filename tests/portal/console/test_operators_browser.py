"""The operators' pages in a real browser: readable for everyone and on a phone."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from agencies.enums import GatewayKind, Role
from agencies.models import Office
from applications import detectors, exports, operations, reconciliation
from applications.enums import DispatchStatus, ExportKind
from applications.models import Dispatch
from tests import factories
from tests.browser import press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("directory")]


def test_operators_pages_pass_axe_at_both_widths_and_hold_an_agency_with_a_reason(
    page: "Page", assert_accessible: Callable[["Page"], None], settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    operator = factories.staff(Role.ADMINISTRATOR)
    case = factories.submitted(ticked=["I01", "I04"])
    dispatch = Dispatch.objects.filter(task__application=case)[0]
    Dispatch.objects.filter(pk=dispatch.pk).update(status=DispatchStatus.ATTENTION)
    Office.objects.filter(pk=factories.task_of(case, "I04").office_id).update(gateway=GatewayKind.BATCH)
    operations.hold_all(Office.objects.filter(agency="hrss"), is_held=True, operator=operator, note="检修")
    exports.make(exports.ask(ExportKind.TASKS, user=operator, posting=operator.postings.get()).pk)
    detectors.run()
    reconciliation.run(case.submitted_at.date())
    sign_in(page, operator)

    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("", f"{dispatch.pk}/", "tickets/", "pulses/", "exports/", "offline/"):
            page.goto(f"/console/dispatches/{path}")
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto("/console/dispatches/")
    page.locator("#id_hold_agency").select_option("police")
    page.locator("#id_hold_note").fill("对方检修到周五")
    press(page.get_by_role("button", name="暂停推送", exact=True))

    assert "已暂停向" in page.locator("main, body").first.inner_text()
    assert Office.objects.filter(agency="police", is_held=False).count() == 0
