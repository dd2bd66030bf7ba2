"""Papers are made by a worker: every kind, once, the same again, and never with a character left out in silence."""

import hashlib
import io
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from applications import documents, printing, relay, tasks
from applications.enums import Channel, DocumentKind, DocumentStatus
from applications.models import Application, Document
from applications.papers import paper
from tests import factories
from tests.applications import papers

pytestmark = pytest.mark.usefixtures("directory")

# Ext I: no font reachable for this project has it.
NOWHERE = "\U0002ec00"


def made(kind: DocumentKind, name: str = "赵明远") -> Document:
    document = documents.render(papers.make(kind, factories.person(name)).pk)
    if folder := os.environ.get("PORTAL_PICTURES"):
        (Path(folder) / f"{kind}.pdf").write_bytes(content(document))
    return document


def content(document: Document) -> bytes:
    with document.file.open("rb") as file:
        read: bytes = file.read()
    return read


def text(document: Document) -> str:
    """All that can be copied out of the PDF, without line breaks and blanks."""
    pdf = pypdfium2.PdfDocument(content(document))
    words = "".join(page.get_textpage().get_text_range() for page in pdf)
    pdf.close()
    return re.sub(r"\s", "", words)


def pages(document: Document) -> int:
    pdf = pypdfium2.PdfDocument(content(document))
    count = len(pdf)
    pdf.close()
    return count


SAYS = {
    DocumentKind.REGISTRATION: (
        "军人退役“一件事一次办”申请表",
        "√是",
        "申请人（签字）",
        "本人确认上述申请事项为自主选择",
    ),
    DocumentKind.SUBMISSION_RECEIPT: ("申请回执", "不代表已经受理", "2026年9月20日（星期日）前", "网上自助，系统收件"),
    DocumentKind.ACCEPTANCE_NOTICE: (
        "受理通知书",
        "27个工作日，自受理次日起算",
        "2026年10月28日（星期三）",
        "乌云其其格",
    ),
    DocumentKind.CORRECTION_NOTICE: (
        "补正材料一次性告知书",
        "第2页印章压住日期，看不清",
        "2026年10月12日（星期一）前",
        "怎样补正",
    ),
    DocumentKind.NON_ACCEPTANCE_NOTICE: ("不予受理通知书", "户口不在本地", "行政复议", "行政诉讼"),
    DocumentKind.REFUSAL_NOTICE: ("不予办理决定书", "已在外地参加职工医保", "六十日内", "六个月内"),
    DocumentKind.DELIVERY_RECEIPT: ("送达回证", "受送达人", "收件人签名或盖章", "直接送达"),
    DocumentKind.SUSPENSION_NOTICE: ("特别程序告知书", "向原参保地核实缴费记录", "8个工作日", "第四十五条"),
    DocumentKind.EXTENSION_NOTICE: (
        "延长办理期限通知书",
        "原参保地还没有回函",
        "2026年11月4日（星期三）",
        "第四十二条",
    ),
    DocumentKind.RESULT_SHEET: (
        "一单反馈",
        "●已办结",
        "▲不予办理",
        "2027年7月31日前发放",
        "8件中已办结7件，不予办理1件",
    ),
}


@pytest.mark.parametrize("kind", DocumentKind.values)
def test_render_makes_every_kind_and_its_text_reads_back(kind: str) -> None:
    document = made(DocumentKind(kind))

    assert (document.status, document.error, document.warning) == (DocumentStatus.READY, "", "")
    assert document.sha256 == hashlib.sha256(content(document)).hexdigest()
    found = text(document)
    assert [words for words in SAYS[DocumentKind(kind)] if words not in found] == []
    for words in (document.application.number, document.number, f"校验码{document.check_code}", "赵明远"):
        assert words in found
    assert (document.application.subject_id_no in found) == (kind == DocumentKind.REGISTRATION)


