"""Papers are handed to those who may see them, and anyone who holds one can check it."""

from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from agencies.enums import Role
from applications import documents, tries, verification
from applications.enums import DocumentKind, DocumentStatus
from applications.models import AccessLog, Document, NumberCounter
from applications.papers import paper
from portal.accounts.models import User
from tests import factories
from tests.applications import papers

pytestmark = pytest.mark.usefixtures("directory")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url_of(document: Document, name: str = "download") -> str:
    return reverse(f"papers:{name}", args=[document.number])


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_download_gives_the_file_to_its_applicant() -> None:
    user = factories.person()
    document = documents.render(papers.make(DocumentKind.SUBMISSION_RECEIPT, user).pk)

    response = signed_in(user).get(url_of(document))

    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert unquote(response.headers["Content-Disposition"]).endswith(f"申请回执 {document.number}.pdf")
    with document.file.open("rb") as file:
        assert body(response) == file.read()


def test_download_is_not_there_for_another_person_or_another_office() -> None:
    document = papers.make(DocumentKind.ACCEPTANCE_NOTICE)
    other = factories.task_of(document.application, "I07")
    strangers = [
        factories.person("钱多多"),
        factories.reviewer_of(other),
        factories.staff(Role.CLERK, region=factories.place(factories.HEPING), name="王芳"),
    ]

    codes = [
        signed_in(user).get(url_of(document, name)).status_code for user in strangers for name in ("download", "page")
    ]

    assert codes == [404] * 6


def test_download_is_there_for_the_own_office_and_the_own_window() -> None:
    document = documents.render(papers.make(DocumentKind.ACCEPTANCE_NOTICE).pk)
    staff = [factories.reviewer_of(document.task), factories.clerk()]

    found = [body(signed_in(user).get(url_of(document)))[:5] for user in staff]

    assert found == [b"%PDF-", b"%PDF-"]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_form_itself_is_no_paper_of_who_watches_over_the_limits(role: Role) -> None:
    form, receipt = papers.make(DocumentKind.REGISTRATION), papers.make(DocumentKind.SUBMISSION_RECEIPT)
    region = factories.place() if role == Role.SUPERVISOR else None
    overseer = signed_in(factories.staff(role, region=region))

    codes = [
        overseer.get(url_of(paper, name)).status_code for paper in (form, receipt) for name in ("download", "page")
    ]

    assert codes == [404, 404, 200, 200]


@pytest.mark.parametrize("name", ["download", "page"])
def test_form_printed_at_the_window_is_a_look_at_full_numbers(name: str) -> None:
    form = documents.render(papers.make(DocumentKind.REGISTRATION).pk)
    clerk = factories.clerk()

    assert signed_in(clerk).get(url_of(form, name)).status_code == 200

    (look,) = AccessLog.objects.all()
    assert (look.viewer, look.task.application, look.reason) == (clerk, form.application, "打开登记表")
    assert {"id_no", "mobile"} <= set(look.fields)


def test_form_is_not_given_out_after_so_many_looks_within_the_hour(settings: Any) -> None:
    settings.LOOKS_PER_HOUR = 1
    window = signed_in(factories.clerk())
    first, second = (documents.render(papers.make(DocumentKind.REGISTRATION).pk) for _ in range(2))
    window.get(url_of(first))

    refused = window.get(url_of(second), follow=True)

    assert "一小时内已看过 1 件的完整号码" in refused.content.decode()
    assert AccessLog.objects.count() == 1


def test_looks_at_the_own_form_and_at_one_that_is_still_being_made_leave_no_row() -> None:
    user = factories.person()
    form = papers.make(DocumentKind.REGISTRATION, user)

    signed_in(factories.clerk()).get(url_of(form))
    documents.render(form.pk)
    signed_in(user).get(url_of(form))

    assert not AccessLog.objects.exists()


def test_notice_of_several_offices_is_for_the_person_and_the_window_and_for_no_office() -> None:
    """Each office reads what it asked for itself, not what the others found."""
    user = factories.person()
    case = factories.delivered(user)
    tasks = [factories.task_of(case, item) for item in ("I10", "I04")]
    for task, material in zip(tasks, ("OR-38", "OR-37"), strict=True):
        papers.ask_correction(task, material)
    medical, police, joint = case.documents.filter(kind=DocumentKind.CORRECTION_NOTICE).order_by("id")
    readers = [user, factories.clerk(), *(factories.reviewer_of(task) for task in tasks)]

    codes = {
        paper.number: [signed_in(reader).get(url_of(paper, "page")).status_code for reader in readers]
        for paper in (medical, police, joint)
    }

    assert codes == {
        medical.number: [200, 200, 200, 404],
        police.number: [200, 200, 404, 200],
        joint.number: [200, 200, 404, 404],
    }


