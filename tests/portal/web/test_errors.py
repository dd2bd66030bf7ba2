"""Pages for what went wrong."""

import pytest
from django.test import Client

from tests import factories


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
