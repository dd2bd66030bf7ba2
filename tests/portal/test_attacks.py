"""What a person who means harm, or a broken client, sends: the answer is a sentence, never an error and never another's data."""

import io
import random
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
import time_machine
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from agencies.enums import Role
from agencies.models import Posting
from applications import cleaning, drafts, materials, questions, submission, sweeps
from applications.demo import picture
from applications.enums import Channel
from applications.errors import Invalid, Refused
from applications.models import Document, Draft
from applications.papers import paper
from portal.accounts import sign_in
from portal.accounts.models import SignInTry, User
from portal.security import crypto
from portal.web import kept
from portal.web.logs import mask
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def signed_in(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/cases/a%00b/"),
        lambda client: client.get("/cases/", {"page": "\x00"}),
        lambda client: client.post("/apply/", {"region": "15\x000602"}),
        lambda client: client.post("/cases/a%00b/withdraw/", {}),
        lambda client: client.post("/large-text/", {"\x00": "1"}),
    ],
)
def test_a_nul_is_answered_with_a_sentence(ask: Callable[[Client], Any]) -> None:
    response = ask(signed_in(factories.person()))

    assert response.status_code == 400
    assert "这一次没有收下" in response.content.decode()


@pytest.mark.parametrize(
    "path", ["/window/cases/%00/", "/desk/cases/%00/", "/papers/%00/", "/admin/accounts/user/%00/change/"]
)
def test_a_nul_in_an_address_is_no_error_for_staff(path: str) -> None:
    task = factories.queued_task()

    for user in (factories.clerk(), factories.reviewer_of(task), factories.staff(Role.ADMINISTRATOR)):
        assert signed_in(user).get(path).status_code < 500


@override_settings(ALLOWED_HOSTS=["localhost"])
def test_a_foreign_host_is_refused_with_our_page_and_headers() -> None:
    response = Client(raise_request_exception=False).get("/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert "这一次没有收下" in response.content.decode()
    assert "evil.example" not in response.content.decode()


@pytest.mark.parametrize("size", [1001, 3000])
def test_too_many_fields_get_a_sentence(size: int) -> None:
    response = Client(raise_request_exception=False).post("/place/", {f"f{n}": "1" for n in range(size)})

    assert response.status_code == 400
    assert "这一次没有收下" in response.content.decode()


@pytest.mark.parametrize("target", ["²", "9" * 30, "x" * 3000, "evil.example", "//evil.example", "https://evil.example/",
    "javascript:alert(1)", "/\\evil.example", "home:index"])  # fmt: skip
def test_next_leads_only_to_our_own_paths(target: str) -> None:
    response = Client(raise_request_exception=False).post("/large-text/", {"next": target, "large": "1"})

    assert (response.status_code, response.url) == (302, "/")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)"])
def test_sign_in_leads_only_to_our_own_pages(target: str) -> None:
    user = factories.person()

    response = Client().post(
        f"/sign-in/?next={target}", {"username": user.username, "password": "demo-2026", "next": target}
    )

    assert response.url == "/start/"


@pytest.mark.parametrize("pk", ["²", "9" * 30, "-1", "1 OR 1=1"])
def test_batch_leaves_out_what_is_no_task(pk: str) -> None:
    task = factories.queued_task()

    response = signed_in(factories.reviewer_of(task)).post("/desk/batch/", {"deed": "accept", "task": pk})

    assert response.status_code == 302


@pytest.mark.parametrize("office", ["²", "abc", "9" * 30, "-1"])
def test_hold_of_what_is_no_office_is_not_there(office: str) -> None:
    operator = signed_in(factories.staff(Role.ADMINISTRATOR))

    assert operator.post("/console/dispatches/hold/", {"deed": "hold", "office": office}).status_code == 404


# -- guessing passwords ---------------------------------------------------------------------------------------------------


def attempt(username: str, password: str, path: str = "/sign-in/", address: str = "10.0.0.1") -> Any:
    return Client().post(path, {"username": username, "password": password}, REMOTE_ADDR=address)


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_sign_in_waits_after_five_wrong_passwords(path: str) -> None:
    user = factories.person()
    user.is_staff = True
    user.save()

    wrong = [attempt(user.username, "wrong", path) for _ in range(5)]
    right = attempt(user.username, "demo-2026", path)

    assert [sign_in.LOCKED in page.content.decode() for page in wrong] == [False] * 5
    assert sign_in.LOCKED in right.content.decode()
    assert "_auth_user_id" not in right.client.session


def test_sign_in_opens_again_after_the_wait_and_is_never_closed_to_others() -> None:
    user, other = factories.person(), factories.person("钱多多")
    for _ in range(6):
        attempt(user.username, "wrong")

    assert attempt(other.username, "demo-2026").status_code == 302
    assert attempt(user.username, "demo-2026", address="10.0.0.2").status_code == 302
    with time_machine.travel(timezone.now() + sign_in.WAIT * 1.1):
        assert attempt(user.username, "demo-2026").status_code == 302
    assert SignInTry.objects.count() == 0


