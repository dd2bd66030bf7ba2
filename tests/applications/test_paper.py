"""What each paper says, read from its HTML: the words of the official form, who, what, by when, and what one may do."""

import re
from html import unescape

import pytest

from agencies.fields import FIELDS
from agencies.models import CalendarYear
from applications import documents, review, withdrawal
from applications.enums import Channel, DocumentKind, Grade
from applications.models import Application, Document
from applications.papers import paper
from applications.papers.words import REMEDY, masked_id, masked_name
from applications.registration import display
from tests import factories
from tests.applications import papers
from tests.applications.test_additions import add_item

pytestmark = pytest.mark.usefixtures("directory")


def words(document: Document) -> str:
    """The paper's text without marks and blanks."""
    document = Document.objects.select_related("application__scheme", "application__region").get(pk=document.pk)
    body = paper.html_of(document).partition("<main")[2]
    return re.sub(r"\s", "", unescape(re.sub(r"<[^>]+>", "", body)))


def in_order(text: str, parts: list[str]) -> bool:
    position = -1
    for part in parts:
        position = text.find(re.sub(r"\s", "", part), position + 1)
        if position < 0:
            return False
    return True


# -- 登记表 ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def form() -> Document:
    return papers.paper(factories.submitted(), DocumentKind.REGISTRATION)


def test_registration_has_the_fifteen_fields_in_their_order(form: Document) -> None:
    # OR-51
    fields = [
        "姓名", "性别", "民族", "政治面貌", "文化程度", "婚姻状况", "入伍时间", "退役时间", "联系电话", "身份证号",
        "与落户方关系", "籍贯", "入伍前户口所在地", "入伍地", "家庭住址",
    ]  # fmt: skip

    assert in_order(words(form), ["基本信息", *fields])


def test_registration_ticks_each_item_in_the_order_of_the_form() -> None:
    # OR-52, OR-55
    application = factories.submitted(ticked=["I01", "I10"])
    text = words(papers.paper(application, DocumentKind.REGISTRATION))
    spec = application.scheme.spec
    yes, no = "√是否", "是√否"

    lines = [f"{spec.item(code).printed_name}{yes if code in ('I01', 'I10') else no}" for code in spec.form.item_order]

    assert len(lines) == 8
    assert in_order(text, lines)
    assert "灵活就业人员参保是√否" in text


def test_registration_has_promise_signature_and_date(form: Document) -> None:
    # OR-53, OR-54
    assert in_order(words(form), ["申请承诺", "本人确认上述申请事项为自主选择", "申请人（签字）：", "日期：年月日"])


def test_registration_says_outside_the_promise_that_its_form_is_provisional() -> None:
    text = words(papers.paper(factories.submitted(region=factories.HEPING), DocumentKind.REGISTRATION))

    assert in_order(text, ["申请承诺", "申请人（签字）：", "本表的内容和编排是暂定的"])


def test_registration_breaks_a_long_label_where_its_words_end(form: Document) -> None:
    body = paper.html_of(Document.objects.select_related("application__scheme", "application__region").get(pk=form.pk))

    assert "入伍前户口<br>所在地</th>" in body


def test_registration_prints_every_answer_that_was_given() -> None:
    application = factories.submitted(region=factories.PLACES["GD"])
    text = words(papers.paper(application, DocumentKind.REGISTRATION))

    missing = [
        code
        for code, value in application.answers.items()
        if re.sub(r"\s", "", display(FIELDS[code], str(value))) not in text
    ]

    assert missing == []


def test_registration_leaves_a_row_out_that_nobody_asked() -> None:
    spec_rows = factories.submitted(region=factories.PLACES["GD"], ticked=["I01"])

    text = words(papers.paper(spec_rows, DocumentKind.REGISTRATION))

    assert "开户银行" not in text


# -- 申请回执 --------------------------------------------------------------------------------------------------------------


def test_receipt_lists_items_offices_and_materials() -> None:
    application = factories.submitted(at=papers.AT)
    text = words(papers.paper(application, DocumentKind.SUBMISSION_RECEIPT))

    for task in application.tasks.select_related("item", "office"):
        assert re.sub(r"\s", "", task.item.name) in text
        assert task.office.name in text
    for spec in application.scheme.spec.materials_for(frozenset(application.ticked), application.answers):
        assert f"{spec.title}1份1页上传件，未核原件" in text
    assert application.subject_id_no not in text


def test_receipt_says_what_an_item_waits_for() -> None:
    text = words(papers.paper(factories.submitted(), DocumentKind.SUBMISSION_RECEIPT))

    assert "等个人养老保险资金已打到旗区社会保险经办机构" in text


