"""凭回执查进度: who holds the receipt sees where the case stands; a stranger learns nothing, not even which numbers exist."""

import json
from datetime import datetime, time, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.enums import Role
from agencies.fields import FIELDS
from applications import drafts, pre_reviews, receipt_query, review, submission, tries, visits, withdrawal
from applications.enums import Channel, DocumentKind, Fulfilment, Party
from applications.errors import Refused
from applications.models import Application, ItemTask, NumberCounter
from applications.papers import paper
from portal.home.query import WRONG
from portal.security import crypto
from portal.web import kept
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

UNKNOWN = "999999-260914-00001"
URL = "/query/"


def at_the_window(ticked: list[str] | None = None, region: str = factories.DONGSHENG) -> Application:
    """A case of a person who has no account."""
    clerk = factories.clerk(region)
    draft = factories.typed_at_window(clerk, ticked)
    factories.give_materials(draft)
    made = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)
    assert made.applicant is None
    factories.pass_pre_review(made)
    factories.deliver_all()
    return Application.objects.get(pk=made.pk)


def code_of(case: Application) -> str:
    return case.documents.filter(kind=DocumentKind.SUBMISSION_RECEIPT).latest("pk").check_code


def right(case: Application) -> dict[str, str]:
    return {"number": case.number, "code": code_of(case), "id_end": case.subject_id_no[-4:]}


def ask(typed: dict[str, str]) -> str:
    return Client().post(URL, typed).content.decode()


def other_end(case: Application) -> str:
    return "0000" if case.subject_id_no[-4:] != "0000" else "1111"


# -- who gets in ---------------------------------------------------------------------------------------------------------


def test_query_opens_a_case_without_an_account() -> None:
    case = at_the_window(["I01", "I04"])

    content = ask(right(case))

    for task in case.tasks.all():
        assert task.spec.title in content
        assert task.office.name in content
        assert task.office.phone in content
    assert "已送达部门" in content
    assert "答复是否受理" in content
    assert case.number in content


def test_query_opens_a_case_with_an_account_too() -> None:
    case = factories.delivered(ticked=["I01"])

    assert "每件事办到哪一步" in ask(right(case))


def test_query_takes_what_is_typed_as_people_type_it() -> None:
    case = at_the_window(["I01"])
    typed = {
        "number": f" {case.number}-S ".replace("-", "－"),
        "code": code_of(case).lower().replace("-", " "),
        "id_end": case.subject_id_no[-4:].lower(),
    }

    assert "每件事办到哪一步" in ask(typed)


@pytest.mark.parametrize("wrong", ["number", "code", "id_end", "all"])
def test_query_answers_whatever_is_wrong_with_one_sentence_and_the_same_work(wrong: str) -> None:
    """The same words, the same statements and one try counted, for known and unknown numbers alike."""
    case = at_the_window(["I01"])
    false = {"number": UNKNOWN, "code": "AAAA-AAAA", "id_end": other_end(case)}
    typed = false if wrong == "all" else {**right(case), wrong: false[wrong]}

    with CaptureQueriesContext(connection) as caught:
        content = ask(typed)

    statements = [row["sql"].split()[0] for row in caught]
    assert content.count(WRONG) == 1
    assert "每件事办到哪一步" not in content
    assert case.subject_name not in content
    assert [word for word in statements if word not in ("SAVEPOINT", "RELEASE")] == ["DELETE", "INSERT", "SELECT"]
    assert list(NumberCounter.objects.filter(series__startswith="query/").values_list("value", flat=True)) == [1]


@pytest.mark.parametrize("is_known", [True, False])
def test_query_stops_after_five_tries_in_an_hour(is_known: bool) -> None:
    case = at_the_window(["I01"])
    number = case.number if is_known else UNKNOWN
    for _ in range(tries.TRIES_PER_HOUR):
        ask({"number": number, "code": "AAAA-AAAA", "id_end": "0000"})

    content = ask({**right(case), "number": number})

    assert "一小时内已经试错 5 次" in content
    assert "每件事办到哪一步" not in content


def test_query_that_fits_is_no_try() -> None:
    """Who holds the receipt looks as often as they like; who guessed five times is stopped all the same."""
    case = at_the_window(["I01"])
    for _ in range(tries.TRIES_PER_HOUR + 1):
        assert receipt_query.find(**right(case)) is not None
    for _ in range(tries.TRIES_PER_HOUR):
        assert receipt_query.find(**{**right(case), "id_end": other_end(case)}) is None

    with pytest.raises(Refused):
        receipt_query.find(**right(case))


def test_query_opens_again_in_the_next_hour() -> None:
    case, now = at_the_window(["I01"]), timezone.now()
    for _ in range(tries.TRIES_PER_HOUR):
        receipt_query.find(case.number, "AAAA-AAAA", "0000", now=now)

    assert receipt_query.find(**right(case), now=now + timedelta(hours=1)) is not None


