"""业务规范: what the office must hold to, out of the scheme in force."""

from django.urls import reverse

from tests import factories
from tests.portal.desk.conftest import reviewer


def test_norms_list_the_items_of_the_own_agency_only() -> None:
    task = factories.queued_task("I10")

    norms = reviewer(task).get(reverse("desk:norms")).context["norms"]

    spec = task.application.scheme.spec
    agency = task.office.agency_id
    assert [norm.code for norm in norms] == [i.code for i in spec.items if i.enabled and agency in i.agencies]


def test_norms_say_what_is_not_published() -> None:
    """STANDARDS: nothing is invented where the source is silent."""
    task = factories.queued_task("I04")

    norms = {norm.code: norm for norm in reviewer(task).get(reverse("desk:norms")).context["norms"]}

    rows = {row.label: row.value for row in norms["I04"].rows}
    assert rows["承诺时限"] == "27 个工作日（整件事的时限）"
    assert rows["法定时限"] == "未公布"


def test_norms_name_prerequisites_and_materials() -> None:
    task = factories.queued_task("I04")

    norms = {norm.code: norm for norm in reviewer(task).get(reverse("desk:norms")).context["norms"]}

    rows = {row.label: row.value for row in norms["I05"].rows}
    assert rows["前置"] == "“恢复户口”办结以后才开始（身份证由户口所在地公安机关签发，先恢复户口）"
    assert len(norms["I04"].materials) >= len(task.material_codes())