@pytest.mark.parametrize("kind", [k for k in DocumentKind.values if k != DocumentKind.SUBMISSION_RECEIPT])
def test_paper_of_an_ordinary_case_is_one_page(kind: str) -> None:
    assert pages(made(DocumentKind(kind))) == 1


@pytest.mark.parametrize("ticked", [["I01", "I04"], ["I01", "I02", "I04", "I05", "I07"], None])
def test_receipt_is_one_page_or_parts_between_its_two_lists(ticked: list[str] | None) -> None:
    case = factories.submitted(ticked=ticked)

    document = documents.render(papers.paper(case, DocumentKind.SUBMISSION_RECEIPT).pk)

    pdf = pypdfium2.PdfDocument(content(document))
    sheets = [page.get_textpage().get_text_bounded() for page in pdf]
    assert len(sheets) == (1 if ticked else 2)
    assert ["收到的材料" in sheet and "申请人（签字）" in sheet for sheet in sheets][-1]


def test_form_taken_in_at_a_window_with_long_answers_is_one_page() -> None:
    application = factories.submitted(factories.person("阿卜杜热合曼·买买提艾力"))
    application.channel = Channel.WINDOW
    application.answers["contact_addr"] = (
        "内蒙古自治区鄂尔多斯市东胜区富民街道迎宾路社区天骄路 12 号院 3 号楼 2 单元 501 室"
    )
    application.save()

    document = documents.render(papers.paper(application, DocumentKind.REGISTRATION).pk)

    assert pages(document) == 1


def test_paper_is_tagged_and_says_its_title_and_language() -> None:
    document = made(DocumentKind.SUBMISSION_RECEIPT)

    with pikepdf.open(io.BytesIO(content(document))) as pdf:
        root = pdf.Root
        assert (str(root.Lang), bool(root.MarkInfo.Marked)) == ("zh-CN", True)
        assert str(pdf.docinfo.Title) == f"申请回执 {document.number}"
        assert root.StructTreeRoot.K is not None


def test_render_again_gives_the_same_bytes() -> None:
    first = made(DocumentKind.RESULT_SHEET)
    before = content(first)
    Document.objects.filter(pk=first.pk).update(status=DocumentStatus.REQUESTED)

    second = documents.render(first.pk)

    assert content(second) == before
    assert second.file.name == first.file.name


def test_render_leaves_a_paper_that_is_there_alone() -> None:
    document = made(DocumentKind.SUBMISSION_RECEIPT)
    Document.objects.filter(pk=document.pk).update(check_code="AAAA-AAAA")

    again = documents.render(document.pk)

    assert (again.rendered_at, again.sha256) == (document.rendered_at, document.sha256)


def test_acceptance_paper_says_the_same_after_an_extension() -> None:
    first = made(DocumentKind.EXTENSION_NOTICE)
    acceptance = Document.objects.get(application=first.application, kind=DocumentKind.ACCEPTANCE_NOTICE)

    assert "2026年11月4日" in text(first)
    assert "2026年10月28日（星期三）" in paper.html_of(acceptance)


def test_character_of_no_font_is_left_blank_and_said(caplog: pytest.LogCaptureFixture) -> None:
    document = made(DocumentKind.ACCEPTANCE_NOTICE, f"赵{NOWHERE}远")

    found = text(document)

    assert document.status == DocumentStatus.READY
    assert document.warning == "字库未收录 U+2EC00，窗口手工填写"
    assert document.warning.replace(" ", "") in found
    assert NOWHERE not in found
    assert "赵" not in caplog.text


