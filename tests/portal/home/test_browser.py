"""The home pages in a real browser: accessible, nothing sideways, at every width and in larger type."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser import press
from tests.factories import DONGSHENG
from tests.portal.web.test_components import component_page


def sideways(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("large", [False, True])
def test_home_pages_are_accessible(
    page: Page, assert_accessible: Callable[[Page], None], width: int, large: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/")
    page.select_option("#id_place", DONGSHENG)
    press(page.locator(".place-form button"))
    if large:
        page.context.add_cookies([{"name": "large", "value": "1", "url": page.url}])

    notice = "/notice/?item=I04&item=I05&item=I11&discharged=2026-09-01"
    for address in ("/", "/sign-in/", "/no-such-page/", "/guide/", "/guide/I04/", "/guide/flow/", notice):
        page.goto(address)
        assert_accessible(page)
        assert sideways(page) <= 0, address


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_components_are_accessible(page: Page, assert_accessible: Callable[[Page], None], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.route("**/components", lambda route: route.fulfill(body=component_page(), content_type="text/html"))

    page.goto("/components")

    assert_accessible(page)
    assert sideways(page) <= 0
    assert page.evaluate("document.activeElement.dataset.errorSummary") == ""
    assert page.title().startswith("有 7 处要改")


@pytest.mark.django_db(transaction=True)
def test_larger_type_is_one_press_away_without_script(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/sign-in/")

    press(page.locator("text=大字"))

    assert page.url.endswith("/sign-in/")
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 23.9
    press(page.locator("text=退出长辈模式"))
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 17


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize("address", ["/privacy/", "/accessibility/", "/site-map/", "/verify/", "/query/", "/notice/"])
def test_pages_about_the_service_are_accessible(
    page: Page, assert_accessible: Callable[[Page], None], address: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 844})

    page.goto(address)

    assert_accessible(page)
    assert sideways(page) <= 0


@pytest.mark.usefixtures("directory")
def test_every_control_of_the_home_page_shows_its_focus(page: Page) -> None:
    page.goto("/")
    unseen = []

    for _ in range(40):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [e.tagName + ' ' + e.textContent.trim().slice(0, 12), s.outlineStyle, s.boxShadow]; })()"
        )
        if style[0].startswith("BODY"):
            break
        if style[1] == "none" and style[2] == "none":
            unseen.append(style[0])

    assert unseen == []
