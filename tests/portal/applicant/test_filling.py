"""Filling in: what is typed is kept, what is wrong is said at its field, what is missing is listed."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import drafts
from applications.demo import answers_for, picture
from applications.enums import Channel
from applications.models import Application, Draft, Material
from portal.accounts.models import User
from portal.security import crypto
from portal.web import kept
from tests import factories

JPEG = picture("demo")


def page(name: str, draft: Draft, *rest: Any) -> str:
    return reverse(f"applicant:{name}", args=[draft.pk, *rest])


def jpeg(name: str = "照片.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, JPEG, "image/jpeg")


def post_section(client: Client, draft: Draft, code: str, **values: str) -> Any:
    draft.refresh_from_db()
    return client.post(page("section", draft, code), {"version": draft.version, **values})


def errors_of(response: Any) -> dict[str, list[str]]:
    return {code: list(words) for code, words in response.context["form"].errors.items()}


# -- place and items ---------------------------------------------------------------------------------------------------


def test_start_lists_open_form_before_places(applicant: Client, draft: Draft) -> None:
    content = applicant.get(reverse("applicant:start")).content.decode()

    assert content.index("继续填写") < content.index("在哪里落户")


def test_start_needs_the_same_queries_for_one_and_three_forms(applicant: Client, person: User) -> None:
    for region in (factories.DONGSHENG, factories.HEPING, factories.TIANHE):
        drafts.start(region=factories.place(region), user=person, channel=Channel.ONLINE)

        with CaptureQueriesContext(connection) as seen:
            assert applicant.get(reverse("applicant:start")).status_code == 200
        assert len(seen) == 6


def test_start_finds_place_by_part_of_its_name(applicant: Client) -> None:
    found = applicant.get(reverse("applicant:start"), {"q": factories.place().name[:2]}).context["found"]

    assert [entry.code for entry in found.choices] == [factories.DONGSHENG]


def test_start_walks_down_the_tree_of_places(applicant: Client) -> None:
    county = factories.place()

    found = applicant.get(reverse("applicant:start"), {"in": county.parent_id}).context["found"]

    assert [entry.code for entry in found.trail] == [county.parent.parent_id, county.parent_id]
    assert county.code in [entry.code for entry in found.choices]


def test_start_again_at_same_place_goes_on_with_the_form(applicant: Client, draft: Draft) -> None:
    applicant.post(reverse("applicant:start"), {"region": draft.region_id})

    assert Draft.objects.count() == 1


def test_start_refuses_a_place_that_is_not_open(applicant: Client) -> None:
    response = applicant.post(reverse("applicant:start"), {"region": factories.place().parent.parent_id}, follow=True)

    assert [str(message) for message in response.context["messages"]] == ["请从列出的地方里选一个"]
    assert Draft.objects.count() == 0


def test_items_asks_yes_or_no_for_each_item_and_keeps_the_choice(applicant: Client, draft: Draft) -> None:
    answers = {f"item-{item.code}": "no" for item in draft.scheme.spec.offered} | {"item-I04": "yes"}

    applicant.post(page("items", draft), {**answers, "version": draft.version})

    draft.refresh_from_db()
    assert draft.ticked == ["I04"]


def test_items_with_nothing_ticked_says_so(applicant: Client, draft: Draft) -> None:
    response = applicant.post(page("items", draft), {"version": draft.version})

    assert response.context["errors"] == (("请至少选一件要办的事", "#items"),)
    draft.refresh_from_db()
    assert draft.ticked


def test_items_show_what_waits_and_who_must_come(applicant: Client, draft: Draft) -> None:
    choices = {choice.code: choice for choice in applicant.get(page("items", draft)).context["choices"]}

    assert choices["I05"].waits == "恢复户口办好后自动开始"
    assert choices["I05"].in_person == "需本人到现场进行人脸和指纹录入。"
    assert "部队行政介绍信" in choices["I01"].brings


# -- sections ----------------------------------------------------------------------------------------------------------


def test_section_does_not_ask_what_the_account_and_the_number_say(applicant: Client, draft: Draft) -> None:
    response = applicant.get(page("section", draft, "basic"))

    assert {"name", "id_no", "mobile", "sex"} & set(response.context["form"].fields) == set()
    assert "来自您的账号，工作人员核对过证件" in response.content.decode()


def test_section_can_correct_a_known_value(applicant: Client, draft: Draft) -> None:
    response = applicant.get(page("section", draft, "basic") + "?edit=mobile")

    assert "mobile" in response.context["form"].fields


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("id_no", "110105199702169973", "第 18 位校验码不对，请对照证件再看一遍"),
        ("enlist_date", "2021-02-30", "入伍时间不是一个日历上有的日期，请写成 2026-09-01 这样"),
        ("mobile", "1380013", "请填 11 位手机号，或带区号的固定电话"),
        ("native", "", "请填籍贯"),
    ],
)
def test_section_says_what_is_wrong_at_its_field_and_keeps_it(
    applicant: Client, draft: Draft, field: str, value: str, words: str
) -> None:
    response = post_section(applicant, draft, "basic", **{field: value})

    assert errors_of(response) == {field: [words]}
    assert response.context["form"][field].value() == value
    draft.refresh_from_db()
    assert draft.answers[field] == value
    assert f"{words}</a>" in response.content.decode()


def test_section_complete_leads_to_the_next(applicant: Client, person: User, draft: Draft) -> None:
    response = post_section(applicant, draft, "basic", **answers_for(factories.as_soldier(person)))

    assert response.url == page("section", draft, "situation")


def test_section_asks_what_a_choice_brings_before_it_complains(applicant: Client, person: User) -> None:
    made = drafts.start(region=factories.place("230103"), user=person, channel=Channel.ONLINE)
    made = drafts.choose_items(made, ["I04"])
    code = next(s.code for s, fields in made.registration.sections() if "hukou_mode" in [f.field for f in fields])
    answers = answers_for(factories.as_soldier(person))
    shown = applicant.get(page("section", made, code)).context["form"].fields
    posted = {name: str(answers[name]) for name in shown}

    response = post_section(applicant, made, code, **posted)

    assert response.url == page("section", made, code)
    assert {"host_name", "host_id"} <= set(applicant.get(response.url).context["form"].fields)


def test_section_saved_for_later_returns_to_the_start(applicant: Client, draft: Draft) -> None:
    response = post_section(applicant, draft, "basic", native="", later="1")

    assert response.url == reverse("applicant:start")
    draft.refresh_from_db()
    assert draft.answers["native"] == ""


def test_section_that_no_ticked_item_needs_is_not_there(applicant: Client, draft: Draft) -> None:
    assert applicant.get(page("section", draft, "nowhere")).status_code == 404


# -- two tabs, lost sessions, autosave ---------------------------------------------------------------------------------


def test_second_tab_is_told_and_sees_both_values(applicant: Client, draft: Draft) -> None:
    old = draft.version
    drafts.save(draft, {"native": "甲地"})

    response = applicant.post(page("section", draft, "basic"), {"version": old, "native": "乙地"})

    form = response.context["form"]
    assert form["native"].value() == "甲地"
    assert form.fields["native"].help_text == "您刚才在这一页填的是：乙地"
    assert "刚才在别的页面改过" in response.content.decode()
    draft.refresh_from_db()
    assert draft.answers["native"] == "甲地"


def test_autosave_on_its_way_is_no_second_tab(applicant: Client, draft: Draft) -> None:
    old = draft.version
    drafts.save(draft, {"native": "甲地"})

    response = applicant.post(page("section", draft, "basic"), {"version": old, "native": "甲地"})

    assert response.status_code == 302


def test_autosave_keeps_what_is_typed_so_far(applicant: Client, draft: Draft) -> None:
    url = reverse("applicant:autosave", args=[draft.pk])

    answer = applicant.post(url, {"version": draft.version, "native": "甲"}, headers={"Accept": "application/json"})

    draft.refresh_from_db()
    assert answer.json()["version"] == draft.version
    assert draft.answers["native"] == "甲"


def test_autosave_after_the_session_ended_says_so(client: Client, draft: Draft) -> None:
    url = reverse("applicant:autosave", args=[draft.pk])

    answer = client.post(url, {"native": "甲"}, headers={"Accept": "application/json"})

    assert answer.status_code == 401
    assert answer.json()["message"] == "为了安全已退出登录。点“保存”后登录，填的都在"


def test_typed_text_survives_the_end_of_the_session(client: Client, person: User, draft: Draft) -> None:
    """C1: the POST of an expired session waits until the person has signed in again."""
    section = page("section", draft, "basic")
    away = client.post(section, {"version": draft.version, "native": "刚打的字"})
    client.post(away.url, {"username": person.username, "password": "demo-2026"})

    response = client.get(section)

    assert response.context["form"]["native"].value() == "刚打的字"


def test_stranger_cannot_fill_a_session_with_text(client: Client, draft: Draft) -> None:
    """What waits for a sign-in that may never come is no more than a form holds."""
    fields = dict.fromkeys(("native", "contact_addr", "to_addr", "note"), "字" * 10000)

    client.post(reverse("applicant:section", args=[draft.pk, "basic"]), fields)

    assert 0 < len(crypto.unseal(client.session["typed"], kept.CONTEXT)) < 2_000


def test_typed_text_is_not_given_to_somebody_else(client: Client, draft: Draft) -> None:
    section = page("section", draft, "basic")
    away = client.post(section, {"version": draft.version, "native": "刚打的字"})
    other = factories.person()
    client.post(away.url, {"username": other.username, "password": "demo-2026"})

    assert client.get(section).status_code == 404


# -- materials ---------------------------------------------------------------------------------------------------------


def test_materials_keep_the_good_files_beside_a_bad_one(applicant: Client, draft: Draft) -> None:
    """D3: each file stands on its own."""
    files = [jpeg("第1页.jpg"), SimpleUploadedFile("第2页.jpg", b"not a picture"), jpeg("第3页.jpg")]

    response = applicant.post(page("materials", draft), {"code": "OR-31", "files": files})

    assert [m.original_name for m in Material.objects.all()] == ["第1页.jpg", "第3页.jpg"]
    slot = next(slot for slot in response.context["slots"] if slot.code == "OR-31")
    assert slot.errors == [
        "第2页.jpg：这不是照片（JPG、PNG、HEIC）或 PDF，内容和文件名不符。请重新拍照，或另存为这几种格式再传"
    ]


def test_materials_refuse_a_file_that_is_too_big(applicant: Client, draft: Draft, settings: Any) -> None:
    settings.MATERIAL_FILE_BYTES = 1024 * 1024
    big = SimpleUploadedFile("大.jpg", JPEG + bytes(2 * 1024 * 1024))

    response = applicant.post(page("materials", draft), {"code": "OR-31", "files": [big]})

    assert response.context["errors"] == (("退伍证：大.jpg：这个文件 2 MB，超过 1 MB。请重拍或分页传", "#m-OR-31"),)


def test_materials_answer_scripts_with_a_sentence(applicant: Client, draft: Draft) -> None:
    bad = SimpleUploadedFile("假.jpg", b"nothing")

    answer = applicant.post(
        page("materials", draft), {"code": "OR-31", "files": [bad]}, headers={"Accept": "application/json"}
    )

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("这不是")


def test_material_is_removed_by_post_only(applicant: Client, draft: Draft) -> None:
    applicant.post(page("materials", draft), {"code": "OR-31", "files": [jpeg()]})
    url = page("remove_material", draft, Material.objects.get().pk)

    assert applicant.get(url).status_code == 405
    applicant.post(url)

    assert Material.objects.count() == 0


def test_photo_that_lies_sideways_is_turned_where_it_stands(applicant: Client, draft: Draft) -> None:
    applicant.post(page("materials", draft), {"code": "OR-31", "files": [jpeg()]})
    url = page("turn_material", draft, Material.objects.get().pk)

    assert applicant.get(url).status_code == 405
    response = applicant.post(url)

    assert response.url == f"{page('materials', draft)}#m-OR-31"
    assert "转 90 度" in applicant.get(page("materials", draft)).content.decode()


def test_material_file_is_a_sandboxed_attachment(applicant: Client, draft: Draft) -> None:
    applicant.post(page("materials", draft), {"code": "OR-31", "files": [jpeg()]})

    response = applicant.get(reverse("applicant:material_file", args=[Material.objects.get().pk]))

    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "image/jpeg"
    response.close()


# -- check and submit --------------------------------------------------------------------------------------------------


def test_check_lists_everything_missing_with_links(applicant: Client, draft: Draft) -> None:
    drafts.save(draft, {"native": ""})

    problems = dict(applicant.get(page("check", draft)).context["problems"])

    assert problems["请填籍贯"] == page("section", draft, "basic") + "?check=1&edit=native#id_native"
    assert problems["请上传退伍证"] == page("materials", draft) + "#m-OR-31"


def test_check_does_not_promise_for_the_person(applicant: Client, draft: Draft) -> None:
    content = applicant.get(page("check", draft)).content.decode()

    assert "尚未提交" in content
    assert 'name="promise" checked' not in content


def test_submit_without_promise_says_so_and_hands_nothing_in(applicant: Client, draft: Draft) -> None:
    factories.give_materials(draft)

    response = applicant.post(page("submit", draft), {"version": draft.version, "agree": "on"})

    assert response.context["problems"] == (("请看过承诺后在前面打勾", "#id_promise"),)
    assert Application.objects.count() == 0


def test_refused_sensitive_part_leads_to_the_tick_and_names_the_item(applicant: Client, draft: Draft) -> None:
    factories.give_materials(draft)

    response = applicant.post(page("submit", draft), {"version": draft.version, "promise": "on"})

    ((words, address),) = response.context["problems"]
    assert (address, "把医保转移接续改为“否”" in words) == ("#id_agree", True)
    assert 'name="agree" checked' not in response.content.decode()


def test_submit_gives_number_and_receipt_and_is_safe_to_repeat(applicant: Client, draft: Draft) -> None:
    """B12: back and reload lead to the same case."""
    factories.give_materials(draft)
    data = {"version": draft.version, "promise": "on", "agree": "on"}

    first = applicant.post(page("submit", draft), data)
    second = applicant.post(page("submit", draft), data)

    case = Application.objects.get()
    assert first.url == second.url == reverse("applicant:submitted", args=[case.number])
    shown = applicant.get(first.url).content.decode()
    assert case.number in shown
    assert reverse("papers:download", args=[f"{case.number}-S"]) in shown
    assert applicant.get(page("section", draft, "basic")).url == first.url


def test_submit_of_an_older_view_shows_the_newer_content_first(applicant: Client, draft: Draft) -> None:
    """B10: what is handed in is what the person saw."""
    factories.give_materials(draft)
    old = draft.version
    drafts.save(draft, {"native": "改过的"})

    response = applicant.post(page("submit", draft), {"version": old, "promise": "on", "agree": "on"})

    assert response.url == page("check", draft)
    assert Application.objects.count() == 0


def test_submit_of_an_item_that_is_open_elsewhere_says_so(applicant: Client, person: User) -> None:
    """B9: shown, not duplicated; the form stays."""
    factories.submitted(person, ticked=["I01"])
    again = factories.draft(person, region="150603", ticked=["I01"])
    factories.give_materials(again)

    response = applicant.post(
        page("submit", again), {"version": again.version, "promise": "on", "agree": "on"}, follow=True
    )

    assert [str(message) for message in response.context["messages"]] == [
        "您选的事项里有正在办理的，不用重复申请。请到“查进度”里查看"
    ]
    assert Application.objects.count() == 1


# -- scope -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["items", "materials", "check"])
def test_draft_of_somebody_else_is_not_there(client: Client, draft: Draft, name: str) -> None:
    client.force_login(factories.person())

    assert client.get(page(name, draft)).status_code == 404


def test_file_of_somebody_else_is_not_there(client: Client, draft: Draft) -> None:
    factories.give_materials(draft)
    client.force_login(factories.person())

    for material in Material.objects.all():
        assert client.get(reverse("applicant:material_file", args=[material.pk])).status_code == 404


def test_filling_in_needs_an_account(client: Client) -> None:
    assert client.get(reverse("applicant:start")).url == "/sign-in/?next=/apply/"


def test_form_of_every_region_can_be_filled_in_section_by_section(applicant: Client, person: User) -> None:
    for region in factories.PLACES.values():
        made = drafts.start(region=factories.place(region), user=person, channel=Channel.ONLINE)
        made = drafts.choose_items(made, [item.code for item in made.scheme.spec.offered])
        answers = {code: str(value) for code, value in answers_for(factories.as_soldier(person)).items()}
        url = page("section", made, made.registration.sections()[0][0].code)
        for _ in range(20):
            if "/form/" not in url:
                break
            made.refresh_from_db()
            shown = applicant.get(url).context["form"].fields
            url = applicant.post(
                url, {"version": made.version, **{name: answers[name] for name in shown}}
            ).url  # fmt: skip

        assert url == page("materials", made)
        made.refresh_from_db()
        assert not made.registration.problems(made.saved_at.date())


# -- given once already --------------------------------------------------------------------------------------------------


@pytest.fixture
def second(person: User) -> Draft:
    """A new form of a person who has handed in a case before."""
    factories.submitted(person, ticked=["I01"])
    made = drafts.start(region=factories.place(), user=person, channel=Channel.ONLINE)
    return drafts.choose_items(made, ["I04"])


def test_answers_of_the_last_case_are_there_and_said_to_be(applicant: Client, second: Draft) -> None:
    """LESSONS 3.1 row 2."""
    assert second.answers["native"] == Application.objects.get().answers["native"]

    page = applicant.get(reverse("applicant:section", args=[second.pk, "basic"])).content.decode()

    assert "办件里填的，请核对" in page


def test_files_of_the_last_case_are_given_with_one_press(applicant: Client, second: Draft) -> None:
    """LESSONS 3.1 row 1: nobody scans a paper twice."""
    url = reverse("applicant:materials", args=[second.pk])
    slots = {slot.code: slot.before for slot in applicant.get(url).context["slots"]}
    assert slots["OR-31"].endswith("交的那1个文件")
    handed_in = set(Application.objects.get().materials.values_list("code", flat=True))
    assert {code for code, before in slots.items() if before} == handed_in & set(slots) != set(slots)

    for _ in range(2):
        applicant.post(url, {"code": "OR-31", "reuse": "1"})

    (material,) = second.materials.all()
    old = Material.objects.get(application__isnull=False, code="OR-31")
    assert (material.sha256, material.original_name) == (old.sha256, old.original_name)
    assert material.file.name != old.file.name


def test_files_of_somebody_else_are_never_offered(applicant: Client, draft: Draft) -> None:
    factories.submitted(ticked=["I01"])

    slots = applicant.get(reverse("applicant:materials", args=[draft.pk])).context["slots"]

    assert {slot.before for slot in slots} == {""}


def test_answers_of_another_number_are_not_taken_over(person: User) -> None:
    case = factories.submitted(person, ticked=["I01"])
    case.subject_id_no = "110105200009029993"
    case.save()

    made = drafts.start(region=factories.place(), user=person, channel=Channel.ONLINE)

    assert "native" not in made.answers
