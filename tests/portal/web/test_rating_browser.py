"""The pages of 好差评 in a real browser: narrow and wide, readable for everyone, without a script."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from applications import ratings
from tests import factories
from tests.browser import press, sign_in
from tests.portal.web.test_rating import bad, ended, supervisor

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db", "directory")]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_pages_of_a_rating_are_readable_for_everyone(
    page: "Page", assert_accessible: Callable[["Page"], None], picture: Callable[["Page", str], None], width: int
) -> None:
    case, other, third = ended(), ended(["I01", "I07"]), ended()
    said = bad(case, text="指南上没有写要带原件，多跑了一趟，电话打了三次也没有人接")
    answered = bad(other)
    overseer = supervisor()
    ratings.answer(answered.rectification, staff=overseer, text="核实：那几天电话占线。已加开一条线")
    good = ratings.rate(
        third, user=third.entered_by, grade=5, reasons=["speed", "ease"], text="一张表就办完了，没有再跑"
    )
    page.set_viewport_size({"width": width, "height": 900})
    pages = [
        (case.entered_by, "case", f"/cases/{case.number}/"),
        (case.entered_by, "form", f"/cases/{case.number}/rate/"),
        (case.entered_by, "said", f"/cases/{case.number}/rate/{said.task_id}/"),
        (other.entered_by, "answered", f"/cases/{other.number}/rate/{answered.task_id}/"),
        (other.entered_by, "my-data", "/my-data/"),
        (factories.clerk(), "window", f"/window/cases/{case.number}/rate/"),
        (overseer, "overview", "/console/"),
        (overseer, "list", "/console/ratings/"),
        (overseer, "good-list", "/console/ratings/?show=good"),
        (overseer, "good", f"/console/ratings/{good.pk}/"),
        (overseer, "answer", f"/console/ratings/{said.pk}/"),
    ]

    who = None
    for user, name, address in pages:
        if user != who:
            page.context.clear_cookies()
            sign_in(page, user)
            who = user
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert_accessible(page)
        picture(page, f"rating-{name}-{width}")


def test_person_rates_from_the_page_of_the_case(page: "Page") -> None:
    case = ended()
    sign_in(page, case.entered_by)
    page.goto(f"/cases/{case.number}/")

    press(page.get_by_role("link", name="评价这次办理"))
    page.get_by_label("不满意", exact=True).check()
    press(page.get_by_role("button", name="评价"))
    assert page.get_by_role("link", name="请至少选一个方面").is_visible()
    page.get_by_label("办事效率").check()
    press(page.get_by_role("button", name="评价"))

    assert page.get_by_text("已经记下，谢谢您").is_visible()
    assert page.get_by_text("督办人员，").is_visible()