def test_long_answer_does_not_cost_a_minute() -> None:
    """E1: a 3,500-character answer took a minute in a flex layout; here a few times an ordinary paper, in CPU time."""
    application = factories.submitted()
    application.answers = {**application.answers, "contact_addr": "富民路十二号院三号楼" * 350}
    application.save()
    document = papers.paper(application, DocumentKind.REGISTRATION)
    first, ordinary = papers.make(DocumentKind.REGISTRATION), papers.make(DocumentKind.REGISTRATION)
    documents.render(first.pk)  # the fonts are loaded once
    start = time.process_time()
    documents.render(ordinary.pk)
    middle = time.process_time()

    document = documents.render(document.pk)

    assert time.process_time() - middle < 15 * (middle - start)
    assert document.status == DocumentStatus.READY
    assert "富民路十二号院三号楼" * 20 in text(document)


def test_long_names_wrap_and_are_never_cut() -> None:
    name = "买买提吐尔逊·阿卜杜热合曼江·麦麦提敏阿卜杜拉吐尔洪"

    document = made(DocumentKind.REGISTRATION, name)

    assert name in text(document)


@pytest.mark.parametrize("place", ["TJ", "HL", "GD"])
def test_form_with_every_item_and_answer_is_one_page(place: str) -> None:
    application = factories.submitted(region=factories.PLACES[place])

    document = documents.render(papers.paper(application, DocumentKind.REGISTRATION).pk)

    assert pages(document) == 1


@pytest.mark.parametrize("place", ["TJ", "HL", "GD"])
def test_every_region_has_its_papers(place: str) -> None:
    application = papers.finished(region=factories.PLACES[place])

    for document in Document.objects.filter(
        application=application, kind__in=[DocumentKind.REGISTRATION, DocumentKind.RESULT_SHEET]
    ):
        document = documents.render(document.pk)
        assert (document.status, document.error) == (DocumentStatus.READY, "")
        assert application.subject_name in text(document)
        if folder := os.environ.get("PORTAL_PICTURES"):
            (Path(folder) / f"{place}-{document.kind}.pdf").write_bytes(content(document))


def test_result_sheet_names_every_item_of_a_long_list() -> None:
    application = papers.finished(region=factories.PLACES["GD"])

    document = documents.render(papers.paper(application, DocumentKind.RESULT_SHEET).pk)

    found = text(document)
    names = [task.item.name for task in application.tasks.select_related("item")]
    assert len(names) >= 12
    assert [name for name in names if re.sub(r"\s", "", name) not in found] == []


# -- what may go wrong ------------------------------------------------------------------------------------------------------


def test_failure_is_noted_and_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    monkeypatch.setattr(paper, "html_of", _fail)

    after = [documents.render(document.pk) for _ in range(documents.MAX_ATTEMPTS)]

    assert [d.status for d in after] == [*[DocumentStatus.REQUESTED] * 4, DocumentStatus.FAILED]
    assert after[0].error == "RuntimeError"
    assert after[1].next_attempt_at - after[0].next_attempt_at > timedelta(seconds=50)


class Killed(BaseException):
    """What no worker outlives."""


def test_paper_that_kills_its_worker_is_given_up_and_lets_others_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was the oldest of every bell, and each new worker died of it before it made another's."""

    def kill(*_: object, **__: object) -> str:
        raise Killed

    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    monkeypatch.setattr(paper, "html_of", kill)

    with pytest.raises(Killed):
        documents.render(document.pk)
    document.refresh_from_db()
    assert (document.status, document.attempts) == (DocumentStatus.REQUESTED, 1)
    assert document.next_attempt_at > timezone.now()

    for _ in range(documents.MAX_ATTEMPTS - 1):
        with pytest.raises(Killed):
            documents.render(document.pk)
    document = documents.render(document.pk)
    assert (document.status, document.error) == (DocumentStatus.FAILED, "制作时中断")


def test_failed_paper_is_made_when_it_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    with monkeypatch.context() as broken:
        broken.setattr(paper, "html_of", _fail)
        documents.render(document.pk)

    document = documents.render(document.pk)

    assert (document.status, document.error) == (DocumentStatus.READY, "")


