"""A region file seen as an applicant will see it, before it is published."""

import pytest
from django.test import Client

from agencies.enums import Role
from agencies.models import Scheme
from portal.accounts.models import User
from tests import factories
from tests.agencies.conftest import REGIONS

PREVIEW = "/guide/preview/"
TEXT = (
    (REGIONS / "ordos.yaml")
    .read_text(encoding="utf-8")
    .replace('version: "2022.2"', 'version: "2026.2"')
    .replace("short_name: 退役报到", "short_name: 新的报到名称")
)
PAGES = ("/guide/", "/guide/I01/", "/guide/flow/")


@pytest.fixture
def keeper(directory: None) -> Client:
    client = Client()
    user = factories.staff(Role.ADMINISTRATOR, name="管理员")
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client.force_login(user)
    client.post("/place/", {"place": factories.HEPING})
    return client


def test_file_is_seen_on_the_pages_of_the_guide_by_its_keeper_alone(keeper: Client) -> None:
    assert "新的报到名称" in TEXT

    assert keeper.post(PREVIEW, {"text": TEXT}).url == "/guide/"

    pages = [keeper.get(page).content.decode() for page in PAGES]
    assert ["还没有发布的内容" in page for page in pages] == [True] * 3
    assert ["鄂尔多斯" in page for page in pages] == [True] * 3
    assert "新的报到名称" in pages[1]
    others = Client()
    others.post("/place/", {"place": factories.DONGSHENG})
    assert not [page for page in PAGES if "还没有发布的内容" in others.get(page).content.decode()]
    assert Scheme.objects.filter(region="150600").count() == 1


def test_preview_ends_and_the_chosen_place_is_back(keeper: Client) -> None:
    keeper.post(PREVIEW, {"text": TEXT})

    assert keeper.post(PREVIEW).url == "/admin/agencies/scheme/import/"

    page = keeper.get("/guide/").content.decode()
    assert "还没有发布的内容" not in page
    assert "鄂尔多斯" not in page


def test_file_with_an_error_is_not_shown(keeper: Client) -> None:
    answer = keeper.post(PREVIEW, {"text": TEXT.replace("items:", "itmes:")}, follow=True)

    assert "文件还有错误" in answer.content.decode()
    assert "还没有发布的内容" not in keeper.get("/guide/").content.decode()


def test_preview_is_for_those_who_may_publish(directory: None) -> None:
    client = Client()
    client.force_login(factories.person())

    assert client.post(PREVIEW, {"text": TEXT}).status_code == 404
    assert "还没有发布的内容" not in client.get("/guide/").content.decode()
