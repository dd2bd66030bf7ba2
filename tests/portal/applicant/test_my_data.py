"""我的数据: who got what and who looked, told to its person alone, and all of it as one file."""

import json
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agencies.enums import Role
from applications import access, own_data, review
from applications.models import Application
from portal.accounts.models import User
from tests import factories
from tests.portal.applicant.test_cases import queries

PAGE, FILE = "/my-data/", "/my-data/download/"


def looked_at(case: Application, item: str = "I04") -> User:
    """An officer of the item's office opens a file and asks for full numbers."""
    task = factories.task_of(case, item)
    officer = factories.reviewer_of(task)
    posting = officer.postings.get()
    access.open_material(task, access.visible_materials(task)[0], viewer=officer, posting=posting)
    access.reveal(task, fields=["id_no", "account"], reason="核对号码", viewer=officer, posting=posting)
    return officer


def file_of(client: Client) -> dict[str, Any]:
    return json.loads(client.get(FILE).content)


def test_page_tells_which_office_got_which_fields_for_which_item(applicant: Client, person: User) -> None:
    case = factories.delivered(person, ticked=["I01", "I04"])
    payload = factories.task_of(case, "I04").dispatches.get().payload

    row = next(
        row
        for row in applicant.get(PAGE).context["cases"][0].rows
        if row.purpose == factories.task_of(case, "I04").spec.title
    )

    assert row.office == factories.task_of(case, "I04").office.name
    assert row.fields == "、".join(line["label"] for line in payload["fields"] if "field" in line)
    assert row.materials == "、".join(line["name"] for line in payload["materials"] if line["files"])


def test_page_shows_no_value_in_full(applicant: Client, person: User) -> None:
    case = factories.delivered(person)
    text = applicant.get(PAGE).content.decode()

    hidden = [case.answers[code] for code in ("id_no", "mobile", "contact_addr", "native")]

    assert [value for value in hidden if value in text] == []


def test_what_no_office_has_yet_is_said(applicant: Client, person: User) -> None:
    factories.submitted(person, ticked=["I01"])

    shown = applicant.get(PAGE).context["cases"][0]

    assert (shown.rows, shown.waiting) == ([], "退役报到")


def test_item_handed_on_names_both_offices(applicant: Client, person: User) -> None:
    case = factories.delivered(person, ticked=["I01"])
    task = factories.task_of(case, "I01")
    first, target = task.office, review.transfer_targets(task)[0]
    review.transfer(task, reviewer=factories.reviewer_of(task), to_region=target.region_id, note="归那边管")
    factories.deliver_all()

    rows = applicant.get(PAGE).context["cases"][0].rows

    assert [row.office for row in rows] == [first.name, target.name]


def test_pre_review_is_told_as_a_look_at_the_whole_form(applicant: Client, person: User) -> None:
    case = factories.submitted(person, region=factories.NANGANG)
    hub = case.pre_reviews.get().office

    row = applicant.get(PAGE).context["cases"][0].rows[0]

    assert (row.office, row.purpose, row.fields, row.materials) == (hub.name, "预审", "整张登记表", "全部材料")


def test_looks_name_office_and_post_but_no_officer(applicant: Client, person: User) -> None:
    case = factories.delivered(person)
    officer = looked_at(case)
    office = officer.postings.get().office

    page = applicant.get(PAGE)

    newest, older = page.context["looks"]
    assert (newest.who, newest.what, newest.reason) == (
        f"{office}　审核人员",
        "完整内容：身份证号、银行账号",
        "核对号码",
    )
    assert older.what.endswith("（文件）")
    for text in (page.content.decode(), applicant.get(FILE).content.decode()):
        assert officer.legal_name not in text
        assert officer.username not in text


def test_look_of_a_window_names_the_window(person: User) -> None:
    case = factories.delivered(person, ticked=["I04"])
    task = factories.task_of(case, "I04")
    posting = factories.clerk().postings.get()

    row = access.open_material(task, access.visible_materials(task)[0], viewer=posting.user, posting=posting)

    assert own_data.look(row).who == "东胜区综合窗口"


