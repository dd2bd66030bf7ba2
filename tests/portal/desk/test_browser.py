"""The desk in a real browser: readable for everyone, at work without a mouse and without a script."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from applications import access, review
from applications.enums import TaskStatus
from portal.accounts.models import User
from tests import factories
from tests.browser import press
from tests.portal.desk.conftest import see_all, url

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: "Page", user: User, live_server: object) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_pass_axe_and_do_not_scroll_sideways(
    page: "Page", live_server: object, assert_accessible: Callable[["Page"], None], width: int
) -> None:
    task = factories.queued_task("I04")
    factories.queued_task("I04")
    sign_in(page, factories.reviewer_of(task), live_server)
    page.set_viewport_size({"width": width, "height": 900})

    for path in [
        "/desk/",
        url("task", task),
        f"/desk/cases/{task.application.number}/",
        "/desk/norms/",
        "/desk/questions/",
    ]:
        page.goto(path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_choice_opens_what_it_needs_and_correction_is_previewed(page: "Page", live_server: object) -> None:
    task = factories.queued_task("I04")
    see_all(task)
    sign_in(page, factories.reviewer_of(task), live_server)

    page.goto(url("task", task))
    page.get_by_label("一次性告知补正").check()
    code = access.visible_materials(task)[0].code
    page.fill(f"#id_request_correction-words-{code}", "印章压住日期，请重拍")
    press(page.get_by_role("button", name="预览告知书"))
    press(page.get_by_role("button", name="发出告知"))

    page.get_by_text("已一次性告知补正，共 1 处").wait_for()
    task.refresh_from_db()
    assert task.status == TaskStatus.AWAITING_CORRECTION


def test_files_are_seen_by_looking_at_them(page: "Page", live_server: object) -> None:
    task = factories.queued_task("I04")
    sign_in(page, factories.reviewer_of(task), live_server)

    page.goto(url("task", task))
    press(page.get_by_role("button", name="齐", exact=True))

    assert task.checks.count() == 1
    assert len(access.seen_materials(task)) == 2


def test_completion_is_written_with_its_reference(page: "Page", live_server: object) -> None:
    task = factories.queued_task("I04")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    sign_in(page, reviewer, live_server)

    page.goto(url("task", task))
    page.get_by_label("办结", exact=False).first.check()
    page.fill("#id_complete-reference", "户字1号")
    press(page.get_by_role("button", name="办结"))

    page.get_by_text("已办结", exact=True).first.wait_for()
    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED


def test_j_and_k_go_through_the_tray_and_values_are_copied(page: "Page", live_server: object) -> None:
    """Conveniences of desk.js; the same links and buttons work by mouse and Tab."""
    first, second = factories.queued_task("I04"), factories.queued_task("I04")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(page, factories.reviewer_of(first), live_server)

    page.goto("/desk/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    page.goto(url("task", first))
    with page.expect_navigation():
        page.keyboard.press("j")
    after = page.url
    with page.expect_navigation():
        page.keyboard.press("k")
    page.locator("[data-copy]").first.click()
    page.locator("[data-said]", has_text="已复制").wait_for(state="attached")
    copied = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="转 90 度").click()

    assert focused == url("task", second)
    assert after.endswith(url("task", second))
    assert page.url.endswith(url("task", first))
    assert copied == first.application.subject_name
    assert page.locator("[data-turns]").get_attribute("data-turns") == "1"
