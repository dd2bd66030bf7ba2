"""Checking a paper and reading it as a page, in a real browser."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from applications import documents
from applications.enums import DocumentKind
from tests import factories
from tests.applications import papers
from tests.browser import press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db", "directory")]

Check = Callable[["Page"], None]
Take = Callable[["Page", str], None]


@pytest.mark.parametrize("width", [390, 1280])
def test_verify_checks_a_paper_by_what_stands_on_it(
    page: "Page", assert_accessible: Check, picture: Take, width: int
) -> None:
    document = documents.render(papers.make(DocumentKind.ACCEPTANCE_NOTICE).pk)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/verify/?n={document.number}")
    assert_accessible(page)
    picture(page, f"verify-form-{width}")

    page.get_by_label("校验码").fill("AAAA-AAAA")
    press(page.get_by_role("button", name="核对"))
    assert page.get_by_text("编号和校验码对不上").first.is_visible()
    assert_accessible(page)
    picture(page, f"verify-wrong-{width}")
    page.get_by_label("校验码").fill(document.check_code)
    press(page.get_by_role("button", name="核对"))

    assert page.get_by_text("编号和校验码对得上").is_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, f"verify-right-{width}")


@pytest.mark.parametrize("kind", [DocumentKind.REGISTRATION, DocumentKind.CORRECTION_NOTICE, DocumentKind.RESULT_SHEET])
def test_paper_as_a_page_is_readable_for_everyone(
    page: "Page", assert_accessible: Check, picture: Take, kind: DocumentKind
) -> None:
    user = factories.person()
    document = papers.make(kind, user)
    sign_in(page, user)

    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"/papers/{document.number}/")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture(page, f"paper-{kind}-{width}")
