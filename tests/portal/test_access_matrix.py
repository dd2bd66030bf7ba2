"""Who gets which page: every address of the portal with every role. An address without a row fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from agencies.enums import Role
from agencies.notice_number import notice_number
from applications import exports, imports, privacy, questions, ratings, review, visits
from applications.enums import DocumentKind, ExportKind, Fulfilment, TaskStatus
from applications.models import Dispatch, Document, PreReview, Ticket
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db

NOBODY, APPLICANT, OTHER, CLERK, FAR_CLERK = "anonymous", "applicant", "other applicant", "clerk", "clerk elsewhere"
REVIEWER, APPROVER, FOREIGN = "reviewer", "approver", "reviewer of an office outside the case"
SUPERVISOR, FAR_SUPERVISOR, ADMIN, AUDITOR = "supervisor", "supervisor elsewhere", "administrator", "auditor"
ROLES = (
    NOBODY, APPLICANT, OTHER, CLERK, FAR_CLERK, REVIEWER, APPROVER, FOREIGN, SUPERVISOR, FAR_SUPERVISOR, ADMIN,
    AUDITOR,
)  # fmt: skip

ALL = set(ROLES)
SIGNED_IN = ALL - {NOBODY}
NONE: set[str] = set()
CLERKS, OFFICERS = {CLERK, FAR_CLERK}, {REVIEWER, APPROVER, FOREIGN}
OVERSEERS = {SUPERVISOR, FAR_SUPERVISOR, ADMIN}

# method, who gets in. Behind `case`, `draft` … are the applicant's own. Who is not named is sent to sign in or sees 404.
MATRIX: dict[str, tuple[str, set[str]]] = {
    "home:index": ("GET", ALL),
    "home:choose_place": ("POST", ALL),
    "home:guide": ("GET", ALL),
    "home:preview": ("POST", {ADMIN}),
    "home:flow": ("GET", ALL),
    "home:notice": ("GET", ALL),
    "home:notice_paper": ("GET", ALL),
    "home:guide_item": ("GET", ALL),
    "home:query": ("GET", ALL),
    "home:landing": ("GET", SIGNED_IN),
    "home:sign_in": ("GET", ALL),
    "home:second_step": ("GET", SIGNED_IN),
    "home:password": ("GET", SIGNED_IN),
    "home:sign_out": ("POST", ALL),
    "home:session": ("GET", ALL),
    "home:large_text": ("POST", ALL),
    "home:accessibility": ("GET", ALL),
    "home:site_map": ("GET", ALL),
    "home:privacy": ("GET", ALL),
    "home:privacy_version": ("GET", ALL),
    "home:alive": ("GET", ALL),
    "home:calendar_health": ("GET", ALL),
    "home:ready": ("GET", ALL),
    "applicant:start": ("GET", SIGNED_IN),
    "applicant:material_file": ("GET", {APPLICANT}),
    "applicant:items": ("GET", {APPLICANT}),
    "applicant:section": ("GET", {APPLICANT}),
    "applicant:autosave": ("POST", {APPLICANT}),
    "applicant:materials": ("GET", {APPLICANT}),
    "applicant:remove_material": ("POST", {APPLICANT}),
    "applicant:turn_material": ("POST", {APPLICANT}),
    "applicant:check": ("GET", {APPLICANT}),
    "applicant:submit": ("POST", {APPLICANT}),
    "applicant:messages": ("GET", SIGNED_IN),
    "applicant:contact": ("GET", SIGNED_IN),
    "applicant:confirm_email": ("GET", SIGNED_IN),
    "applicant:my_data": ("GET", SIGNED_IN),
    "applicant:my_data_file": ("GET", SIGNED_IN),
    "applicant:case_list": ("GET", SIGNED_IN),
    "applicant:case": ("GET", {APPLICANT}),
    "applicant:submitted": ("GET", {APPLICANT}),
    "applicant:add_items": ("POST", {APPLICANT}),
    "applicant:supply": ("GET", {APPLICANT}),
    "applicant:question": ("GET", {APPLICANT}),
    "applicant:rate": ("GET", {APPLICANT}),
    "applicant:rate_item": ("GET", {APPLICANT}),
    "applicant:visit": ("GET", {APPLICANT}),
    "applicant:withdraw": ("GET", {APPLICANT}),
    "applicant:amend": ("GET", {APPLICANT}),
    "applicant:correction": ("GET", {APPLICANT}),
    "papers:download": ("GET", {APPLICANT, CLERK, SUPERVISOR, ADMIN}),
    "papers:page": ("GET", {APPLICANT, CLERK, SUPERVISOR, ADMIN}),
    "papers:verify": ("GET", ALL),
    "exchange:openapi": ("GET", ALL),
    "exchange:task_schema": ("GET", ALL),
    "exchange:word_schema": ("GET", ALL),
    "exchange:item_schema": ("GET", ALL),
    "exchange:events": ("POST", NONE),
    "exchange:tasks": ("GET", NONE),
    "exchange:acknowledge": ("POST", NONE),
    "exchange:material": ("GET", NONE),
    "exchange:unknown": ("GET", NONE),
    "window:index": ("GET", CLERKS),
    "window:account": ("GET", CLERKS),
    "window:start": ("POST", CLERKS),
    "window:adopt": ("POST", {CLERK}),
    "window:sheet": ("GET", NONE),
    "window:autosave": ("POST", NONE),
    "window:material_file": ("GET", {CLERK}),
    "window:pre_review_list": ("GET", CLERKS),
    "window:pre_review": ("GET", {CLERK}),
    "window:visit": ("GET", {CLERK}),
    "window:hand_over": ("GET", {CLERK}),
    "window:visit_list": ("GET", CLERKS),
    "window:question_list": ("GET", CLERKS),
    "window:question_new": ("GET", CLERKS),
    "window:question": ("GET", {CLERK}),
    "window:ask": ("GET", {CLERK}),
    "window:rate": ("GET", {CLERK}),
    "window:case_list": ("GET", CLERKS),
    "window:case": ("GET", {CLERK}),
    "window:submitted": ("GET", {CLERK}),
    "window:correction": ("GET", {CLERK}),
    "window:supply": ("GET", {CLERK}),
    "window:withdraw": ("GET", {CLERK}),
    "window:amend": ("GET", {CLERK}),
    "desk:queue": ("GET", OFFICERS),
    "desk:done": ("GET", OFFICERS),
    "desk:batch": ("POST", {REVIEWER, FOREIGN}),
    "desk:question_list": ("GET", OFFICERS | OVERSEERS),
    "desk:question": ("GET", {REVIEWER, APPROVER}),
    "desk:pre_review_list": ("GET", OFFICERS),
    "desk:pre_review": ("GET", {REVIEWER, APPROVER}),
    "desk:pre_review_file": ("GET", {REVIEWER, APPROVER}),
    "desk:norms": ("GET", OFFICERS),
    "desk:case": ("GET", {REVIEWER, APPROVER}),
    "desk:task": ("GET", {REVIEWER, APPROVER}),
    "desk:act": ("POST", {REVIEWER, APPROVER}),
    "desk:reveal": ("POST", {REVIEWER, APPROVER}),
    "desk:material": ("GET", {REVIEWER, APPROVER}),
    "desk:verdict": ("POST", {REVIEWER, APPROVER}),
    "console:audit": ("GET", {AUDITOR}),
    "console:overview": ("GET", OVERSEERS),
    "console:ratings": ("GET", OVERSEERS),
    "console:rating": ("GET", {SUPERVISOR, ADMIN}),
    "console:notices": ("GET", OVERSEERS),
    "console:schemes": ("GET", OVERSEERS),
    "console:find": ("GET", OVERSEERS),
    "console:case": ("GET", {SUPERVISOR, ADMIN}),
    "console:calendars": ("GET", OVERSEERS),
    "console:calendar_import": ("POST", {ADMIN}),
    "console:dispatches": ("GET", OVERSEERS),
    "console:dispatch": ("GET", {SUPERVISOR, ADMIN}),
    "console:act": ("POST", {ADMIN}),
    "console:hold": ("POST", {ADMIN}),
    "console:hand_over": ("POST", {ADMIN}),
    "console:tickets": ("GET", OVERSEERS),
    "console:close_ticket": ("POST", {ADMIN}),
    "console:paper_again": ("POST", {ADMIN}),
    "console:repair": ("POST", {ADMIN}),
    "console:pulses": ("GET", OVERSEERS),
    "console:exports": ("GET", OVERSEERS),
    "console:export_file": ("GET", {ADMIN}),
    "console:offline": ("GET", {ADMIN}),
    "console:ways": ("GET", {ADMIN}),
    "console:import": ("GET", {ADMIN}),
}  # fmt: skip


def walk(patterns: Any, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield f"{space}{pattern.name}", pattern


def test_every_address_has_a_row() -> None:
    addresses = [name for name, _ in walk(get_resolver().url_patterns) if not name.startswith("admin:")]

    assert sorted(addresses) == sorted(MATRIX)


World = tuple[dict[str, User | None], dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    """Made once for this file, and rolled back."""
    media = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), media, transaction.atomic():
        yield made_world()
        transaction.set_rollback(True)


def made_world() -> World:
    """The persons by role, and by address the parts that lead to what belongs to the applicant."""
    applicant = factories.person()
    case = factories.delivered(applicant)
    draft = factories.draft(applicant)
    factories.give_materials(draft)
    task = factories.task_of(case, "I01")
    item = case.scheme.spec.item("I01")
    far = factories.queued_task(region=factories.HEPING)
    users: dict[str, User | None] = {
        NOBODY: None,
        APPLICANT: applicant,
        OTHER: factories.person("钱多多"),
        CLERK: factories.clerk(),
        FAR_CLERK: factories.clerk(factories.HEPING),
        REVIEWER: factories.reviewer_of(task),
        APPROVER: factories.approver_of(task),
        FOREIGN: factories.reviewer_of(far),
        SUPERVISOR: factories.staff(Role.SUPERVISOR, region=factories.place()),
        FAR_SUPERVISOR: factories.staff(Role.SUPERVISOR, region=factories.place(factories.HEPING)),
        ADMIN: factories.staff(Role.ADMINISTRATOR),
        AUDITOR: factories.staff(Role.AUDITOR),
    }
    reviewer = users[REVIEWER]
    assert reviewer is not None
    given = case.materials.filter(code__in=task.material_codes()).first()
    assert given is not None
    review.accept(task, reviewer=reviewer)
    review.request_correction(task, reviewer=reviewer, deficits=[review.Deficit(reason="看不清", material=given.code)])
    question = questions.ask(case, user=applicant, text="没人管", task=task)
    at_window, region = users[CLERK], factories.place()
    assert at_window is not None
    told = questions.ask_at_window(region=region, clerk=at_window, name="孙大娘", phone="13800001111", text="没有人管")
    dispatch = Dispatch.objects.filter(task=task).first()
    called, ready = factories.task_of(case, "I07"), factories.task_of(case, "I04")
    for other in (called, ready):
        review.accept(other, reviewer=reviewer)
    visits.call_in(called, reviewer=reviewer, note="来签字")
    review.complete(ready, reviewer=reviewer, follows=Fulfilment.READY)
    bad = ratings.rate(case, user=case.entered_by, task=ready, grade=1, reasons=["speed"])
    waiting = factories.submitted(ticked=["I01"])
    waiting.tasks.update(status=TaskStatus.PRE_REVIEW)
    today = timezone.localdate()
    PreReview.objects.create(
        application=waiting, office=task.office, round=1, asked_at=timezone.now(), answer_by=today
    )  # fmt: skip
    seen = waiting.materials.first()
    assert seen is not None
    own = draft.materials.first()
    document = Document.objects.filter(application=case, kind=DocumentKind.SUBMISSION_RECEIPT).first()
    assert dispatch and own and document
    ticket = Ticket.objects.create(fingerprint="x", kind="paper_without_file", title="x", suggestion="x")
    missing = Ticket.objects.create(fingerprint="y", kind="pending_without_dispatch", title="y", suggestion="y")
    admin = users[ADMIN]
    assert admin is not None
    export = exports.make(exports.ask(ExportKind.TASKS, user=admin, posting=admin.postings.get()).pk)
    number = {"number": case.number}
    at_desk = {"number": case.number, "item": item.code}
    parts: dict[str, dict[str, Any]] = {
        "home:guide_item": {"code": item.code},
        "applicant:material_file": {"material_id": own.pk},
        "applicant:confirm_email": {"token": "forged"},
        "applicant:section": {"code": draft.registration.sections()[0][0].code},
        "applicant:remove_material": {"draft_id": draft.pk, "material_id": own.pk},
        "applicant:turn_material": {"draft_id": draft.pk, "material_id": own.pk},
        "home:notice_paper": {
            "number": notice_number(case.scheme.spec, ["I01"], {}, region=case.region_id, scheme_id=case.scheme_id)
        },
        "papers:download": {"number": document.number},
        "papers:page": {"number": document.number},
        "exchange:acknowledge": {"dispatch": dispatch.key},
        "exchange:material": {"token": "abc"},
        "exchange:unknown": {"rest": "nothing/here"},
        "exchange:item_schema": {
            "region": case.scheme.region_id,
            "version": case.scheme.version,
            "item": item.code,
            "agency": "veterans",
        },
        "home:privacy_version": {"version": privacy.CURRENT},
        "window:adopt": {"draft_id": draft.pk},
        "window:sheet": {"draft_id": draft.pk},
        "window:autosave": {"draft_id": draft.pk},
        "window:material_file": {"material_id": given.pk},
        "applicant:visit": number | {"task_id": called.pk},
        "window:pre_review": {"number": waiting.number},
        "window:visit": number | {"task_id": called.pk},
        "window:hand_over": number | {"task_id": ready.pk},
        "desk:pre_review": {"number": waiting.number},
        "desk:pre_review_file": {"number": waiting.number, "material": seen.pk},
        "window:case": number,
        "window:submitted": number,
        "window:ask": number,
        "window:rate": number,
        "applicant:rate_item": number | {"task_id": ready.pk},
        "console:rating": {"pk": bad.pk},
        "window:question": {"number": told.number},
        "window:correction": number,
        "window:supply": number,
        "window:withdraw": number,
        "window:amend": number,
        "desk:question": {"question_id": question.pk},
        "desk:case": number,
        "desk:material": at_desk | {"material": given.pk},
        "desk:verdict": at_desk | {"material": given.pk},
        "console:case": number,
        "console:dispatch": {"pk": dispatch.pk},
        "console:act": {"pk": dispatch.pk},
        "console:hand_over": {"pk": dispatch.pk},
        "console:close_ticket": {"pk": ticket.pk},
        "console:paper_again": {"pk": ticket.pk},
        "console:repair": {"pk": missing.pk},
        "console:export_file": {"pk": export.pk},
        "console:import": {"pk": imports.ask(case.tasks.all()[0].office, b"x", user=admin, is_dry_run=True).pk},
    }
    for name in MATRIX:
        space, _, page = name.partition(":")
        if space == "applicant" and page not in (
            "start",
            "case_list",
            "messages",
            "contact",
            "my_data",
            "my_data_file",
        ):
            of_draft = page in ("items", "section", "autosave", "materials", "check", "submit")
            parts[name] = parts.get(name, {}) | ({"draft_id": draft.pk} if of_draft else {})
            if not of_draft and not parts[name]:
                parts[name] = number
        elif name in ("desk:task", "desk:act", "desk:reveal"):
            parts[name] = at_desk
    return users, parts


POSTED: dict[str, dict[str, str]] = {
    "console:close_ticket": {"note": "已核对"},
    "console:hand_over": {"note": "当面移交"},
    "console:repair": {"note": "已核对"},
    "console:act": {"deed": "resend"},
    "console:hold": {"deed": "hold", "agency": "police", "note": "检修"},
    "desk:batch": {"deed": "accept"},
    "window:start": {"region": factories.DONGSHENG},
}


def kind(response: Any) -> str:
    """What an answer is for the person: a page, the sign-in, or nothing there."""
    if response.status_code == 302 and response.url.startswith(("/sign-in/", "/admin/login/")):
        return "sign in"
    if response.status_code in (401, 403, 404):
        return "not there"
    return "in" if response.status_code < 400 or response.status_code == 422 else f"error {response.status_code}"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.usefixtures("no_network")
def test_each_role_gets_its_pages_and_no_other(role: str, world: Any) -> None:
    """PERFORMANCE row 21: every page of every role opens though nothing but PostgreSQL is there."""
    users, parts = world
    client = Client(raise_request_exception=False)
    if user := users[role]:
        client.force_login(user)
    cookies = client.cookies.copy()
    found, expected = {}, {}
    for name, (method, allowed) in MATRIX.items():
        posted = dict(POSTED.get(name, {}))
        if name == "window:adopt":
            posted["id_no"] = users[APPLICANT].id_no
        if name == "window:start" and role == FAR_CLERK:
            posted["region"] = factories.HEPING
        with transaction.atomic():  # each request meets the same world
            url = reverse(name, kwargs=parts.get(name, {}))
            client.cookies = cookies.copy()
            how = {"content_type": "application/json"} if name.startswith("exchange:") else {}
            response = client.get(url) if method == "GET" else client.post(url, posted, **how)
            found[name] = kind(response)
            list(response)  # a file is read to its end and closed
            transaction.set_rollback(True)
        is_machine = name.startswith("exchange:")
        out = "sign in" if role == NOBODY and not is_machine else "not there"
        expected[name] = "in" if role in allowed else out

    assert {name: kind for name, kind in found.items() if kind != expected[name]} == {}


@pytest.mark.parametrize("role", ROLES)
def test_admin_is_closed_to_everybody_but_administrators(role: str, world: Any) -> None:
    users, _ = world
    client = Client(raise_request_exception=False)
    if user := users[role]:
        client.force_login(user)
    names = [name for name, _ in walk(get_resolver().url_patterns) if name.endswith(("_changelist", ":index"))]
    pages = [reverse(name) for name in names if name.startswith("admin:")]

    found = {kind(client.get(page)) for page in pages}

    assert len(pages) > 8
    assert found == ({"in", "not there"} if role == ADMIN else {"sign in"})


def test_pages_that_change_something_refuse_get(world: Any) -> None:
    users, parts = world
    for role in (APPLICANT, CLERK, REVIEWER, ADMIN):
        client = Client()
        client.force_login(users[role])
        for name, (method, allowed) in MATRIX.items():
            if method == "POST" and role in allowed:
                assert client.get(reverse(name, kwargs=parts.get(name, {}))).status_code in (302, 405), name