def test_sign_in_says_the_same_of_accounts_that_do_not_exist() -> None:
    pages = [attempt("nobody", "wrong").content.decode() for _ in range(6)]

    assert ["用户名或密码不对" in page for page in pages] == [True] * 5 + [False]
    assert sign_in.LOCKED in pages[-1]


def test_signing_in_changes_the_session_key() -> None:
    user, client = factories.person(), Client()
    client.post("/place/", {"place": factories.DONGSHENG})
    before = client.session.session_key

    client.post("/sign-in/", {"username": user.username, "password": "demo-2026"})

    assert before and client.session.session_key != before


def test_sign_out_by_a_link_does_nothing() -> None:
    client = signed_in(factories.person())

    assert client.get(reverse("home:sign_out")).status_code == 405
    assert "_auth_user_id" in client.session


# -- files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def window_draft(settings: Any, tmp_path: Any) -> Draft:
    """A form that a clerk types for somebody without an account, with one file."""
    settings.MEDIA_ROOT = tmp_path
    clerk = factories.clerk()
    draft = drafts.start(region=factories.place(), user=clerk, channel=Channel.WINDOW)
    give(draft, picture("window"), "身份证.jpg")
    return draft


def give(draft: Draft, content: bytes, name: str) -> Any:
    code = draft.scheme.spec.materials[0].code
    return materials.add(
        draft=draft, code=code, name=name, size=len(content), stream=io.BytesIO(content), user=draft.entered_by
    )


def test_a_clerk_sees_files_of_a_form_only_at_the_window_and_only_until_it_is_sent(window_draft: Draft) -> None:
    clerk, material = window_draft.entered_by, window_draft.materials.get()
    client = signed_in(clerk)

    at_window = client.get(f"/window/file/{material.pk}/")
    as_applicant = client.get(f"/apply/file/{material.pk}/")
    b"".join(at_window)
    Draft.objects.filter(pk=window_draft.pk).update(sent_at=timezone.now())
    after = client.get(f"/window/file/{material.pk}/")
    Posting.objects.filter(user=clerk).delete()
    dismissed = client.get(f"/apply/file/{material.pk}/")

    assert [r.status_code for r in (at_window, as_applicant, after, dismissed)] == [200, 404, 404, 404]


@pytest.mark.parametrize(
    "name", ["a\r\nSet-Cookie: x=1.jpg", "../../etc/passwd.jpg", "C:\\x\\y.jpg", "\u202egpj.exe", "", "x" * 400, "\x00.jpg",
    '"; filename=evil.html', "<script>alert(1)</script>.jpg"])  # fmt: skip
def test_a_file_name_stays_a_name(name: str, window_draft: Draft) -> None:
    material = give(window_draft, picture("name"), name)

    response = signed_in(window_draft.entered_by).get(f"/window/file/{material.pk}/")
    b"".join(response)

    assert response["Content-Disposition"].startswith("attachment; filename")
    assert not set("\r\n\u202e\x00") & set(response["Content-Disposition"] + material.original_name)
    assert "Set-Cookie" not in response
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "sandbox" in response["Content-Security-Policy"]
    assert "passwd" not in material.file.name


def small_pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [7_800, 10_000, 60_000, 2**31 - 1])
def test_a_picture_that_would_unfold_to_millions_of_pixels_is_refused(side: int) -> None:
    with pytest.raises(Refused):
        cleaning.clean_file(png_header(side, side))


@pytest.mark.parametrize("kind", ["jpg", "png", "pdf"])
def test_broken_files_are_refused_with_a_sentence(kind: str) -> None:
    made = {"jpg": lambda: picture("seed"), "png": lambda: png_header(3, 3), "pdf": small_pdf}[kind]()
    clean = cleaning.clean_pdf if kind == "pdf" else cleaning.clean_file
    chance = random.Random(7)
    for _ in range(300):
        broken = bytearray(made)
        for _ in range(chance.randint(1, 12)):
            broken[chance.randrange(5, len(broken))] = chance.randrange(256)
        try:
            clean(bytes(broken[: chance.randint(6, len(broken))]))
        except Refused as refused:
            assert str(refused)


def test_scripts_and_attachments_of_a_pdf_stay_behind() -> None:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        pdf.Root.OpenAction = pdf.make_indirect(script)
        pdf.pages[0].obj.AA = pikepdf.Dictionary(O=script)
        pdf.attachments["evil.html"] = b"<script>evil</script>"
        pdf.save(out)

    clean = cleaning.clean_file(out.getvalue()).content

    with pikepdf.open(io.BytesIO(clean)) as pdf:
        assert sorted(pdf.Root.keys()) == ["/Pages", "/Type"]
        assert "/AA" not in pdf.pages[0].obj
    assert b"JavaScript" not in clean