def test_try_is_counted_in_a_transaction_of_its_own() -> None:
    """One that could be rolled back with something else would not count."""
    with pytest.raises(RuntimeError), transaction.atomic():
        tries.count("query", UNKNOWN, timezone.now())


def test_query_counts_the_number_of_the_receipt_as_that_of_its_case() -> None:
    """Else each of a case's receipts would give five tries more."""
    case = at_the_window(["I01"])
    for ending in ("", "-S", "-S2", "-H", "-X"):
        ask({"number": case.number + ending, "code": "AAAA-AAAA", "id_end": "0000"})

    with pytest.raises(Refused):
        receipt_query.find(**right(case))


def test_query_opens_nothing_with_the_code_of_another_paper_or_case() -> None:
    case, other = at_the_window(["I01"]), factories.delivered(ticked=["I01"])
    form = case.documents.get(kind=DocumentKind.REGISTRATION)

    assert receipt_query.find(**{**right(case), "code": form.check_code}) is None
    assert receipt_query.find(**{**right(case), "code": code_of(other)}) is None


def test_query_opens_a_case_that_got_further_items_with_each_of_its_receipts() -> None:
    case = factories.delivered(ticked=["I01"])
    draft = drafts.choose_items(drafts.start_addition(case, user=case.entered_by), ["I07"])
    factories.give_materials(draft)
    submission.submit(draft, user=case.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)
    codes = case.documents.filter(kind=DocumentKind.SUBMISSION_RECEIPT).values_list("check_code", flat=True)

    found = [receipt_query.find(case.number, code, case.subject_id_no[-4:]) for code in codes]

    assert found == [case, case]


def test_query_opens_nothing_where_no_id_number_is_known() -> None:
    case = factories.delivered(ticked=["I01"])
    case.subject_id_no = ""
    case.save(update_fields=["subject_id_no"])

    assert receipt_query.find(case.number, code_of(case), "") is None


def test_query_asks_for_all_three_and_counts_nothing_before() -> None:
    content = ask({"number": UNKNOWN, "code": "", "id_end": "12"})

    assert "请填校验码" in content
    assert "身份证号后四位是 4 个数字" in content
    assert not NumberCounter.objects.filter(series__startswith="query/").exists()


def test_query_takes_the_number_by_post_and_fills_it_in() -> None:
    content = ask({"number": UNKNOWN})

    assert f'value="{UNKNOWN}"' in content
    assert "error-summary" not in content
    assert not NumberCounter.objects.filter(series__startswith="query/").exists()


# -- what is shown -------------------------------------------------------------------------------------------------------


def test_answer_is_in_no_store_no_session_and_no_address() -> None:
    case = at_the_window(["I01"])
    client = Client()

    response = client.post(URL, right(case))

    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert dict(client.session) == {}
    assert not any(name == "sessionid" for name in response.cookies)
    assert f"{URL}?" not in response.content.decode()


def test_end_of_the_id_number_is_not_laid_aside_in_the_session_of_who_is_signed_in() -> None:
    case = at_the_window(["I01"])
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.person())

    response = client.post(URL, right(case), headers={"origin": "http://testserver"})

    laid_aside = json.loads(crypto.unseal(client.session["typed"], kept.CONTEXT))
    assert response.status_code == 403
    assert "id_end" not in laid_aside["posted"]


def test_answer_shows_nothing_personal() -> None:
    """Of everything the case knows of its person nothing, not even the first character of the name; no file, no paper."""
    case = at_the_window()

    content = ask(right(case))

    own = {
        str(case.answers[name]) for name in ("name", "id_no", "mobile", "address", "native") if case.answers.get(name)
    }
    assert own
    for secret in (case.subject_name, f"{case.subject_name[0]}*", case.subject_id_no, case.subject_id_no[-4:], *own):
        assert secret not in content
    assert str(case.entered_by) not in content
    assert "/papers/" not in content
    assert "/files/" not in content
    assert code_of(case) not in content


def test_answer_says_that_it_is_decided_and_not_what() -> None:
    case = at_the_window(["I01", "I04", "I07"])
    done, refused = factories.task_of(case, "I01"), factories.task_of(case, "I07")
    review.accept(done, reviewer=factories.reviewer_of(done))
    review.complete(done, reviewer=factories.reviewer_of(done), summary="核定补助三万元")
    review.do_not_accept(refused, reviewer=factories.reviewer_of(refused), note="名下有两套房")

    content = ask(right(case))

    assert "已办结" in content
    assert "不予受理" in content
    assert f"理由和您可以怎么做写在决定里，请带居民身份证到{case.region.window}看" in content
    for secret in ("三万元", "两套房"):
        assert secret not in content


