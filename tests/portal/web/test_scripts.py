"""The scripts of forms in a real browser, against answers the test gives: saving, waiting, uploading."""

import json
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

FORM = """<!doctype html><html lang="zh"><head><title>表</title><script src="/static/js/{script}" defer></script></head><body>
<span data-save-state role="status"><span data-save-words></span></span>{form}</body></html>"""
DRAFT = '<form method="post" action="/send" data-autosave="/save"><input id="a" name="a" aria-label="甲"><button>发</button></form>'
UPLOAD = (
    '<form method="post" action="/files" data-upload data-max-bytes="1048576" enctype="multipart/form-data">'
    '<input type="hidden" name="csrfmiddlewaretoken" value="t"><input type="file" name="files" multiple aria-label="文件">'
    "<button data-upload-button>上传</button></form>"
)


def show(page: Page, script: str, form: str) -> None:
    html = FORM.format(script=script, form=form)
    page.route("**/form", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto("/form")


@pytest.mark.django_db(transaction=True)
def test_draft_is_saved_after_a_pause_and_says_when(page: Page) -> None:
    sent: list[str] = []
    page.route("**/save", lambda route: (sent.append(route.request.post_data or ""), _saved(route)))
    show(page, "draft.js", DRAFT)

    page.fill("#a", "赵明远")

    expect(page.locator("[data-save-words]")).to_have_text("已保存 09:42", timeout=5000)
    assert len(sent) == 1
    assert "赵明远" in sent[0]


@pytest.mark.django_db(transaction=True)
def test_draft_that_could_not_be_saved_offers_to_try_again(page: Page) -> None:
    answers = [500, 200]
    page.route(
        "**/save", lambda route: _saved(route) if answers.pop(0) == 200 else route.fulfill(status=500, body="no")
    )
    show(page, "draft.js", DRAFT)

    page.fill("#a", "一")
    page.click("text=重试", timeout=5000)

    expect(page.locator("[data-save-words]")).to_have_text("已保存 09:42")


@pytest.mark.django_db(transaction=True)
def test_submit_waits_for_a_running_save_so_that_older_text_never_wins(page: Page) -> None:
    order: list[str] = []

    def slow(route: Route) -> None:
        time.sleep(0.6)
        order.append("saved")
        _saved(route)

    def send(route: Route) -> None:
        order.append("sent")
        route.fulfill(body="<title>好</title>", content_type="text/html; charset=utf-8")

    page.route("**/save", slow)
    page.route("**/send", send)
    show(page, "draft.js", DRAFT)

    with page.expect_request("**/save"):
        page.fill("#a", "一")
    page.click("text=发")
    page.wait_for_url("**/send")

    assert order == ["saved", "sent"]


@pytest.mark.django_db(transaction=True)
def test_upload_sends_each_file_alone_and_keeps_what_failed(page: Page) -> None:
    calls: list[Any] = []

    def take(route: Route) -> None:
        calls.append(route.request.header_value("content-type"))
        fine = len(calls) == 1
        body = {} if fine else {"error": "这个文件打不开，请换一张"}
        route.fulfill(status=200 if fine else 422, body=json.dumps(body), content_type="application/json")

    page.route("**/files", take)
    show(page, "upload.js", UPLOAD)

    page.set_input_files("input[type=file]", [_file("甲.jpg", 10), _file("乙.jpg", 10), _file("丙.jpg", 2_000_000)])

    expect(page.locator(".file-row__state")).to_have_text(
        ["已传好", "这个文件打不开，请换一张", "这个文件 2 MB，超过 1 MB。请重拍或分页传"]
    )
    assert len(calls) == 2
    assert page.locator("[data-upload-button]").is_hidden()


def _file(name: str, size: int) -> Any:
    return {"name": name, "mimeType": "image/jpeg", "buffer": b"x" * size}


def _saved(route: Route) -> None:
    route.fulfill(body=json.dumps({"saved_at": "09:42"}), content_type="application/json")


@pytest.mark.django_db(transaction=True)
def test_file_control_speaks_chinese_and_names_what_was_chosen(page: Page) -> None:
    form = '<form><input type="file" name="f" multiple aria-label="退伍证"></form>'
    show(page, "file_input.js", form)

    page.set_input_files("input[type=file]", [_file("甲.jpg", 1), _file("乙.jpg", 1)])

    expect(page.locator(".file-button")).to_have_text("选文件")
    expect(page.locator(".file-words")).to_have_text("已选 2 个：甲.jpg、乙.jpg")


# -- before the sign-out -------------------------------------------------------------------------------------------------

SESSION = (
    '<div data-session data-left="8" data-warn="10" data-url="/session/" hidden><p role="alert" data-session-words></p>'
    '<form method="post" action="/session/" hidden><input type="hidden" name="csrfmiddlewaretoken" value="t">'
    '<button>继续用</button></form><a href="/sign-in/" hidden>登录</a></div><textarea aria-label="写"></textarea>'
)


def answer_session(page: Page, *, asked: int, kept: int) -> list[str]:
    """The server of the test: how many seconds are left when asked, and after going on. Gives the methods that came."""
    came: list[str] = []

    def answer(route: Route) -> None:
        came.append(route.request.method)
        left = kept if route.request.method == "POST" else asked
        route.fulfill(body=json.dumps({"left": left}), content_type="application/json")

    page.route("**/session/", answer)
    return came


@pytest.mark.django_db(transaction=True)
def test_person_is_warned_and_goes_on_with_one_press(page: Page) -> None:
    """WCAG 2.2.1."""
    came = answer_session(page, asked=8, kept=1800)
    show(page, "session.js", SESSION)

    expect(page.get_by_role("alert")).to_contain_text("1 分钟内没有操作就会退出登录")
    page.get_by_role("button", name="继续用").click()

    expect(page.get_by_role("button", name="继续用")).to_be_hidden()
    assert came == ["GET", "POST"]


@pytest.mark.django_db(transaction=True)
def test_who_types_is_kept_signed_in_without_a_word(page: Page) -> None:
    came = answer_session(page, asked=8, kept=1800)
    show(page, "session.js", SESSION)

    page.get_by_label("写").fill("很长的意见")

    with page.expect_response("**/session/"):
        pass
    assert came == ["POST"]
    expect(page.locator("[data-session]")).to_be_hidden()


@pytest.mark.django_db(transaction=True)
def test_page_says_that_the_session_ended_and_keeps_what_is_typed(page: Page) -> None:
    answer_session(page, asked=0, kept=0)
    show(page, "session.js", SESSION)

    expect(page.get_by_role("alert")).to_contain_text("已退出登录")
    expect(page.get_by_role("link", name="登录")).to_be_visible()
    expect(page.get_by_role("button", name="继续用")).to_be_hidden()
