"""Pages on an old phone: system text set to twice its size, and lists of the back office, none of it scrolling sideways."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from agencies.enums import Role
from applications import review
from applications.enums import DocumentKind
from portal.accounts.models import User
from tests import factories
from tests.browser import press, sign_in
from tests.conftest import CHROMIUM_OPTIONS, PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db", "directory")]

BEYOND = """() => [...document.querySelectorAll('main *')]
    .filter(e => !e.closest('.visually-hidden, thead, svg') && e.getBoundingClientRect().right > innerWidth + 1
        && e.getBoundingClientRect().left < innerWidth)
    .map(e => `${e.tagName} ${e.className}`)"""


@pytest.fixture
def large_text(browser: "Browser", live_server: Any) -> Iterator["Page"]:
    """A phone whose system text is 32 px instead of 16."""
    own = browser.browser_type.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=[*CHROMIUM_OPTIONS, "--blink-settings=defaultFontSize=32"]
    )  # fmt: skip
    page = own.new_page(locale="zh-CN", base_url=live_server.url, viewport={"width": 390, "height": 844})
    page.set_default_timeout(PATIENCE)
    yield page
    own.close()


@pytest.mark.parametrize("width", [320, 390])
def test_twice_the_system_text_keeps_every_page_within_the_window(
    large_text: "Page", picture: Callable[["Page", str], None], width: int
) -> None:
    task = factories.queued_task("I04")
    number = task.application.number
    accepted = factories.task_of(task.application, "I01")
    review.accept(accepted, reviewer=factories.reviewer_of(accepted))
    pages: list[tuple[User, list[str]]] = [
        (
            task.application.applicant,
            ["/", f"/cases/{number}/", f"/cases/{number}/withdraw/", f"/cases/{number}/amend/", "/apply/", "/guide/"],
        ),
        (factories.clerk(), ["/window/", "/window/account/", "/window/cases/?day=all", "/password/"]),
        (factories.reviewer_of(task), ["/desk/", f"/desk/tasks/{number}/I04/", f"/desk/cases/{number}/"]),
        (factories.staff(Role.AUDITOR), ["/console/audit/"]),
        (
            factories.staff(Role.ADMINISTRATOR),
            ["/console/", "/console/calendars/", "/console/dispatches/", "/console/ratings/"],
        ),
    ]
    large_text.set_viewport_size({"width": width, "height": 844})

    for user, addresses in pages:
        large_text.context.clear_cookies()
        sign_in(large_text, user)
        for address in addresses:
            large_text.goto(address)
            assert large_text.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
            assert large_text.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            picture(large_text, f"large-text-{address.strip('/').replace('/', '-') or 'home'}-{width}")


@pytest.mark.parametrize("width", [320, 390])
def test_twice_the_system_text_keeps_the_answer_to_a_receipt_within_the_window(
    large_text: "Page", picture: Callable[["Page", str], None], width: int
) -> None:
    case = factories.delivered(ticked=["I01", "I04", "I07"])
    receipt = case.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT)
    large_text.set_viewport_size({"width": width, "height": 844})
    large_text.goto("/query/")
    assert large_text.evaluate("document.documentElement.scrollWidth <= innerWidth")

    large_text.get_by_label("办件编号").fill(case.number)
    large_text.get_by_label("校验码").fill(receipt.check_code)
    large_text.get_by_label("身份证号后四位").fill(case.subject_id_no[-4:])
    press(large_text.get_by_role("button", name="查进度"))

    assert large_text.get_by_text("每件事办到哪一步").is_visible()
    assert large_text.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(large_text, f"large-text-query-answer-{width}")


def test_twice_the_system_text_puts_the_buttons_below_the_name_and_not_over_it(large_text: "Page") -> None:
    large_text.goto("/")

    name, button = (large_text.locator(found).first.bounding_box() for found in (".brand__name", ".large-switch"))

    assert name is not None
    assert button is not None
    assert button["y"] >= name["y"] + name["height"]


@pytest.mark.parametrize("width", [320, 390])
def test_rows_of_the_back_office_are_cards_with_the_name_of_each_column(page: "Page", width: int) -> None:
    factories.delivered()
    sign_in(page, User.objects.create_superuser("root", password="demo-2026", legal_name="管理员"))
    page.set_viewport_size({"width": width, "height": 844})

    for address in ("applications/application", "applications/itemtask", "agencies/office", "agencies/scheme"):
        page.goto(f"/admin/{address}/")
        assert page.evaluate(BEYOND) == []
        assert page.evaluate(
            "document.querySelector('.results').scrollWidth <= document.querySelector('.results').clientWidth"
        )
    page.goto("/admin/applications/application/")
    row = page.locator("#result_list tbody tr").first
    assert row.locator("[data-label]").evaluate_all("cells => cells.map(cell => cell.dataset.label)")[:2] == [
        "办件编号",
        "姓名",
    ]
