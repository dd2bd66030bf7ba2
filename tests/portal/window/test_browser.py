"""The window in a real browser: one screen, readable for everyone, nothing of the person before on the way back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from applications import review
from applications.demo import answers_for, soldier
from applications.demo import picture as made
from applications.models import Application, Draft
from portal.accounts.models import User
from tests import factories
from tests.browser import press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db", "directory")]

Check = Callable[["Page"], None]
Take = Callable[["Page", str], None]
VISITOR = soldier("巴特尔", 6201)


def begin(page: "Page") -> None:
    page.goto("/window/")
    page.get_by_label("身份证号").fill(VISITOR.id_no)
    press(page.get_by_role("button", name="查询"))
    press(page.get_by_role("button", name=factories.place().full_name))


def type_in(page: "Page") -> None:
    for name, value in answers_for(VISITOR).items():
        field = page.locator(f"main [name={name}]")
        if not field.count():
            continue
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))


@pytest.mark.parametrize("width", [390, 1280])
def test_window_takes_a_form_from_the_number_to_the_receipt(
    page: "Page", clerk: User, assert_accessible: Check, picture: Take, width: int
) -> None:
    def look(name: str) -> None:
        picture(page, f"window-{name}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert_accessible(page)

    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, clerk)
    begin(page)
    look("sheet-empty")
    type_in(page)
    press(page.get_by_role("button", name="保存", exact=True))
    press(page.get_by_role("button", name="提交，打印收件凭证"))
    look("sheet-missing")
    for box in page.locator("input[type=file]").all():
        box.set_input_files({"name": "扫描.jpg", "mimeType": "image/jpeg", "buffer": made("scan")})
    for box in page.get_by_label("原件已核").all():
        box.check()
    page.locator("#id_promise").check()
    page.locator("#id_agree").check()
    press(page.get_by_role("button", name="提交，打印收件凭证"))
    page.wait_for_url("**/submitted/")
    look("submitted")
    number = Application.objects.get().number
    assert number in page.locator("h1 + p").inner_text()

    page.goto("/window/cases/")
    look("cases")
    page.goto(f"/window/cases/{number}/")
    look("case")


def test_window_shows_nothing_of_the_person_before_on_the_way_back(page: "Page", clerk: User) -> None:
    """C5."""
    sign_in(page, clerk)
    begin(page)
    page.get_by_label("姓名").first.fill(VISITOR.name)
    press(page.get_by_role("button", name="挂起"))
    page.wait_for_url("**/window/")

    page.get_by_label("身份证号").fill(soldier("乌力吉", 6202).id_no)
    press(page.get_by_role("button", name="查询"))

    assert VISITOR.name not in page.content()
    assert VISITOR.id_no not in page.content()


def test_window_answers_a_notice_for_the_person(
    page: "Page", clerk: User, assert_accessible: Check, picture: Take
) -> None:
    case = factories.delivered(factories.person())
    task = factories.task_of(case, "I04")
    deficits = [review.Deficit("看不清", material="OR-36")]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)
    sign_in(page, clerk)

    page.goto(f"/window/cases/{case.number}/")
    press(page.get_by_role("link", name="代为补正"))
    picture(page, "window-correction")
    assert_accessible(page)
    page.set_input_files("input[type=file]", {"name": "扫描.jpg", "mimeType": "image/jpeg", "buffer": made("scan")})
    press(page.get_by_role("button", name="提交补正"))

    assert page.get_by_text("补正已提交").is_visible()
    assert not Draft.objects.exclude(application=case).exists()


@pytest.mark.parametrize("width", [390, 1280])
def test_account_is_given_at_the_counter_and_its_password_changed(
    page: "Page", clerk: User, assert_accessible: Check, picture: Take, width: int
) -> None:
    def look(name: str) -> None:
        picture(page, f"account-{name}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert_accessible(page)

    claimer = factories.person("冒名人")
    claimer.is_identity_claimed = True
    claimer.save()
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, clerk)
    page.goto("/window/account/")
    look("empty")
    page.get_by_label("姓名").fill("孙大娘")
    page.get_by_label("身份证号").fill(claimer.id_no)
    press(page.get_by_role("button", name="给本人账号和密码"))
    look("not-ticked")
    page.get_by_label("已核对身份证原件").check()
    press(page.get_by_role("button", name="给本人账号和密码"))
    look("whose")
    page.get_by_text("不是本人的，另开一个账号").click()
    press(page.get_by_role("button", name="给本人账号和密码"))
    look("given")
    username, password = page.locator("kbd").all_inner_texts()
    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    press(page.get_by_role("button", name="登录"))
    page.get_by_label("窗口给的密码").fill("wrong-2026")
    page.get_by_label("新密码", exact=True).fill("huhehaote-26")
    press(page.get_by_role("button", name="保存新密码"))
    look("own-password")
    page.get_by_label("窗口给的密码").fill(password)
    page.get_by_label("新密码", exact=True).fill("huhehaote-26")
    page.get_by_label("再填一次新密码").fill("huhehaote-26")
    press(page.get_by_role("button", name="保存新密码"))
    assert page.get_by_text("密码已改").is_visible()
    page.goto("/messages/contact/")
    look("contact")