def test_receipt_tells_the_grade_of_each_material() -> None:
    application = factories.submitted()
    application.materials.filter(code="OR-31").update(grade=Grade.B)

    text = words(papers.paper(application, DocumentKind.SUBMISSION_RECEIPT))

    assert "退伍证1份1页原件已核" in text


def test_receipt_of_the_window_says_who_typed() -> None:
    application = factories.submitted()
    Application.objects.filter(pk=application.pk).update(channel=Channel.WINDOW, entered_by=factories.clerk())

    assert "窗口录入：李慧" in words(papers.paper(application, DocumentKind.SUBMISSION_RECEIPT))


def test_receipt_stays_as_it_was_when_an_item_is_added_later() -> None:
    application = factories.submitted(ticked=["I07"])
    first, before = papers.paper(application, DocumentKind.SUBMISSION_RECEIPT), factories.task_of(application, "I07")

    application = add_item(application, "I10")
    again = application.documents.filter(kind=DocumentKind.SUBMISSION_RECEIPT).latest("id")

    assert before.item.name in words(first)
    assert "基本医疗保险参保和变更登记" not in words(first)
    assert "军人退役医疗保险转移凭证" not in words(first)
    assert "基本医疗保险参保和变更登记" in words(again)


def test_receipt_says_not_published_where_nothing_is() -> None:
    application = factories.submitted(region=factories.PLACES["TJ"])

    assert "咨询：未公布" in words(papers.paper(application, DocumentKind.SUBMISSION_RECEIPT))


# -- 通知书 ----------------------------------------------------------------------------------------------------------------


def test_acceptance_has_limit_due_day_materials_and_who_answers() -> None:
    text = words(papers.make(DocumentKind.ACCEPTANCE_NOTICE))

    assert in_order(
        text,
        [
            "于2026年9月14日提出的", "基本医疗保险参保和变更登记", "于2026年9月15日予以受理", "办理依据", "法定办结时限未公布",
            "承诺办结时限27个工作日", "应办结日期2026年10月28日（星期三）", "共4种", "乌云其其格", "0477-8575378",
        ],
    )  # fmt: skip


def test_acceptance_calls_a_day_expected_while_its_year_has_no_calendar() -> None:
    # T-04: never a guess shown as a promise
    CalendarYear.objects.filter(year=2026).delete()

    text = words(papers.make(DocumentKind.ACCEPTANCE_NOTICE))

    assert "应办结日期预计2026年" in text
    assert "2026年放假安排公布后确定" in text


def test_acceptance_says_application_once_where_the_name_of_the_item_ends_in_it() -> None:
    application = factories.submitted(ticked=["I08"], at=papers.AT)
    task = factories.task_of(application, "I08")
    assert task.item.name.endswith("申请")
    review.confirm_fact(task, "pension_funds_arrived", reviewer=factories.reviewer_of(task), at=papers.AT)
    factories.deliver_all()
    papers.accepted(application, "I08")

    text = words(papers.paper(application, DocumentKind.ACCEPTANCE_NOTICE))

    assert "军地养老保险关系转移接续申请，材料齐全" in text


def test_acceptance_of_the_grant_says_when_it_is_paid() -> None:
    # OR-13
    application = factories.delivered(at=papers.AT)
    papers.accepted(application, "I02")

    text = words(papers.paper(application, DocumentKind.ACCEPTANCE_NOTICE))

    assert "受理后，补助金在次年7月底前发放" in text


def test_basis_is_the_one_in_force_on_the_day() -> None:
    text = words(papers.make(DocumentKind.ACCEPTANCE_NOTICE))

    assert "国令第787号" in text
    assert "国令第608号" not in text


def correction_notices(application: Application) -> list[Document]:
    """First those of the medical and the police office, each of its own, then the one of the case."""
    for item, material in (("I10", "OR-38"), ("I04", "OR-37")):
        papers.ask_correction(factories.task_of(application, item), material)
    return list(application.documents.filter(kind=DocumentKind.CORRECTION_NOTICE).order_by("id"))


def test_correction_names_the_deficits_of_every_office_at_once() -> None:
    application = factories.delivered(at=papers.AT)
    _medical, _police, joint = correction_notices(application)

    text = words(joint)

    assert joint.task is None
    assert in_order(text, ["有2处需要补正", "看不清OR-38", "户口注销证明", "看不清OR-37", "补正期限", "怎样补正"])
    assert ("加盖各自的业务专用章" in text, "加盖业务专用章后生效" in text) == (True, False)


def test_correction_of_an_office_says_nothing_of_what_another_found() -> None:
    medical, police, _joint = correction_notices(factories.delivered(at=papers.AT))

    assert [("OR-38" in text, "OR-37" in text) for text in (words(medical), words(police))] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert "有1处需要补正" in words(police)
    assert medical.task.office.name not in words(police)


