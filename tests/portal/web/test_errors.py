"""Pages for what went wrong."""

from typing import Any

import pytest
from django.test import Client

from tests import factories

MEGABYTE = 1024 * 1024


@pytest.mark.django_db
def test_address_that_only_takes_forms_is_no_empty_page(client: Client) -> None:
    """A phone opens a page again that it had put away, and so sends no form."""
    page = client.get("/large-text/")

    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "什么也没有再次提交" in page.content.decode()


@pytest.mark.usefixtures("directory")
def test_page_that_is_not_there_leads_staff_back_to_their_work(client: Client) -> None:
    client.force_login(factories.clerk())
    at_work = client.get("/console/").content.decode()
    client.force_login(factories.person())
    at_home = client.get("/console/").content.decode()

    assert ('<a class="btn btn-primary" href="/window/">回到首页</a>' in at_work, "不归您的岗位" in at_work) == (
        True,
        True,
    )
    assert ('<a class="btn btn-primary" href="/">回到首页</a>' in at_home, "不归您的账号" in at_home) == (True, True)


class Unread:
    """A body that nobody may read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def post_large(client: Client, path: str, size: int, **extra: Any) -> Any:
    """A form that says how large it is, and whose body must not be looked at."""
    body = {"wsgi.input": Unread(), "CONTENT_LENGTH": str(size), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    return client.request(REQUEST_METHOD="POST", PATH_INFO=path, **{**body, **extra})


@pytest.mark.parametrize("path", ["/sign-in/", "/place/", "/apply/", "/admin/login/", "/verify/"])
def test_large_body_of_somebody_unknown_is_not_read(path: str, directory: None) -> None:
    page = post_large(Client(enforce_csrf_checks=True), path, 3 * MEGABYTE)

    assert page.status_code == 413
    assert "文件请先登录" in page.content.decode()


def test_what_is_more_than_all_files_of_a_case_is_not_read(directory: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.person())

    page = post_large(client, "/apply/", 203 * MEGABYTE)

    assert page.status_code == 413
    assert "加起来最多 200 MB" in page.content.decode()


def test_files_of_whoever_is_signed_in_are_read(directory: None) -> None:
    client = Client()
    client.force_login(factories.person())

    with pytest.raises(AssertionError, match="was read"):
        post_large(client, "/apply/", 150 * MEGABYTE)


def test_files_of_somebody_whose_session_just_ended_are_read_so_that_the_form_is_kept(
    directory: None, settings: Any
) -> None:
    client = Client()
    client.force_login(factories.person())
    client.get("/cases/")
    settings.SESSION_IDLE_SECONDS = 0

    with pytest.raises(AssertionError, match="was read"):
        post_large(client, "/apply/", 3 * MEGABYTE)


@pytest.mark.parametrize(
    "path", ["/exchange/v1/events", "/exchange/v1/tasks/x/ack", "/exchange/v1/tasks", "/exchange/x"]
)
def test_machine_is_told_in_its_own_form_before_the_body_is_read(path: str, directory: None) -> None:
    answer = post_large(Client(), path, 3 * MEGABYTE, CONTENT_TYPE="application/json")

    assert answer.status_code in (405, 413)
    assert answer["Content-Type"] == "application/problem+json"