# -- what a person writes, on pages and papers --------------------------------------------------------------------------------

MARKUP = '<img src="file:///x"><script>alert(1)</script>'


def test_markup_in_names_and_questions_is_text_on_pages_and_papers(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    user = factories.person()
    case = factories.delivered(user)
    task = factories.task_of(case, "I01")
    case.subject_name, case.answers = MARKUP, {**case.answers, "name": MARKUP, "address": MARKUP}
    case.save()
    case.materials.update(original_name=MARKUP)
    questions.ask(case, user=user, text=MARKUP, task=task)
    pages = [signed_in(user).get(path) for path in (f"/cases/{case.number}/", f"/cases/{case.number}/question/")]
    officer = signed_in(factories.reviewer_of(task))
    pages += [officer.get(path) for path in (f"/desk/tasks/{case.number}/I01/", "/desk/questions/", "/desk/")]
    texts = [page.content.decode() for page in pages]
    texts += [paper.html_of(document) for document in Document.objects.filter(application=case)]

    assert [page.status_code for page in pages] == [200] * len(pages)
    assert [text for text in texts if "<script>alert" in text or '<img src="file:' in text] == []
    assert any("&lt;script&gt;alert" in text for text in texts)


# -- headers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sign-in/",
        "/verify/",
        "/no-such-page/",
        "/cases/",
        "/exchange/v1/tasks",
        "/exchange/openapi.json",
        "/healthz",
        "/admin/login/",
        "/cases/?page=%00",
    ],
)
def test_every_answer_carries_the_safe_headers(path: str) -> None:
    response = signed_in(factories.person()).get(path)

    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] in ("DENY", "SAMEORIGIN")
    assert len(response["X-Request-Id"]) == 12


def test_a_form_without_token_is_refused_with_a_sentence() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.person())

    response = client.post("/apply/", {"region": factories.DONGSHENG})

    assert response.status_code == 403
    assert "刚才没有提交成功" in response.content.decode()
    assert Draft.objects.count() == 0


def test_one_cannot_hand_in_as_somebody_else() -> None:
    """Else the victim's own case would be refused as a second one, and a clerk could go on with a stranger's form."""
    user = factories.person()
    victim = factories.person("钱多多")
    draft = factories.draft(user)
    factories.give_materials(draft)
    draft = drafts.save(draft, {"id_no": victim.id_no})

    with pytest.raises(Invalid, match="账号"):
        submission.submit(draft, user=user, channel=Channel.ONLINE, promised=True, agreed=True)


def test_form_under_a_strangers_number_is_not_offered_at_the_window(settings: Any, tmp_path: Any) -> None:
    """A trap: what the clerk types for the stranger would stand in the account of whoever set it."""
    settings.MEDIA_ROOT = tmp_path
    stranger = factories.person("钱多多")
    trap = drafts.save(factories.draft(factories.person()), {"id_no": stranger.id_no})
    claimed = factories.draft(stranger)
    User.objects.filter(pk=stranger.pk).update(is_identity_claimed=True)
    window = signed_in(factories.clerk())

    page = window.post("/window/", {"id_no": stranger.id_no}).content.decode()
    adopted = [window.post(f"/window/adopt/{form.pk}/", {"id_no": stranger.id_no}) for form in (trap, claimed)]

    assert [str(form.pk) in page for form in (trap, claimed)] == [False, False]
    assert [answer.status_code for answer in adopted] == [404, 404]


def test_what_an_anonymous_session_kept_goes_when_it_ends() -> None:
    client = Client()
    client.post(f"/apply/{factories.draft().pk}/form/a/", {"id_no": "11010519491231002X"})
    assert "11010519491231002X" in crypto.unseal(client.session["typed"], kept.CONTEXT)
    assert "11010519491231002X" not in str(dict(client.session))

    assert sweeps.drop_ended_sessions() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=9)):
        assert sweeps.drop_ended_sessions() == 1


@pytest.mark.parametrize("number", ["11010519491231002X", "13812345678", "+8613812345678", "008613812345678"])
def test_numbers_are_masked_in_log_lines(number: str) -> None:
    assert number[-8:] not in mask(f"Not Found: /cases/{number}/ 电话{number}。")


def test_a_form_of_additions_that_was_sent_is_not_offered_at_the_window(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    user = factories.person()
    case = factories.delivered(user, ticked=["I01"])
    draft = drafts.start_addition(case, user=user)
    Draft.objects.filter(pk=draft.pk).update(sent_at=timezone.now())
    window = signed_in(factories.clerk())

    page = window.post("/window/", {"id_no": user.id_no}).content.decode()
    adopted = window.post(f"/window/adopt/{draft.pk}/", {"id_no": user.id_no})

    assert str(draft.pk) not in page
    assert adopted.status_code == 404