# -- what the person must do -----------------------------------------------------------------------------------------------


def todos(case: Application) -> dict[str, str]:
    """What the answer says is to be done, by its title."""
    found = Client().post(URL, right(case)).context["todos"]
    return {todo.title: "".join(todo.lines) for todo in found}


def test_answer_names_what_is_to_be_corrected_and_not_what_is_wrong_with_it() -> None:
    case = at_the_window(["I01", "I04"])
    back = factories.task_of(case, "I04")
    material = case.scheme.spec.material(back.material_codes()[0])
    deficits = [
        review.Deficit(field="native", reason="写成了张家口"),
        review.Deficit(material=material.code, reason="是别人的证件"),
    ]
    review.request_correction(back, reviewer=factories.reviewer_of(back), deficits=deficits)

    words = todos(case)[f"{back.spec.title}要补正"]

    assert f"籍贯、“{material.title}”" in words
    assert f"到{case.region.window}，由窗口代您补" in words
    assert f"{back.office}：{back.office.phone}" in words
    content = ask(right(case))
    for secret in ("张家口", "别人的证件"):
        assert secret not in content


def test_answer_says_when_and_where_to_come_and_what_to_bring_and_not_why() -> None:
    case = at_the_window(["I01"])
    task = factories.task_of(case, "I01")
    review.accept(task, reviewer=factories.reviewer_of(task))
    day = calendar_now().at(case.region_id).add(timezone.localdate(), 3)
    slots = [timezone.make_aware(datetime.combine(day, time(hour))) for hour in (9, 15)]
    visits.call_in(task, reviewer=factories.reviewer_of(task), note="请张先生来", slots=slots, bring="退役证原件")
    title = f"{task.spec.title}要您本人到场"

    to_choose = todos(case)[title]
    visits.book(task, slots[0], user=case.entered_by, party=Party.CLERK)
    chosen = todos(case)[title]

    assert f"9:00、{day.month}月{day.day}日" in to_choose
    assert f"选时间，打电话给{task.office}，或者到{case.region.window}" in to_choose
    assert "15:00" in to_choose
    assert "15:00" not in chosen
    assert "要换时间的" in chosen
    for words in (to_choose, chosen):
        assert "要带的：退役证原件" in words
        assert task.office.phone in words
        assert "张先生" not in words


def test_answer_says_which_promised_papers_are_still_to_come() -> None:
    case = at_the_window(["I07"])
    task = factories.task_of(case, "I07")
    review.accept(task, reviewer=factories.reviewer_of(task))
    until = timezone.localdate() + timedelta(days=3)
    ItemTask.objects.filter(pk=task.pk).update(provisional_until=until, provisional_materials=["OR-39"])

    words = todos(case)[f"补交{task.spec.title}的材料"]

    assert f"“{case.scheme.spec.material('OR-39').title}”" in words
    assert f"{until.month}月{until.day}日" in words
    assert f"交到{case.region.window}" in words


def test_answer_says_that_a_card_can_be_fetched_and_where() -> None:
    case = at_the_window(["I01"])
    task = factories.task_of(case, "I01")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.complete(task, reviewer=reviewer, summary="核定了", follows=Fulfilment.IN_PRODUCTION)
    review.fulfil(task, Fulfilment.READY, staff=reviewer)

    words = todos(case)[f"领取{task.spec.title}的办理结果"]

    assert f"请带居民身份证到{task.office.where}领取" in words
    assert task.office.phone in words


def test_answer_says_of_a_parcel_and_a_delivered_card_neither_number_nor_name() -> None:
    case = at_the_window(["I01", "I07"])
    for code in ("I01", "I07"):
        task = factories.task_of(case, code)
        reviewer = factories.reviewer_of(task)
        review.accept(task, reviewer=reviewer)
        review.complete(task, reviewer=reviewer, follows=Fulfilment.IN_PRODUCTION)
        if code == "I01":
            review.fulfil(task, Fulfilment.MAILED, staff=reviewer, courier="邮政快递 1178")
        else:
            review.fulfil(task, Fulfilment.READY, staff=reviewer)
            review.fulfil(task, Fulfilment.DELIVERED, staff=reviewer, receiver="赵建国", relation="父亲")

    content = ask(right(case))

    assert "已经寄出，请留意查收" in content
    assert "已经办好，已送达" in content
    for secret in ("1178", "赵建国", "父亲"):
        assert secret not in content


def test_answer_says_what_cannot_begin_and_how_to_take_it_back() -> None:
    case = at_the_window(["I04", "I05"])
    lost, held = factories.task_of(case, "I04"), factories.task_of(case, "I05")
    review.do_not_accept(lost, reviewer=factories.reviewer_of(lost), note="名下有两套房")

    words = todos(case)[f"{held.spec.title}先不能办"]

    assert f"{lost.spec.title}没有办成" in words
    assert f"请打电话问{held.office}" in words
    assert f"要撤回的，请带居民身份证到{case.region.window}" in words
    assert "两套房" not in ask(right(case))


