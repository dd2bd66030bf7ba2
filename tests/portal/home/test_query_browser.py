"""Asking with the receipt alone, in a real browser without scripts, on a phone and on a desk, also in 长辈模式."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from applications import review, visits
from applications.enums import DocumentKind
from applications.models import Application
from tests import factories
from tests.browser import press

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db", "directory")]

Check = Callable[["Page"], None]
Take = Callable[["Page", str], None]


def in_mid_way() -> Application:
    case = factories.delivered(ticked=["I01", "I02", "I03", "I04", "I07"])
    called, back, done = (factories.task_of(case, code) for code in ("I01", "I04", "I07"))
    review.accept(called, reviewer=factories.reviewer_of(called))
    visits.call_in(called, reviewer=factories.reviewer_of(called), note="周三上午到大厅")
    deficits = [review.Deficit(field="native", reason="请写全")]
    review.request_correction(back, reviewer=factories.reviewer_of(back), deficits=deficits)
    review.do_not_accept(done, reviewer=factories.reviewer_of(done), note="不在这里参保")
    return case


def fill_in(page: "Page", case: Application, code: str) -> None:
    page.get_by_label("办件编号").fill(case.number)
    page.get_by_label("校验码").fill(code)
    page.get_by_label("身份证号后四位").fill(case.subject_id_no[-4:])
    press(page.get_by_role("button", name="查进度"))


@pytest.mark.parametrize("width", [390, 1280])
def test_receipt_opens_the_progress(page: "Page", assert_accessible: Check, picture: Take, width: int) -> None:
    case = in_mid_way()
    receipt = case.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/")
    picture(page, f"query-home-{width}")
    page.goto("/sign-in/")
    picture(page, f"query-sign-in-{width}")
    press(page.get_by_role("link", name="凭申请回执查进度"))
    picture(page, f"query-form-{width}")

    fill_in(page, case, "AAAA-AAAA")
    assert page.get_by_text("对不上").first.is_visible()
    assert_accessible(page)
    picture(page, f"query-wrong-{width}")
    fill_in(page, case, receipt.check_code)

    assert page.get_by_text("现在要您做 2 件事").is_visible()
    assert page.url.endswith("/query/")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, f"query-answer-{width}")


def test_receipt_opens_the_progress_without_scripts_in_large_text(
    browser: "Browser", live_server: Any, picture: Take
) -> None:
    case = in_mid_way()
    receipt = case.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT)
    context = browser.new_context(
        locale="zh-CN", base_url=live_server.url, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto("/query/")
    press(page.get_by_role("button", name="大字").or_(page.get_by_role("button", name="长辈模式")).first)

    fill_in(page, case, receipt.check_code)

    assert page.get_by_text("现在要您做 2 件事").is_visible()
    picture(page, "query-answer-large-390")
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_verified_receipt_leads_to_the_query_with_its_number(page: "Page", picture: Take, width: int) -> None:
    case = factories.delivered(ticked=["I01"])
    receipt = case.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/verify/?n={receipt.number}")
    page.get_by_label("校验码").fill(receipt.check_code)
    press(page.get_by_role("button", name="核对"))
    picture(page, f"query-verified-{width}")

    press(page.get_by_role("button", name="凭这张回执查进度"))

    assert page.get_by_label("办件编号").input_value() == case.number
    assert page.url.endswith("/query/")
