"""The window: look up, type for the person at the counter, hand in; who typed is kept, nothing of one person stays."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agencies.enums import Role
from applications import drafts, review, submission
from applications import materials as giving
from applications.demo import Soldier, answers_for, picture, soldier
from applications.enums import Action, Channel, Grade, Party, TaskStatus
from applications.errors import AlreadyDone
from applications.models import AccessLog, Application, Draft, Material, Ticket
from portal.accounts.models import User
from tests import factories

JPEG = picture("demo")
VISITOR = soldier("巴特尔", 6001)


def sheet(draft: Draft) -> str:
    return reverse("window:sheet", args=[draft.pk])


def begin(window: Client, person: Soldier = VISITOR) -> Draft:
    window.post(reverse("window:start"), {"id_no": person.id_no, "region": factories.DONGSHENG})
    return next(draft for draft in Draft.objects.all() if draft.answers["id_no"] == person.id_no)


def everything(draft: Draft, person: Soldier = VISITOR) -> dict[str, Any]:
    """What a clerk types, ticks and scans on the one screen."""
    draft.refresh_from_db()
    items = [item.code for item in draft.scheme.spec.offered]
    codes = [m.code for m in draft.scheme.spec.materials_for(frozenset(items), answers_for(person))]
    files = {f"file-{code}": [SimpleUploadedFile(f"{code}.jpg", JPEG)] for code in codes}
    seen = {f"seen-{code}": "on" for code in codes}
    return {**answers_for(person), "version": draft.version, "item": items, **files, **seen}


def handed_in(window: Client, clerk: User, person: Soldier) -> Application:
    draft = begin(window, person)
    window.post(sheet(draft), {**everything(draft, person), "do": "save"})
    window.post(sheet(draft), {**everything(draft, person), "do": "submit", "promise": "on", "agree": "on"})
    return Application.objects.get(draft=draft)


# -- lookup ------------------------------------------------------------------------------------------------------------


def test_lookup_finds_the_persons_online_form(window: Client) -> None:
    online = factories.draft()

    response = window.post(reverse("window:index"), {"id_no": online.answers["id_no"]})

    assert [draft.id for draft in response.context["drafts"]] == [str(online.pk)]
    assert response.context["drafts"][0].source == "本人网上草稿"


def test_lookup_says_what_is_wrong_with_the_number(window: Client) -> None:
    response = window.post(reverse("window:index"), {"id_no": "1101051997021699"})

    assert response.context["error"] == "身份证号：少 2 位，应为 18 位"
    assert 'value="1101051997021699"' in response.content.decode()


@pytest.mark.parametrize("typed", ["{}", "{}-S", " {}－s ", "{}-B2"])
def test_number_of_a_case_or_of_its_receipt_opens_the_case(window: Client, typed: str) -> None:
    """As it is printed, as it is typed: full width, small letters, blanks, without hyphens."""
    number = factories.submitted(ticked=["I01"]).number

    answers = [
        window.post(reverse("window:index"), {"id_no": typed.format(text)}) for text in (number, number.replace("-", ""))
    ]  # fmt: skip

    assert [answer.headers["Location"] for answer in answers] == [reverse("window:case", args=[number])] * 2


@pytest.mark.parametrize("region", [None, factories.TIANHE])
def test_number_of_no_case_of_the_place_is_told_apart_from_a_wrong_id_number(
    window: Client, region: str | None
) -> None:
    number = factories.submitted(region=region, ticked=["I01"]).number if region else "150602-260101-99999"

    response = window.post(reverse("window:index"), {"id_no": number})

    assert response.context["error"] == "这个窗口没有这个编号的办件。请核对编号，或用身份证号查"
    assert f'value="{number}"' in response.content.decode()


def test_lookup_by_number_asks_little_and_by_person_as_much_for_three_cases_as_for_one(window: Client) -> None:
    user = factories.person()
    case = factories.submitted(user, ticked=["I01"])
    window.get(reverse("window:index"))

    def asked(number: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            window.post(reverse("window:index"), {"id_no": number})
        return len(captured)

    by_number, with_one = asked(case.number), asked(user.id_no)
    for item in ("I02", "I04"):
        factories.submitted(user, ticked=[item])
    with_three = asked(user.id_no)

    found = window.post(reverse("window:index"), {"id_no": user.id_no}).context["cases"]
    assert len(found) == 3
    assert (by_number, with_one, with_three) == (4, 12, 12)


def test_window_opens_the_one_time_notice_a_person_brings(window: Client) -> None:
    asked = {"item": ["I04"], "settlement": "self_employed", "hukou_mode": "relative", "discharged": "2026-09-01"}
    at_home = Client()
    at_home.post("/place/", {"place": factories.DONGSHENG})
    brought = at_home.get("/notice/", asked).context["sheet"]

    page = window.get(reverse("window:index")).content.decode()
    shown = window.get("/notice/", {"no": brought.number.lower()})

    assert 'action="/notice/"' in page and 'name="no"' in page
    assert shown.context["sheet"] == brought


def test_lookup_does_not_see_forms_of_other_places(window: Client) -> None:
    elsewhere = factories.draft(region=factories.TIANHE)

    response = window.post(reverse("window:index"), {"id_no": elsewhere.answers["id_no"]})

    assert response.context["drafts"] == []


def test_clerk_goes_on_with_the_persons_form(window: Client, clerk: User) -> None:
    online = factories.draft()

    window.post(reverse("window:adopt", args=[online.pk]), {"id_no": online.answers["id_no"]})

    online.refresh_from_db()
    assert (online.owner_id is not None, online.entered_by) == (True, clerk)
    assert window.get(sheet(online)).status_code == 200


def test_form_is_not_adopted_without_the_persons_number(window: Client, clerk: User) -> None:
    online = factories.draft()

    response = window.post(reverse("window:adopt", args=[online.pk]), {"id_no": VISITOR.id_no})

    assert response.status_code == 404
    assert window.get(sheet(online)).status_code == 404


def test_new_form_takes_nothing_from_the_clerk(window: Client, clerk: User) -> None:
    draft = begin(window)

    assert draft.owner is None
    assert draft.channel == Channel.WINDOW
    assert set(draft.answers) == {"id_no", "sex", "birth"}


def test_new_form_only_for_places_of_the_window(window: Client) -> None:
    response = window.post(reverse("window:start"), {"id_no": VISITOR.id_no, "region": factories.TIANHE})

    assert response.status_code == 404


# -- the one screen ----------------------------------------------------------------------------------------------------


def test_sheet_follows_the_printed_order(window: Client) -> None:
    draft = begin(window)

    rows = window.get(sheet(draft)).context["rows"]

    names = [[cell.control.name if cell.control else cell.label for cell in row.cells] for row in rows]
    assert names[:4] == [
        ["name", "性别", "ethnic"],
        ["politics", "education", "marital"],
        ["enlist_date", "discharge_date", "mobile"],
        ["id_no", "relation"],
    ]


def test_sheet_saves_text_ticks_and_files_at_once(window: Client) -> None:
    draft = begin(window)

    window.post(sheet(draft), {**everything(draft), "do": "save"})

    draft.refresh_from_db()
    assert draft.answers["native"] == "祖籍山东临沂"
    assert {material.grade for material in Material.objects.all()} == {Grade.B}


def test_sheet_shrinks_when_an_item_is_unticked(window: Client) -> None:
    draft = begin(window)

    window.post(sheet(draft), {**everything(draft), "item": ["I01"], "do": "save"})

    context = window.get(sheet(draft)).context
    assert "hukou_mode" not in context["form"].fields
    assert "OR-34" not in [slot.code for slot, _ in context["slots"]]


def test_sheet_keeps_everything_beside_a_bad_file(window: Client) -> None:
    draft = begin(window)
    files = [SimpleUploadedFile("好.jpg", JPEG), SimpleUploadedFile("坏.jpg", b"nothing")]

    response = window.post(
        sheet(draft),
        {**everything(draft), "file-OR-31": files, "native": "新写的", "do": "submit", "promise": "on", "agree": "on"},
    )

    assert response.context["form"]["native"].value() == "新写的"
    assert [words for words, _ in response.context["errors"]] == [
        "退伍证：坏.jpg：这不是照片（JPG、PNG、HEIC）或 PDF，内容和文件名不符。请重新拍照，或另存为这几种格式再传"
    ]
    assert Material.objects.filter(code="OR-31").count() == 1
    assert Application.objects.count() == 0


def test_sheet_says_everything_missing_when_handed_in(window: Client) -> None:
    draft = begin(window)

    response = window.post(sheet(draft), {"version": draft.version, "item": ["I01"], "name": "", "do": "submit"})

    assert response.context["form"].errors["name"] == ["请填姓名"]
    assert ("请看过承诺后在前面打勾", "#id_promise") in response.context["errors"]
    assert ("请上传退伍证", "#m-OR-31") in response.context["errors"]


def test_original_seen_raises_the_grade(window: Client, clerk: User) -> None:
    draft = begin(window)
    data = {"version": draft.version, "item": ["I01"]}
    window.post(sheet(draft), {**data, "file-OR-31": [SimpleUploadedFile("a.jpg", JPEG)]})
    assert Material.objects.get().grade == Grade.C
    draft.refresh_from_db()

    window.post(sheet(draft), {**data, "version": draft.version, "seen-OR-31": "on"})

    material = Material.objects.get()
    assert (material.grade, material.checked_by) == (Grade.B, clerk)


def test_scan_can_be_taken_back(window: Client) -> None:
    draft = begin(window)
    data = {"version": draft.version, "item": ["I01"]}
    window.post(sheet(draft), {**data, "file-OR-31": [SimpleUploadedFile("a.jpg", JPEG)]})
    draft.refresh_from_db()

    window.post(sheet(draft), {**data, "version": draft.version, "remove": str(Material.objects.get().pk)})

    assert Material.objects.count() == 0


def test_scan_is_turned_and_what_was_ticked_with_it_is_kept(window: Client) -> None:
    draft = begin(window)
    data = {"version": draft.version, "item": ["I01"]}
    window.post(sheet(draft), {**data, "file-OR-31": [SimpleUploadedFile("a.jpg", JPEG)]})
    draft.refresh_from_db()
    before = Material.objects.get()

    window.post(sheet(draft), {**data, "version": draft.version, "turn": str(before.pk), "seen-OR-31": "on"})

    after = Material.objects.get()
    assert (after.file.name != before.file.name, after.grade) == (True, Grade.B)


def test_agent_is_asked_for_with_everything_once_one_is_named(window: Client, clerk: User) -> None:
    draft = begin(window)
    window.post(sheet(draft), {**everything(draft), "agent_name": "王芳", "do": "save"})

    data = {**everything(draft), "agent_name": "王芳", "do": "submit", "promise": "on", "agree": "on"}
    response = window.post(sheet(draft), data)

    assert set(response.context["form"].errors) == {"agent_relation", "agent_id", "agent_tel", "agent_authority"}
    assert ("代办人身份证号", "#id_agent_id") in response.context["missing"]
    assert response.context["form"]["agent_name"].value() == "王芳"


def test_sheet_tells_the_second_tab(window: Client) -> None:
    draft = begin(window)
    drafts.save(draft, {"native": "甲地"})

    response = window.post(sheet(draft), {"version": draft.version, "item": ["I01"], "native": "乙地"})

    assert response.context["form"]["native"].value() == "甲地"
    assert response.context["form"].fields["native"].help_text == "您刚才填的是：乙地"


def test_submission_at_the_window_keeps_who_typed(window: Client, clerk: User) -> None:
    case = handed_in(window, clerk, VISITOR)

    log = case.log.get(action=Action.SUBMIT)
    assert (case.channel, case.entered_by, case.applicant) == (Channel.WINDOW, clerk, None)
    assert (log.party, log.actor) == (Party.CLERK, clerk)


def test_persons_own_form_handed_in_at_the_window_stays_theirs(window: Client, clerk: User) -> None:
    online = factories.draft()
    window.post(reverse("window:adopt", args=[online.pk]), {"id_no": online.answers["id_no"]})
    made = Soldier(online.owner.legal_name, online.owner.id_no, online.owner.phone)

    window.post(sheet(online), {**everything(online, made), "do": "submit", "promise": "on", "agree": "on"})

    case = Application.objects.get(draft=online)
    assert (case.applicant, case.entered_by) == (online.owner, clerk)


def test_submitted_page_offers_the_receipt_and_the_next_person(window: Client, clerk: User) -> None:
    case = handed_in(window, clerk, VISITOR)

    content = window.get(reverse("window:submitted", args=[case.number])).content.decode()

    assert reverse("papers:download", args=[f"{case.number}-S"]) in content
    assert reverse("window:index") in content
    assert window.get(sheet(case.draft)).url == reverse("window:submitted", args=[case.number])


# -- nothing of one person stays ---------------------------------------------------------------------------------------


def test_next_person_sees_no_trace_of_the_one_before(window: Client, clerk: User) -> None:
    """C5."""
    handed_in(window, clerk, VISITOR)
    second = soldier("乌力吉", 6002)

    for response in (
        window.get(reverse("window:index")),
        window.post(reverse("window:index"), {"id_no": second.id_no}),
        window.get(sheet(begin(window, second))),
    ):
        content = response.content.decode()
        assert VISITOR.name not in content
        assert VISITOR.id_no not in content
        assert VISITOR.phone not in content
        assert response["Cache-Control"] == "no-store"


def test_sheet_is_not_filled_in_by_the_browser(window: Client) -> None:
    content = window.get(sheet(begin(window))).content.decode()

    assert 'autocomplete="name"' not in content
    assert 'autocomplete="off"' in content


def test_no_address_of_the_window_carries_a_persons_number(window: Client) -> None:
    draft = begin(window)

    for address in (sheet(draft), reverse("window:adopt", args=[draft.pk]), reverse("window:index")):
        assert VISITOR.id_no not in address


# -- cases and scope ---------------------------------------------------------------------------------------------------


def test_case_list_needs_the_same_queries_for_one_and_three_cases(window: Client, clerk: User) -> None:
    for number in (6101, 6102, 6103):
        handed_in(window, clerk, soldier("那日苏", number))

        with CaptureQueriesContext(connection) as seen:
            assert window.get(reverse("window:case_list")).status_code == 200
        assert len(seen) == 10


def test_case_needs_the_same_queries_for_one_and_three_items(window: Client) -> None:
    one = factories.delivered(ticked=["I01"])
    three = factories.delivered(ticked=["I04", "I07", "I10"])
    for task in [*one.tasks.all(), *three.tasks.all()]:
        review.accept(task, reviewer=factories.reviewer_of(task))

    for case in (one, three):
        with CaptureQueriesContext(connection) as seen:
            assert window.get(reverse("window:case", args=[case.number])).status_code == 200
        assert len(seen) == 15


def test_lookup_needs_the_same_queries_for_one_and_three_forms(window: Client) -> None:
    for _ in range(3):
        window.post(reverse("window:start"), {"id_no": VISITOR.id_no, "region": factories.DONGSHENG})

        with CaptureQueriesContext(connection) as seen:
            assert window.post(reverse("window:index"), {"id_no": VISITOR.id_no}).status_code == 200
        assert len(seen) == 7


def test_case_shows_staff_the_words_of_the_state_machine(window: Client, clerk: User) -> None:
    case = handed_in(window, clerk, VISITOR)
    factories.deliver_all()

    response = window.get(reverse("window:case", args=[case.number]))

    assert {row.tag.words for row in response.context["rows"]} == {"待受理", "待前置"}
    assert "李慧" in response.context["typed_by"]


def test_case_of_another_place_is_not_there(window: Client) -> None:
    elsewhere = factories.submitted(region=factories.TIANHE)

    assert window.get(reverse("window:case", args=[elsewhere.number])).status_code == 404


def test_sheet_of_another_clerk_is_not_there(window: Client, client: Client) -> None:
    draft = begin(window)
    client.force_login(factories.clerk())

    assert client.get(sheet(draft)).status_code == 404


@pytest.mark.parametrize("name", ["index", "case_list"])
@pytest.mark.parametrize("who", ["applicant", "reviewer", "supervisor"])
def test_window_is_for_clerks_alone(client: Client, name: str, who: str) -> None:
    people = {
        "applicant": lambda: factories.person(),
        "reviewer": lambda: factories.reviewer_of(factories.queued_task()),
        "supervisor": lambda: factories.staff(Role.SUPERVISOR, region=factories.place()),
    }
    client.force_login(people[who]())

    assert client.get(reverse(f"window:{name}")).status_code == 404


# -- answering a notice at the counter -----------------------------------------------------------------------------------


def test_clerk_answers_a_notice_for_the_person(window: Client, clerk: User) -> None:
    case = factories.delivered(factories.person())
    task = factories.task_of(case, "I04")
    review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清", material="OR-36")]
    )
    url = reverse("window:correction", args=[case.number])
    assert url in window.get(reverse("window:case", args=[case.number])).content.decode()

    window.post(url, {"file-OR-36": [SimpleUploadedFile("重拍.jpg", JPEG)]})

    log = case.log.get(action=Action.RESUBMIT)
    assert (log.party, log.actor) == (Party.CLERK, clerk)


def test_files_of_a_case_are_shown_at_the_window_only_while_something_is_asked(window: Client, clerk: User) -> None:
    """And each look is recorded."""
    case = factories.delivered(factories.person())
    url = reverse("window:material_file", args=[case.materials.first().pk])
    assert window.get(url).status_code == 404
    task = factories.task_of(case, "I04")

    review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清", material="OR-36")]
    )

    response = window.get(url)
    assert response.status_code == 200
    assert [look.viewer for look in task.accesses.all()] == [clerk]
    response.close()


def test_full_numbers_in_a_form_put_right_at_the_window_are_looks_on_record(window: Client, clerk: User) -> None:
    """They stand in the controls; whoever opens the page of any case of the place reads them."""
    case = factories.delivered(factories.person(), ticked=["I07"])
    task = factories.task_of(case, "I07")
    address = reverse("window:amend", args=[case.number])
    window.get(address)
    assert not AccessLog.objects.exists()

    shown = window.get(address, {"field": ["mobile", "contact_addr"]})
    assert case.answers["mobile"] in shown.content.decode()
    wrong = [review.Deficit("停机", field="mobile")]
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=wrong)
    asked = window.get(reverse("window:correction", args=[case.number]))
    assert case.answers["mobile"] in asked.content.decode()

    looks = AccessLog.objects.values_list("viewer", "task__application", "fields", "reason")
    assert list(looks) == [(clerk.pk, case.pk, ["mobile"], "在窗口替本人改登记表")] * 2


@pytest.mark.parametrize("page", ["amend", "correction"])
def test_so_many_full_numbers_an_hour_and_no_more_at_the_window(window: Client, settings: Any, page: str) -> None:
    settings.LOOKS_PER_HOUR = 1
    cases = [factories.delivered(factories.person(), ticked=["I07"]) for _ in range(2)]
    if page == "correction":
        for task in (factories.task_of(case, "I07") for case in cases):
            wrong = [review.Deficit("停机", field="mobile")]
            review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=wrong)

    first, second = (
        window.get(reverse(f"window:{page}", args=[case.number]), {"field": "mobile"}, follow=True) for case in cases
    )

    assert cases[0].answers["mobile"] in first.content.decode()
    assert cases[1].answers["mobile"] not in second.content.decode()
    assert "一小时内已看过 1 件的完整号码" in second.content.decode()


def test_supervisor_of_the_place_is_told_of_a_clerk_who_looks_too_often(window: Client, settings: Any) -> None:
    settings.LOOKS_PER_HOUR = 1
    for case in [factories.delivered(factories.person(), ticked=["I07"]) for _ in range(2)]:
        window.get(reverse("window:amend", args=[case.number]), {"field": "mobile"})
    near, far = (factories.staff(Role.SUPERVISOR, region=factories.place(code)) for code in ("150600", "120000"))

    told = [Ticket.objects.for_posting(one.postings.get()) for one in (near, far)]

    assert [[ticket.kind for ticket in found] for found in told] == [["looked_too_often"], []]


def test_notice_of_another_place_is_not_there(window: Client) -> None:
    case = factories.delivered(region=factories.TIANHE)
    task = case.tasks.filter(status="queued").exclude(item__code="I00").first()
    material = task.material_codes()[0]
    review.request_correction(
        task, reviewer=factories.reviewer_of(task), deficits=[review.Deficit("看不清", material=material)]
    )

    assert window.get(reverse("window:correction", args=[case.number])).status_code == 404


def test_clerk_sees_that_a_message_reached_nobody(window: Client) -> None:
    """A21: somebody should call instead."""
    case = factories.delivered(factories.person())
    address = reverse("window:case", args=[case.number])
    assert "没有送到" not in window.get(address).content.decode()

    case.notices.update(status="bounced", outcome="短信：空号")

    assert "没有送到（短信：空号）" in window.get(address).content.decode()


def test_clerk_answers_the_notices_of_every_office_on_one_page(window: Client) -> None:
    case = factories.delivered(factories.person())
    for item, code in (("I01", "OR-33"), ("I04", "OR-36")):
        task = factories.task_of(case, item)
        deficits = [review.Deficit("看不清", material=code)]
        review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=deficits)
    url = reverse("window:correction", args=[case.number])
    assert len(window.get(url).context["groups"]) == 2

    files = {f"file-{code}": [SimpleUploadedFile(f"{code}.jpg", picture(code))] for code in ("OR-33", "OR-36")}
    response = window.post(url, files)

    assert response.url == reverse("window:case", args=[case.number])
    assert case.log.filter(action=Action.RESUBMIT, party=Party.CLERK).count() == 2


def test_clerk_brings_promised_papers_for_the_person(window: Client) -> None:
    case = factories.delivered(factories.person(), ticked=["I07"])
    task = factories.task_of(case, "I07")
    review.accept(task, reviewer=factories.reviewer_of(task))
    case.tasks.update(provisional_until=timezone.localdate(), provisional_materials=["OR-39"])
    url = reverse("window:supply", args=[case.number])
    assert url in window.get(reverse("window:case", args=[case.number])).content.decode()

    window.post(url, {"file-OR-39": [SimpleUploadedFile("凭证.jpg", JPEG)], "upload": "1"})
    window.post(url, {"send": "1"})

    assert case.log.filter(action=Action.SUPPLY, party=Party.CLERK).count() == 1


def test_clerk_withdraws_an_item_for_the_person_after_asking_again(window: Client) -> None:
    case = factories.delivered(factories.person(), ticked=["I01", "I07"])
    task = factories.task_of(case, "I07")
    url = reverse("window:withdraw", args=[case.number])
    assert url in window.get(reverse("window:case", args=[case.number])).content.decode()

    assert "确定要撤回吗" in window.post(url, {"task": task.pk}).content.decode()
    window.post(url, {"task": task.pk, "confirm": "1"})

    assert [row.task_id for row in case.log.filter(action=Action.WITHDRAW, party=Party.CLERK)] == [task.pk]


# -- whose form, and where ------------------------------------------------------------------------------------------------


def test_clerk_does_not_certify_the_originals_of_the_own_form(window: Client, clerk: User) -> None:
    User.objects.filter(pk=clerk.pk).update(legal_name=VISITOR.name)
    clerk.refresh_from_db()
    clerk.id_no = VISITOR.id_no
    clerk.save()
    draft = begin(window)

    window.post(sheet(draft), {**everything(draft), "do": "save"})
    without = {name: value for name, value in everything(draft).items() if not name.startswith("seen-")}
    window.post(sheet(draft), {**without, "do": "save"})
    window.post(sheet(draft), {**without, "seen-OR-31": "on", "do": "save"})

    assert set(draft.materials.values_list("grade", "checked_by")) == {(Grade.C, None)}
    assert window.get(sheet(draft)).content.decode().count('name="seen-') == 0


def test_original_certified_before_the_form_became_the_own_one_is_certified_no_more(
    window: Client, clerk: User
) -> None:
    clerk.id_no = VISITOR.id_no
    clerk.save()
    draft = begin(window, soldier("孟和", 6002))
    window.post(sheet(draft), {**everything(draft, soldier("孟和", 6002)), "do": "save"})
    assert set(draft.materials.values_list("checked_by", flat=True)) == {clerk.pk}

    draft = drafts.save(Draft.objects.get(pk=draft.pk), answers_for(VISITOR))
    case = submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)

    assert case.applicant == clerk
    assert set(case.materials.values_list("grade", "checked_by", "checked_at")) == {(Grade.C, None, None)}


def test_clerk_who_moved_leaves_the_forms_at_the_old_place(window: Client, clerk: User) -> None:
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    file = reverse("window:material_file", args=[draft.materials.all()[0].pk])
    assert (window.get(sheet(draft)).status_code, window.get(file).status_code) == (200, 200)

    clerk.postings.update(region=factories.place(factories.HEPING))

    assert (window.get(sheet(draft)).status_code, window.get(file).status_code) == (404, 404)
    assert window.post(sheet(draft), {"contact_addr": "别处", "do": "save"}).status_code == 404


def test_form_that_the_person_goes_on_with_at_home_is_read_at_the_window_no_more(window: Client) -> None:
    """What is typed there is not for the counter, until the person shows the number there again."""
    online = factories.draft()
    factories.give_materials(online)
    home, adopt = Client(), reverse("window:adopt", args=[online.pk])
    assert online.owner is not None
    home.force_login(online.owner)
    pages = [sheet(online), reverse("window:material_file", args=[online.materials.all()[0].pk])]

    def codes() -> list[int]:
        return [window.get(page).status_code for page in pages]

    window.post(adopt, {"id_no": online.answers["id_no"]})
    home.get(reverse("applicant:check", args=[online.pk]))
    at_counter = codes()
    home.post(reverse("applicant:autosave", args=[online.pk]), {"contact_addr": "某处"})
    afterwards = codes()
    home.post(reverse("applicant:start"), {"region": factories.DONGSHENG})
    window.post(adopt, {"id_no": online.answers["id_no"]})

    assert (at_counter, afterwards, codes()) == ([200, 200], [404, 404], [200, 200])
    assert Draft.objects.get() == online


@pytest.mark.parametrize("ended", [TaskStatus.TERMINATED, TaskStatus.WITHDRAWN, TaskStatus.COMPLETED])
def test_files_are_shown_no_more_once_what_they_were_owed_to_is_over(window: Client, ended: TaskStatus) -> None:
    case = factories.delivered(factories.person(), ticked=["I07"])
    case.tasks.update(provisional_until=timezone.localdate(), provisional_materials=["OR-39"])
    file = reverse("window:material_file", args=[case.materials.all()[0].pk])
    assert window.get(file).status_code == 200

    case.tasks.update(status=ended)

    assert window.get(file).status_code == 404


# -- what happens in the same moment elsewhere ---------------------------------------------------------------------------


def test_file_taken_back_in_the_moment_it_is_marked_as_seen_is_told(window: Client, clerk: User) -> None:
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    material = draft.materials.first()
    assert material is not None
    giving.remove(Material.objects.get(pk=material.pk))

    with pytest.raises(AlreadyDone, match="刚才已经删除"):
        giving.mark_original_seen(material, clerk=clerk)


def test_file_of_a_form_that_was_handed_in_is_not_marked_any_more(window: Client, clerk: User) -> None:
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    material = draft.materials.first()
    assert material is not None
    submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=True)

    with pytest.raises(AlreadyDone, match="已经提交"):
        giving.mark_original_seen(material, clerk=clerk)


def test_sheet_says_that_a_file_is_gone_instead_of_an_error(
    window: Client, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    gone = draft.materials.first()
    assert gone is not None
    real = giving.mark_original_seen

    def removed_first(material: Material, *, clerk: User) -> Material:
        giving.remove(Material.objects.get(pk=material.pk))
        return real(material, clerk=clerk)

    monkeypatch.setattr(giving, "mark_original_seen", removed_first)
    response = window.post(
        sheet(draft), {**draft.answers, "item": draft.ticked, f"seen-{gone.code}": "on", "do": "save"}, follow=True
    )

    assert response.status_code == 200
    assert [str(words) for words in response.context["messages"] if "刚才已经删除" in str(words)] != []


@pytest.mark.parametrize("deed", ["save", "choose_items"])
def test_form_handed_in_in_the_same_moment_leads_to_its_case(
    window: Client, clerk: User, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    real = getattr(drafts, deed)

    def handed_in_first(*args: Any, **kwargs: Any) -> Draft:
        submission.submit(
            Draft.objects.get(pk=draft.pk), user=clerk, channel=Channel.WINDOW, promised=True, agreed=True
        )
        return real(*args, **kwargs)

    monkeypatch.setattr(drafts, deed, handed_in_first)
    response = window.post(sheet(draft), {"contact_addr": "某处", "item": ["I01", "I04"], "do": "save"}, follow=True)

    case = Application.objects.get(draft=draft)
    assert response.request["PATH_INFO"] == reverse("window:submitted", args=[case.number])
    assert f"编号 {case.number}，没有再次提交" in response.content.decode()


def test_form_sent_from_home_while_the_clerk_takes_it_over_is_told(
    window: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    online = factories.draft(ticked=["I01"])
    factories.give_materials(online)
    real = drafts.adopt

    def sent_first(draft: Draft, *, clerk: User) -> Draft:
        submission.submit(online, user=online.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)
        return real(draft, clerk=clerk)

    monkeypatch.setattr(drafts, "adopt", sent_first)
    response = window.post(reverse("window:adopt", args=[online.pk]), {"id_no": online.answers["id_no"]}, follow=True)

    assert "登记表已经提交" in response.content.decode()


def test_file_that_is_gone_from_the_store_is_not_there(window: Client, clerk: User) -> None:
    draft = factories.typed_at_window(clerk, ticked=["I01"])
    material = draft.materials.first()
    assert material is not None
    material.file.storage.delete(material.file.name)

    assert window.get(reverse("window:material_file", args=[material.pk])).status_code == 404