def test_answer_names_what_the_pre_review_gave_back_once_for_all_items() -> None:
    clerk = factories.clerk(factories.NANGANG)
    draft = factories.typed_at_window(clerk, ["I01", "I02"])
    case = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)
    waiting = case.pre_reviews.get()
    hub = factories.staff(Role.REVIEWER, office=waiting.office)
    before = todos(case)
    pre_reviews.give_back(waiting, staff=hub, deficits=[review.Deficit("写到人民路 1 号", field="contact_addr")])

    found = todos(case)

    assert before == {}
    assert list(found) == ["改登记表，再交一次"]
    assert f"{waiting.office}预审时发现要改的：{FIELDS['contact_addr'].label}。" in found["改登记表，再交一次"]
    assert "由窗口代您改好再交" in found["改登记表，再交一次"]
    assert "人民路" not in ask(right(case))


def test_answer_warns_of_the_day_to_report_by_without_naming_it() -> None:
    case = at_the_window(["I01"])
    day = timezone.localdate() - timedelta(days=26)
    case.answers = {**case.answers, "discharge_date": day.isoformat()}
    case.save(update_fields=["answers"])
    task = factories.task_of(case, "I01")
    deficits = [review.Deficit(field="native", reason="请写全")]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)

    content = ask(right(case))

    assert "离报到期限还有 4 天" in content
    last = day + timedelta(days=30)
    assert f"您的最后一天是{last.year}年" not in content


# -- cases that are over, and joint ones ------------------------------------------------------------------------------------


def test_answer_of_a_case_taken_back() -> None:
    case = at_the_window(["I01", "I04"])
    withdrawal.withdraw(case, user=case.entered_by, note="不办了，孩子病了")

    content = ask(right(case))

    assert "2 件事，全部撤回" in content
    assert content.count("已经撤回，不再办理") == 2
    assert "现在不用您做什么" in content
    assert "孩子病了" not in content


def test_answer_of_a_closed_case_leads_to_the_window_for_its_results() -> None:
    case = at_the_window(["I01"])
    task = factories.task_of(case, "I01")
    review.accept(task, reviewer=factories.reviewer_of(task))
    review.complete(task, reviewer=factories.reviewer_of(task), summary="核定补助三万元")

    content = ask(right(case))

    assert "1 件事，全部办好" in content
    assert "全部有结果了，现在不用您做什么" in content
    assert f"要看结果，请带居民身份证到{case.region.window}" in content
    assert "三万元" not in content


def test_answer_shows_a_joint_item_with_each_of_its_offices() -> None:
    case = at_the_window(["I10"], region=factories.HEPING)
    joint = list(case.tasks.filter(item__code="I10").select_related("office"))

    page = Client().post(URL, right(case)).context

    rows = [row.agency for row in page["rows"] if row.name == joint[0].spec.title]
    assert len(joint) == 2
    assert sorted(rows) == sorted(str(task.office) for task in joint)
    assert page["title"].startswith(f"{case.tasks.values('item').distinct().count()} 件事")


def test_answer_takes_the_same_statements_for_one_item_and_for_many() -> None:
    """A place where one ticked item makes two tasks, and all of them 13."""
    counts, items = [], []
    for ticked in (["I01"], None):
        case = at_the_window(ticked, region=factories.TIANHE)
        typed = right(case)
        with CaptureQueriesContext(connection) as caught:
            ask(typed)
        counts.append(len(caught))
        items.append(case.tasks.count())

    assert items == [2, 13]
    assert counts[0] == counts[1]


# -- the ways that lead here ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["home:index", "home:sign_in", "home:site_map"])
def test_page_without_an_account_leads_to_the_query(name: str) -> None:
    assert f'href="{URL}"' in Client().get(reverse(name)).content.decode()


def test_verified_receipt_leads_to_the_query_with_its_number_by_post() -> None:
    case = at_the_window(["I01"])
    receipt = case.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT)
    other = case.documents.get(kind=DocumentKind.REGISTRATION)

    pages = [
        Client().post("/verify/", {"number": paper.number, "code": paper.check_code}).content.decode()
        for paper in (receipt, other)
    ]

    hidden = f'<input type="hidden" name="number" value="{case.number}">'
    assert [hidden in page for page in pages] == [True, False]
    assert "凭这张回执查进度" in pages[0]


def test_address_on_the_receipt_is_the_page() -> None:
    case = at_the_window(["I01"])

    html = paper.html_of(case.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT))

    assert f"{settings.SITE_URL}{reverse('home:query')}，填办件编号、校验码、身份证号后四位" in html