def test_check_of_a_notice_of_several_offices_names_their_items_and_no_other() -> None:
    case = factories.delivered()
    for item, material in (("I10", "OR-38"), ("I04", "OR-37")):
        papers.ask_correction(factories.task_of(case, item), material)
    joint = case.documents.get(kind=DocumentKind.CORRECTION_NOTICE, task=None)

    found = verification.verify(joint.number, joint.check_code)

    tasks = [factories.task_of(case, item) for item in ("I10", "I04")]
    assert found is not None
    assert found.items == tuple(task.item.name for task in tasks)
    assert found.issuer == case.region.full_name


def test_download_asks_to_sign_in() -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)

    response = Client().get(url_of(document))

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("home:sign_in"))


def test_download_says_that_the_paper_is_being_made() -> None:
    user = factories.person()
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT, user)

    content = signed_in(user).get(url_of(document)).content.decode()

    assert "申请回执正在生成" in content
    assert url_of(document) in content


@pytest.mark.parametrize("status", [DocumentStatus.REQUESTED, DocumentStatus.FAILED])
def test_download_gives_the_same_paper_as_html_where_no_pdf_can_be_made(status: str) -> None:
    user = factories.person()
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT, user)
    Document.objects.filter(pk=document.pk).update(status=status, error="no Pango")

    content = signed_in(user).get(url_of(document)).content.decode()

    assert "本回执只说明收到了申请" in content
    assert document.check_code in content
    assert " style=" not in content


def test_download_gives_html_when_the_file_was_lost() -> None:
    user = factories.person()
    document = documents.render(papers.make(DocumentKind.SUBMISSION_RECEIPT, user).pk)
    document.file.storage.delete(document.file.name)

    content = signed_in(user).get(url_of(document)).content.decode()

    assert "本回执只说明收到了申请" in content


@pytest.mark.parametrize("kind", DocumentKind.values)
def test_page_shows_every_kind_as_html(kind: str) -> None:
    user = factories.person(papers.RARE_NAME)
    document = papers.make(DocumentKind(kind), user)

    content = signed_in(user).get(url_of(document, "page")).content.decode()

    assert papers.RARE_NAME in content
    assert "css/pdf.css" in content
    assert 'lang="zh-CN"' in content


# -- 核对文书 ------------------------------------------------------------------------------------------------------------


def ask(number: str, code: str) -> str:
    return Client().post(reverse("papers:verify"), {"number": number, "code": code}).content.decode()


def test_verify_shows_what_the_holder_may_compare_and_no_person() -> None:
    document = documents.render(papers.make(DocumentKind.ACCEPTANCE_NOTICE, factories.person("赵明远")).pk)

    content = ask(document.number, document.check_code)

    for words in (
        "受理通知书",
        "基本医疗保险参保和变更登记",
        "办理中",
        document.task.office.name,
        "赵**",
        document.sha256,
    ):
        assert words in content
    assert "赵明远" not in content
    assert document.application.subject_id_no not in content


def test_verify_takes_the_code_as_people_type_it() -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)

    content = ask(f" {document.number.lower()} ", document.check_code.lower().replace("-", " "))

    assert "编号和校验码对得上" in content


@pytest.mark.parametrize("number", ["known", "999999-260914-00001-S"])
def test_verify_answers_a_wrong_code_and_an_unknown_number_alike(number: str) -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)

    content = ask(document.number if number == "known" else number, "AAAA-AAAA")

    assert "编号和校验码对不上，请对照文书再看一遍" in content
    assert document.application.subject_name[0] + "**" not in content


@pytest.mark.parametrize("is_known", [True, False])
def test_verify_stops_after_five_tries_in_an_hour(is_known: bool) -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    number = document.number if is_known else "999999-260914-00001-S"
    for _ in range(tries.TRIES_PER_HOUR):
        ask(number, "AAAA-AAAA")

    content = ask(number, document.check_code)

    assert "一小时内已经试错 5 次" in content
    assert "编号和校验码对得上" not in content


def test_verify_keeps_counters_of_the_present_hour_only() -> None:
    NumberCounter.objects.create(series="verify/1/old", value=9)

    ask("999999-260914-00001-S", "AAAA-AAAA")

    assert not NumberCounter.objects.filter(series="verify/1/old").exists()
    assert NumberCounter.objects.filter(series__startswith="verify/").count() == 1


def test_verify_fills_in_the_number_of_the_qr_code() -> None:
    content = Client().get(reverse("papers:verify"), {"n": "999999-260914-00001-S"}).content.decode()

    assert 'value="999999-260914-00001-S"' in content


def test_verify_address_on_the_paper_is_the_page() -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)

    assert paper.verify_url(document) == f"{settings.SITE_URL}{reverse('papers:verify')}?n={document.number}"
