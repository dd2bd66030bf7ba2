"""审计记录: the auditor reads every log and nothing else, and is written down as well."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agencies.enums import Role
from agencies.models import Posting
from applications import access, auditing
from applications.audit_log import Log
from applications.models import OperatorDeed, Ticket
from portal.accounts.models import AccountEvent, EventKind, User
from portal.console.audit_presenters import LogRow
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

PAGE = "/console/audit/"


@pytest.fixture
def auditor(db: None) -> User:
    return factories.staff(Role.AUDITOR, name="那仁")


@pytest.fixture
def client(auditor: User) -> Client:
    client = Client(REMOTE_ADDR="10.1.2.3")
    client.force_login(auditor)
    return client


def rows(client: Client, log: Log, who: str = "") -> list[LogRow]:
    found: list[LogRow] = client.get(PAGE, {"log": log, "who": who}).context["rows"]
    return found


def looked(count: int) -> User:
    """An officer who looked at so many items' full numbers."""
    task = factories.queued_task("I04")
    officer = factories.reviewer_of(task)
    for _ in range(count):
        access.reveal(task, fields=["id_no"], reason="核对户籍", viewer=officer, posting=officer.postings.get())
    return officer


def test_looks_name_who_saw_what_of_which_case_and_why(client: Client) -> None:
    officer = looked(1)

    (row,) = rows(client, Log.LOOKS)

    assert (row.who, row.username, row.deed) == (str(officer), officer.username, "看完整号码")
    assert row.about.endswith("身份证号。用途：核对户籍")


def test_each_log_is_there_without_the_persons_data(client: Client, auditor: User) -> None:
    task = factories.queued_task("I04")
    OperatorDeed.objects.create(operator=auditor, deed="重新推送", note="对方恢复")
    LogEntry.objects.log_actions(auditor.pk, [auditor], CHANGE, [{"changed": {"fields": ["岗位"]}}], single_object=True)

    pages = {log: client.get(PAGE, {"log": log}) for log in Log}

    assert all(page.context["rows"] for log, page in pages.items() if log != Log.LOOKS)
    shown = "".join(page.content.decode() for page in pages.values())
    secrets = (task.application.subject_id_no, task.application.subject_name, str(task.application.answers["mobile"]))
    assert [secret for secret in secrets if secret in shown] == []
    assert task.application.number in shown


def test_rows_of_one_account_are_found_by_its_user_name(client: Client) -> None:
    officer, other = looked(1), looked(2)

    assert {row.username for row in rows(client, Log.LOOKS, officer.username)} == {officer.username}
    assert len(rows(client, Log.LOOKS, other.username)) == 2
    unknown = client.get(PAGE, {"log": Log.LOOKS, "who": "nobody"})
    assert (unknown.context["rows"], "没有这个账号" in unknown.content.decode()) == ([], True)


def test_reading_is_written_down_without_what_was_typed(client: Client, auditor: User) -> None:
    officer = looked(1)
    rows(client, Log.LOOKS, officer.username)
    rows(client, Log.CASES, "150602199808159997")

    read = AccountEvent.objects.filter(kind=EventKind.LOG_READ)

    assert [(event.user, event.words, event.address) for event in read] == [
        (auditor, f"访问记录，账号 {officer.username}", "10.1.2.3"),
        (auditor, "流转记录", "10.1.2.3"),
    ]
    assert rows(client, Log.ACCOUNTS)[1].deed == "查看审计记录"


@pytest.mark.parametrize("count", [1, 3])
def test_page_needs_the_same_queries_for_one_row_and_three(
    client: Client, django_assert_num_queries: object, count: int
) -> None:
    looked(count)

    with django_assert_num_queries(8):  # type: ignore[operator]
        assert len(rows(client, Log.LOOKS)) == count


def test_newest_seal_and_what_does_not_agree_stand_above(client: Client) -> None:
    for _ in range(2):
        auditing.seal(timezone.now())
    Ticket.objects.create(fingerprint="x", kind="log_was_changed", title="记录和封条不一致（第 1 号）", suggestion="x")

    page = client.get(PAGE)

    assert page.context["mark"] == auditing.newest_mark() != ""
    assert page.context["breaches"] == ["记录和封条不一致（第 1 号）"]


def test_auditor_has_no_other_posting_and_the_other_way_round(auditor: User) -> None:
    clerk, admin = factories.clerk(), factories.staff(Role.ADMINISTRATOR)

    for user, role in ((auditor, Role.SUPERVISOR), (clerk, Role.AUDITOR), (admin, Role.AUDITOR)):
        with pytest.raises(ValidationError, match="审计人员"):
            Posting(user=user, role=role, region=None if role == Role.AUDITOR else factories.place()).clean()
    Posting(user=factories.person(), role=Role.AUDITOR).clean()


@pytest.mark.parametrize(
    ("role", "places"),
    [
        (Role.CLERK, {"office", "region"}), (Role.SUPERVISOR, {"office", "region"}), (Role.REVIEWER, {"office", "region"}),
        (Role.ADMINISTRATOR, {"office"}), (Role.AUDITOR, {"region"}),
    ],
)  # fmt: skip
def test_posting_has_the_place_of_its_role_and_no_other(role: Role, places: set[str]) -> None:
    """A clerk with an office besides would see that office's forms, wherever it is."""
    region = factories.place()
    has = {"office": region.offices.all()[0], "region": region}

    with pytest.raises(ValidationError, match="这个角色"):
        Posting(user=factories.person(), role=role, **{name: has[name] for name in places}).clean()


def test_nobody_gives_a_posting_to_themselves() -> None:
    root, other = User.objects.create_superuser("root", password="demo-2026", legal_name="管理员"), factories.person()
    client = Client()
    client.force_login(root)
    posted = {"role": Role.ADMINISTRATOR, "valid_from": timezone.localdate()}

    refused = client.post(reverse("admin:agencies_posting_add"), {**posted, "user": root.pk})
    client.post(reverse("admin:agencies_posting_add"), {**posted, "user": other.pk})

    assert refused.context["adminform"].form.errors == {"user": ["自己的岗位要由另一位管理员给"]}
    assert list(Posting.objects.filter(role=Role.ADMINISTRATOR).values_list("user", flat=True)) == [other.pk]