def test_file_holds_everything_of_the_person(applicant: Client, person: User) -> None:
    case = factories.delivered(person)
    looked_at(case)
    factories.draft(person, ticked=["I04"])

    response = applicant.get(FILE)
    told = json.loads(response.content)

    assert response["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert response["Cache-Control"] == "no-store"
    assert told["账户"]["身份证号"] == person.id_no
    answers = {line["代码"]: line["内容"] for line in told["办件"][0]["内容"]}
    assert answers["native"] == case.answers["native"]
    assert len(told["办件"][0]["材料"]) == case.materials.count()
    assert len(told["登记表"]) == 2
    assert [look["用途"] for look in told["谁看过"]] == ["核对号码", ""]
    assert [notice["种类"] for notice in told["消息"]] == ["登记表已提交"]


def test_file_names_where_each_upload_is_fetched(applicant: Client, person: User) -> None:
    factories.submitted(person, ticked=["I01"])

    addresses = [line["下载"] for line in file_of(applicant)["办件"][0]["材料"]]

    assert addresses
    for address in addresses:
        response = applicant.get(address)
        assert (response.status_code, bool(b"".join(response.streaming_content))) == (200, True)


def test_data_of_somebody_else_are_in_neither(client: Client, person: User) -> None:
    other = factories.person("钱多多")
    case = factories.delivered(other)
    looked_at(case)
    factories.draft(other)
    client.force_login(person)

    page, told = client.get(PAGE), file_of(client)

    assert (page.context["cases"], page.context["looks"]) == ([], [])
    assert (told["登记表"], told["办件"], told["谁看过"], told["消息"]) == ([], [], [], [])
    assert other.id_no not in client.get(FILE).content.decode()


def test_form_typed_for_another_is_not_the_clerks_own(client: Client) -> None:
    clerk = factories.clerk()
    factories.typed_at_window(clerk, ticked=["I04"])
    client.force_login(clerk)

    assert file_of(client)["登记表"] == []


def test_both_need_the_same_queries_for_one_case_and_three(applicant: Client, person: User) -> None:
    looked_at(factories.delivered(person, ticked=["I04"]))
    page, file = queries(applicant, PAGE), queries(applicant, FILE)

    for item in ("I01", "I07"):
        looked_at(factories.delivered(person, ticked=[item]), item)

    assert (queries(applicant, PAGE), queries(applicant, FILE)) == (page, file)


def test_open_correction_is_the_first_way_to_mend(applicant: Client, person: User) -> None:
    case = factories.delivered(person, ticked=["I04"])
    task = factories.task_of(case, "I04")
    review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("打不通", field="mobile")]
    )

    assert f"/cases/{case.number}/correction/" in applicant.get(PAGE).content.decode()


def test_page_is_linked_where_a_person_looks(applicant: Client) -> None:
    for address in ("/messages/", "/messages/contact/", "/privacy/", "/cases/"):
        assert f'href="{PAGE}"' in applicant.get(address).content.decode()


def test_administrators_look_is_told_with_every_field(applicant: Client, person: User) -> None:
    case = factories.delivered(person, ticked=["I04"])
    task = factories.task_of(case, "I04")
    admin = factories.staff(Role.ADMINISTRATOR)
    fields = [line.get("field") or line["target"] for line in task.dispatches.get().payload["fields"]]
    access.reveal(task, fields=fields, reason="断网移交", viewer=admin, posting=admin.postings.get())

    seen = applicant.get(PAGE).context["looks"][0]

    labels = [line["label"] for line in task.dispatches.get().payload["fields"]]
    assert (seen.who, len(seen.what.split("、"))) == ("平台管理员", len(labels))


def test_file_opened_at_the_window_while_papers_are_owed_is_told(applicant: Client, person: User) -> None:
    case = factories.delivered(person, ticked=["I04"])
    case.tasks.update(provisional_until=timezone.localdate(), provisional_materials=["OR-39"])
    at_window = Client()
    at_window.force_login(factories.clerk())

    response = at_window.get(reverse("window:material_file", args=[case.materials.first().pk]))

    assert b"".join(response.streaming_content)
    assert [look.who for look in applicant.get(PAGE).context["looks"]] == ["东胜区综合窗口"]
