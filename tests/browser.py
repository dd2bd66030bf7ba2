"""What browser tests do on every page."""

from typing import TYPE_CHECKING

from portal.accounts.models import User

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def press(control: "Locator") -> None:
    """Presses what leads to another page, and returns when that page is there.

    A bare click returns at once: what is read next may still be the page before.
    """
    with control.page.expect_navigation():
        control.click()


def sign_in(page: "Page", user: User) -> None:
    page.goto("/sign-in/")
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码").fill("demo-2026")
    press(page.get_by_role("button", name="登录"))
