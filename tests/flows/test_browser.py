"""The whole job in a real browser: form, wrong input, files, receipt, desks, a correction, the result sheet.

Workers are real processes; every page is looked at by axe at the width of a phone and of a desk.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from applications.demo import answers_for, picture
from applications.enums import ApplicationStatus, DocumentKind, DocumentStatus, TaskStatus
from applications.models import Application, Document, ItemTask
from portal.accounts.models import User
from tests import factories
from tests.browser import press, sign_in
from tests.processes import Workers, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.usefixtures("directory")]

CHOSEN = ["I01", "I04", "I10"]
WIDTHS = (390, 1280)


@pytest.fixture
def look(assert_accessible: Callable[["Page"], None], picture: Callable[["Page", str], None]) -> Callable[..., None]:
    """Axe finds nothing and nothing scrolls sideways, on a phone and on a desk."""

    def check(page: "Page", name: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            # The new width reaches the layout a moment after the window; a page that stays too wide fails by time-out.
            page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
            assert_accessible(page)
            picture(page, f"flow-{name}-{width}")

    return check


@pytest.fixture
def desk(browser: "Browser", live_server: Any) -> Iterator[Callable[[User], "Page"]]:
    """A browser of one's own for each member of staff."""
    contexts = []

    def open_for(user: User) -> "Page":
        context = browser.new_context(
            locale="zh-CN", base_url=live_server.url, viewport={"width": 1280, "height": 900}
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        sign_in(page, user)
        return page

    yield open_for
    for context in contexts:
        context.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "照片.jpg"
    path.write_bytes(picture("demo"))
    return path


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A file that is not what its name says."""
    path = tmp_path / "第2页.jpg"
    path.write_bytes(b"MZ this is no picture")
    return path


def task_now(case: Application, item: str) -> ItemTask:
    return ItemTask.objects.get(application=case, item__code=item)


def arrived(case: Application, item: str, status: TaskStatus = TaskStatus.QUEUED) -> None:
    eventually(lambda: task_now(case, item).status == status)


def choose_place_and_items(page: "Page", look: Callable[..., None]) -> None:
    place = factories.place()
    page.goto("/apply/")
    look(page, "start")
    page.get_by_label("按名字找").fill(place.name)
    press(page.get_by_role("button", name="查找"))
    press(page.get_by_role("button", name=place.full_name))
    look(page, "items")
    for item in page.get_by_role("radiogroup").all():
        code = (item.get_attribute("aria-labelledby") or "").removeprefix("name-")
        item.get_by_label("是" if code in CHOSEN else "否", exact=True).check()
    press(page.get_by_role("button", name="保存，下一步"))


def fill_section(page: "Page", answers: dict[str, Any]) -> None:
    """Fills each control that the page shows."""
    for field in page.locator("main form [name]:not([type=hidden])").all():
        name, kind = field.get_attribute("name") or "", field.get_attribute("type")
        value = str(answers.get(name, ""))
        if name not in answers:
            continue
        if kind == "radio":
            if field.get_attribute("value") == value:
                field.check()
        elif field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def fill_in_form(page: "Page", person: User, look: Callable[..., None]) -> None:
    answers = answers_for(factories.as_soldier(person))
    fill_section(page, answers | {"enlist_date": "2021-02-30", "native": ""})
    press(page.get_by_role("button", name="保存，下一步"))
    summary = page.locator("[data-error-summary]")
    assert summary.get_by_role("link").all_inner_texts() == [
        "入伍时间不是一个日历上有的日期，请写成 2026-09-01 这样",
        "请填籍贯",
    ]
    assert page.get_by_label("入伍时间").input_value() == "2021-02-30"
    look(page, "section-wrong")
    fill_section(page, answers)
    press(page.get_by_role("button", name="保存，下一步"))
    while page.url.endswith("/situation/"):
        look(page, "situation")
        fill_section(page, answers)
        press(page.get_by_role("button", name="保存，下一步"))


def give_materials(page: "Page", photo: Path, fake: Path, look: Callable[..., None]) -> None:
    """One bad file among good ones first: the good one stays."""
    codes = [box.get_attribute("id") or "" for box in page.locator("input[type=file]").all()]
    page.set_input_files(f"#{codes[0]}", [photo, fake])
    bad = page.locator(".file-row--failed")
    bad.wait_for()
    assert "这不是照片（JPG、PNG、HEIC）或 PDF" in bad.inner_text()
    look(page, "materials-wrong")
    page.reload()
    assert page.locator(".file-row__name").all_inner_texts() == ["照片.jpg"]
    for code in codes[1:]:
        with page.expect_navigation():
            page.set_input_files(f"#{code}", photo)
    look(page, "materials")
    press(page.get_by_role("link", name="下一步，检查"))


def hand_in(page: "Page", look: Callable[..., None]) -> Application:
    look(page, "check")
    press(page.get_by_role("button", name="提交登记表"))
    assert page.locator("[data-error-summary]").inner_text().endswith("请看过承诺后在前面打勾")
    for tick in page.locator("#id_promise, #id_agree").all():  # the second is there with a sensitive field alone
        tick.check()
    press(page.get_by_role("button", name="提交登记表"))
    page.wait_for_url("**/submitted/")
    look(page, "submitted")
    return Application.objects.get()


def do(page: "Page", action: str, **fields: str) -> None:
    """Chooses a decision on a task's page, fills in what it needs and presses its button."""
    way = page.locator(".desk-deed", has=page.locator(f"input[name=action][value={action}]"))
    way.get_by_role("radio").first.check()
    for label, words in fields.items():
        way.get_by_label(label).fill(words)
    press(way.get_by_role("button").last)


def see_all_files(page: "Page") -> None:
    links = [link.get_attribute("href") for link in page.locator(".viewer__list a").all()]
    here = page.url
    for link in links:
        page.goto(f"{here.split('?')[0]}{link}" if (link or "").startswith("?") else str(link))
    page.goto(here)


def test_whole_job_in_a_browser(
    page: "Page",
    workers: Workers,
    desk: Callable[[User], "Page"],
    look: Callable[..., None],
    photo: Path,
    fake: Path,
) -> None:
    workers.start()
    person = factories.person()

    sign_in(page, person)
    choose_place_and_items(page, look)
    fill_in_form(page, person, look)
    give_materials(page, photo, fake, look)
    case = hand_in(page, look)
    assert case.number in page.locator("h1 + p").inner_text()
    for item in CHOSEN:
        arrived(case, item)
    receipt = Document.objects.get(application=case, kind=DocumentKind.SUBMISSION_RECEIPT)
    eventually(lambda: Document.objects.get(pk=receipt.pk).status == DocumentStatus.READY)
    assert page.request.get(f"/papers/{receipt.number}.pdf").body().startswith(b"%PDF")

    offices = {item: desk(factories.reviewer_of(task_now(case, item))) for item in CHOSEN}
    veterans = offices["I01"]
    veterans.goto(f"/desk/tasks/{case.number}/I01/")
    see_all_files(veterans)
    look(veterans, "desk-task")
    ask_for_a_better_picture(veterans)
    arrived(case, "I01", TaskStatus.AWAITING_CORRECTION)

    page.goto(f"/cases/{case.number}/")
    look(page, "case-correction")
    press(page.get_by_role("link", name="去补正"))
    look(page, "correction")
    page.set_input_files("input[type=file]", photo)
    press(page.get_by_role("button", name="提交补正"))
    assert page.get_by_text("补正已提交").is_visible()
    arrived(case, "I01")

    for item, office in offices.items():
        office.goto(f"/desk/tasks/{case.number}/{item}/")
        do(office, "accept")
        office.goto(f"/desk/tasks/{case.number}/{item}/")
        do(office, "complete", 结果说明="已经办好")
        finish(office)
    case.refresh_from_db()
    assert case.status == ApplicationStatus.COMPLETED

    sheet = Document.objects.get(application=case, kind=DocumentKind.RESULT_SHEET)
    eventually(lambda: Document.objects.get(pk=sheet.pk).status == DocumentStatus.READY)
    page.goto(f"/cases/{case.number}/")
    assert page.locator("h1").inner_text() == "3 件事，全部办好"
    look(page, "case-done")
    page.goto("/cases/")
    look(page, "case-list")
    assert page.request.get(f"/papers/{sheet.number}.pdf").body().startswith(b"%PDF")


def ask_for_a_better_picture(page: "Page") -> None:
    page.get_by_role("radio", name="一次性告知补正").check()
    page.locator("select[name$='pick-OR-33']").select_option("看不清，请平放、光线均匀重拍")
    press(page.get_by_role("button", name="预览告知书"))
    press(page.get_by_role("button", name="发出告知"))


def finish(page: "Page") -> None:
    """Presses the button of the page that asks again, if there is one."""
    sure = page.locator("button[name=sure]")
    if sure.count():
        press(sure)
