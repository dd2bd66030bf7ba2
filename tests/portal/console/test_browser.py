"""The calendar and a case's limits in a real browser: on a phone and on a desk, without JavaScript being needed."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from agencies.enums import Role
from agencies.models import CalendarYear
from applications import access, auditing, review
from tests import factories
from tests.browser import press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("directory")]


@pytest.mark.parametrize("width", [390, 1280])
def test_notice_is_looked_at_and_then_brought_in(
    page: "Page", assert_accessible: Callable[["Page"], None], width: int
) -> None:
    task = factories.task_of(factories.delivered(ticked=["I07"]), "I07")
    review.accept(task, reviewer=factories.reviewer_of(task))
    sign_in(page, factories.staff(Role.ADMINISTRATOR))
    page.set_viewport_size({"width": width, "height": 900})

    page.goto("/console/calendars/")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("或者粘贴内容").fill(
        f'region: "150600"\nyear: {task.due_on.year}\nnotice: 当地通知\n'  # type: ignore[union-attr]
        f"holidays: [{{name: 当地节日, from: {task.due_on}, to: {task.due_on}}}]"
    )
    press(page.get_by_role("button", name="看看会改变什么"))

    page.get_by_text("1 件在办事项的到期日会变").wait_for()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    press(page.get_by_role("button", name="确认导入"))

    page.get_by_text("已导入。1 件改了到期日").wait_for()
    assert CalendarYear.objects.get(region="150600").version == 1

    page.goto(f"/console/cases/{task.application.number}/")
    page.get_by_text("为什么是").or_(page.get_by_text("怎么算的")).first.click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1280])
def test_logs_are_read_at_both_widths(
    page: "Page", assert_accessible: Callable[["Page"], None], picture: Callable[["Page", str], None], width: int
) -> None:
    task = factories.queued_task("I04")
    officer = factories.reviewer_of(task)
    access.reveal(task, fields=["id_no", "mobile"], reason="核对户籍", viewer=officer, posting=officer.postings.get())
    for hour in (1, 0):
        auditing.seal(timezone.now() - timedelta(hours=hour))
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, factories.staff(Role.AUDITOR, name="那仁"))

    for log in ("accounts", "looks", "cases"):
        page.goto(f"/console/audit/?log={log}")
        picture(page, f"audit-{log}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), log
        assert_accessible(page)
