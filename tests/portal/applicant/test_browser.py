"""Pages of the applicant in a real browser: narrow, wide, in larger type, and without scripts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from applications import access, review
from applications.demo import picture as made
from applications.models import Application, Correction, Draft
from portal.accounts.models import User
from tests import factories
from tests.browser import press, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("transactional_db", "directory")]

Check = Callable[["Page"], None]
Take = Callable[["Page", str], None]


@pytest.fixture
def case(person: User) -> Application:
    """A case with one item in review, notices of two offices, and the rest with the offices."""
    case = factories.delivered(person)
    asked, accepted = factories.task_of(case, "I04"), factories.task_of(case, "I10")
    review.accept(accepted, reviewer=factories.reviewer_of(accepted))
    deficits = [review.Deficit("看不清", material="OR-36"), review.Deficit("打不通", field="mobile")]
    review.request_correction(asked, reviewer=factories.reviewer_of(asked), deficits=deficits)
    other = factories.task_of(case, "I01")
    deficits = [review.Deficit("没有盖章", material="OR-33"), review.Deficit("少一位", field="mobile")]
    review.request_correction(other, reviewer=factories.reviewer_of(other), deficits=deficits)
    return case


@pytest.mark.parametrize("how", ["390", "1280", "large"])
def test_pages_are_readable_for_everyone(
    page: "Page", person: User, case: Application, assert_accessible: Check, picture: Take, how: str
) -> None:
    draft = factories.draft(person, ticked=["I01", "I04", "I11"])
    page.set_viewport_size({"width": 1280 if how == "1280" else 390, "height": 900})
    if how == "large":
        page.context.add_cookies([{"name": "large", "value": "1", "url": page.request.get("/").url}])
    sign_in(page, person)
    addresses = {
        "case": f"/cases/{case.number}/",
        "correction": f"/cases/{case.number}/correction/",
        "messages": "/messages/",
        "contact": "/messages/contact/",
        "withdraw": f"/cases/{case.number}/withdraw/",
        "cases": "/cases/",
        "start": "/apply/",
        "items": f"/apply/{draft.pk}/items/",
        "basic": f"/apply/{draft.pk}/form/basic/?check=1",
        "materials": f"/apply/{draft.pk}/materials/",
        "check": f"/apply/{draft.pk}/check/",
    }

    for name, address in addresses.items():
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach(fold => { fold.open = true; })")
        picture(page, f"apply-{name}-{how}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert_accessible(page)


def test_form_is_saved_while_it_is_filled_in(page: "Page", person: User) -> None:
    draft = factories.draft(person)
    sign_in(page, person)
    page.goto(f"/apply/{draft.pk}/form/basic/")

    page.get_by_label("籍贯").fill("写到一半")
    page.locator("[data-save-state][data-state=saved]").first.wait_for()

    assert Draft.objects.get(pk=draft.pk).answers["native"] == "写到一半"
    press(page.get_by_role("button", name="保存，下一步"))
    page.wait_for_url("**/situation/")


def test_answer_is_kept_while_it_is_typed_and_enter_sends_nothing(
    page: "Page", person: User, case: Application
) -> None:
    """Typed text survives a deleted file; the key Enter saves, it neither deletes nor submits."""
    notices = Correction.objects.filter(task__application=case)
    sign_in(page, person)
    page.goto(f"/cases/{case.number}/correction/")
    number = page.get_by_label("联系电话")

    number.fill("13900001111")
    page.locator("[data-save-state][data-state=saved]").first.wait_for()
    assert {notice.kept["mobile"] for notice in notices} == {"13900001111"}

    page.set_input_files("#file-OR-36", {"name": "重拍.jpg", "mimeType": "image/jpeg", "buffer": made("x")})
    press(page.get_by_role("button", name="传这些文件").last)
    number.fill("13900002222")
    press(page.get_by_role("button", name="删除 重拍.jpg"))
    assert number.input_value() == "13900002222"
    with page.expect_navigation():
        number.press("Enter")
    assert number.input_value() == "13900002222"
    assert not notices.exclude(answered_at=None).exists()


def test_form_and_files_work_without_scripts(browser: "Browser", live_server: object, person: User) -> None:
    draft = factories.draft(person, ticked=["I01"])
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    sign_in(page, person)
    page.goto(f"/apply/{draft.pk}/materials/")

    page.set_input_files("#file-OR-31", {"name": "退伍证.jpg", "mimeType": "image/jpeg", "buffer": made("x")})
    press(page.get_by_role("button", name="传这些文件 退伍证"))

    assert page.locator(".file-row__name").all_inner_texts() == ["退伍证.jpg"]
    context.close()


@pytest.mark.parametrize("how", ["390", "1280", "large"])
def test_own_data_are_readable_for_everyone(
    page: "Page", person: User, case: Application, assert_accessible: Check, picture: Take, how: str
) -> None:
    task = factories.task_of(case, "I01")
    officer = factories.reviewer_of(task)
    posting = officer.postings.get()
    access.open_material(task, access.visible_materials(task)[0], viewer=officer, posting=posting)
    access.reveal(task, fields=["id_no", "mobile"], reason="核对号码", viewer=officer, posting=posting)
    page.set_viewport_size({"width": 1280 if how == "1280" else 390, "height": 900})
    if how == "large":
        page.context.add_cookies([{"name": "large", "value": "1", "url": page.request.get("/").url}])
    sign_in(page, person)

    page.goto("/my-data/")

    picture(page, f"my-data-{how}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(page)