def test_given_up_paper_is_tried_again_when_a_person_asks() -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    Document.objects.filter(pk=document.pk).update(status=DocumentStatus.FAILED, attempts=5, error="RuntimeError")
    Document.objects.exclude(pk=document.pk).update(status=DocumentStatus.READY)

    document = documents.try_again(document)

    assert (document.status, document.attempts, document.error) == (DocumentStatus.REQUESTED, 0, "")
    assert documents.render(document.pk).status == DocumentStatus.READY
    assert documents.try_again(document).status == DocumentStatus.READY


def _fail(*args: object, **kwargs: object) -> str:
    raise RuntimeError("赵明远")


def test_without_pango_the_paper_waits_and_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    monkeypatch.setattr(printing, "_weasyprint", _no_pango)

    for _ in range(documents.MAX_ATTEMPTS + 1):
        document = documents.render(document.pk)

    assert (document.status, document.attempts) == (DocumentStatus.REQUESTED, 0)
    assert printing.install_hint() in document.error
    assert document.next_attempt_at > timezone.now()


def _no_pango() -> None:
    raise printing.Unavailable(f"本机没有 PDF 组件 Pango，请安装：{printing.install_hint()}")


def test_relay_hands_a_paper_over_once_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    Document.objects.exclude(pk=document.pk).update(status=DocumentStatus.READY)
    sent: list[object] = []
    monkeypatch.setattr(tasks.render_documents, "apply_async", lambda args, queue: sent.append((args, queue)))
    monkeypatch.setattr(relay, "waiting_in", lambda queue: 0)
    monkeypatch.setattr(printing, "_weasyprint", _no_pango)
    documents.render(document.pk)

    not_yet = relay.publish_documents()
    Document.objects.filter(pk=document.pk).update(next_attempt_at=timezone.now())
    now = relay.publish_documents()

    assert (not_yet, now, sent) == (0, 1, [(([document.pk],), "papers")])


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_paper_make_one_file() -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)

    def work(_: int) -> Document:
        try:
            return documents.render(document.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, range(2))

    assert (first.status, second.status) == (DocumentStatus.READY, DocumentStatus.READY)
    assert (first.sha256, first.rendered_at) == (second.sha256, second.rendered_at)
    assert hashlib.sha256(content(first)).hexdigest() == first.sha256


def test_file_left_by_a_dead_worker_is_replaced() -> None:
    document = papers.make(DocumentKind.SUBMISSION_RECEIPT)
    first = documents.render(document.pk)
    Path(first.file.path).write_bytes(b"half a file")
    Document.objects.filter(pk=document.pk).update(status=DocumentStatus.REQUESTED, file="")

    second = documents.render(document.pk)

    assert second.file.name == first.file.name
    assert hashlib.sha256(content(second)).hexdigest() == second.sha256


def test_request_gives_a_number_before_there_is_a_file() -> None:
    application = factories.submitted()

    document = Document.objects.get(application=application, kind=DocumentKind.SUBMISSION_RECEIPT)

    assert (document.number, document.file.name) == (f"{application.number}-S", "")
    assert document.number in paper.html_of(document)


def test_printing_a_paper_asks_a_fixed_number_of_questions() -> None:
    few = papers.paper(factories.submitted(ticked=["I07"]), DocumentKind.SUBMISSION_RECEIPT)
    many = papers.paper(factories.submitted(), DocumentKind.SUBMISSION_RECEIPT)

    assert _queries(few) == _queries(many)


def _queries(document: Document) -> int:
    document = Document.objects.select_related("application__scheme", "application__region").get(pk=document.pk)
    with CaptureQueriesContext(connection) as seen:
        paper.html_of(document)
    return len(seen)


def test_case_of_the_window_says_who_typed() -> None:
    application = factories.submitted()
    Application.objects.filter(pk=application.pk).update(channel="window", entered_by=factories.clerk())

    html = paper.html_of(papers.paper(Application.objects.get(pk=application.pk), DocumentKind.SUBMISSION_RECEIPT))

    assert "窗口录入：李慧" in html
