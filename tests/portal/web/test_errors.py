"""Pages for what went wrong."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_address_that_only_takes_forms_is_no_empty_page(client: Client) -> None:
    """A phone opens a page again that it had put away, and so sends no form."""
    page = client.get("/large-text/")

    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "什么也没有再次提交" in page.content.decode()