def test_correction_that_waits_beside_an_ended_one_is_on_one_paper_only() -> None:
    application = factories.delivered(at=papers.AT)
    papers.ask_correction(factories.task_of(application, "I10"), "OR-38")
    withdrawal.withdraw(application, user=application.entered_by, tasks=[factories.task_of(application, "I10")])

    papers.ask_correction(factories.task_of(application, "I04"), "OR-37")

    assert [paper.task.item.code for paper in application.documents.filter(kind="correction_notice")] == ["I10", "I04"]


def test_correction_of_a_field_says_what_to_do() -> None:
    application = factories.delivered(at=papers.AT)
    task = factories.task_of(application, "I10")
    review.request_correction(
        task,
        reviewer=factories.reviewer_of(task),
        deficits=[review.Deficit("和身份证上的写法不一样", field="name")],
        at=papers.LATER,
    )

    text = words(papers.paper(application, DocumentKind.CORRECTION_NOTICE))

    assert "登记表“姓名”和身份证上的写法不一样改正后重新填写" in text


@pytest.mark.parametrize("kind", [DocumentKind.REFUSAL_NOTICE, DocumentKind.NON_ACCEPTANCE_NOTICE])
def test_refusal_gives_the_office_own_remedy_where_it_wrote_one(kind: DocumentKind) -> None:
    document = papers.make(kind)
    document.task.result.remedy = "可以到原参保地办理转移后再来申请。"
    document.task.result.save()

    text = words(document)

    assert "可以到原参保地办理转移后再来申请。" in text
    assert REMEDY not in text


@pytest.mark.parametrize("kind", [k for k in DocumentKind.values if k != DocumentKind.REGISTRATION])
def test_no_seal_is_drawn_and_the_paper_says_that_one_is_needed(kind: str) -> None:
    document = papers.make(DocumentKind(kind))

    text = words(document)

    assert re.search("加盖.{0,5}专用章后生效", text)
    assert document.application.subject_id_no not in text


# -- 一单反馈 --------------------------------------------------------------------------------------------------------------


def test_result_sheet_has_a_line_for_each_item() -> None:
    application = papers.finished()

    text = words(papers.paper(application, DocumentKind.RESULT_SHEET))

    for task in application.tasks.select_related("item", "result"):
        mark = "▲不予办理" if task.item.code == "I10" else "●已办结"
        reference = task.result.reference or "理由和救济途径见下"
        name, reference = (re.sub(r"\s", "", part) for part in (task.item.name, reference))
        assert re.search(f"{re.escape(name)}\\D{{1,8}}{mark}9月15日{re.escape(reference)}", text)


def test_result_sheet_gives_reasons_and_the_remedy_once() -> None:
    application = papers.finished(region=factories.PLACES["TJ"])

    text = words(papers.paper(application, DocumentKind.RESULT_SHEET))

    assert "基本医疗保险参保和变更登记（医保、人社）已在外地参加职工医保，不能重复参保。" in text
    assert text.count(REMEDY) == 1


def test_result_sheet_does_not_change_when_the_money_comes_later() -> None:
    application = papers.finished()
    document = papers.paper(application, DocumentKind.RESULT_SHEET)
    before = words(document)
    task = factories.task_of(application, "I02")

    review.fulfil(task, review.Fulfilment.PAID, staff=factories.reviewer_of(task))

    assert "2027年7月31日前发放" in before
    assert words(document) == before


# -- every paper -----------------------------------------------------------------------------------------------------------


def test_names_and_answers_are_text_and_never_marks() -> None:
    application = factories.submitted()
    application.answers = {**application.answers, "contact_addr": '<img src="file:///etc/passwd">'}
    application.save()

    document = documents.render(papers.paper(application, DocumentKind.REGISTRATION).pk)

    assert document.error == ""
    assert "&lt;img src=&quot;file:" in paper.html_of(document)


def test_qr_code_holds_the_number_and_nothing_personal() -> None:
    document = papers.make(DocumentKind.ACCEPTANCE_NOTICE)

    address = paper.verify_url(document)

    assert address.endswith(f"/verify/?n={document.number}")
    assert document.check_code not in address


@pytest.mark.parametrize(("number", "shown"), [("150602199901019979", "150***********9979"), ("15", "**"), ("", "")])
def test_masked_id_shows_three_and_four(number: str, shown: str) -> None:
    assert masked_id(number) == shown


@pytest.mark.parametrize(("name", "shown"), [("赵明远", "赵**"), ("𠮷", "𠮷"), ("", "")])
def test_masked_name_shows_the_first_character(name: str, shown: str) -> None:
    assert masked_name(name) == shown
