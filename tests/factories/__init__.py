"""Cases at every stage, made through the services so that logs and dispatches are real."""

import io
import itertools
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from PIL import Image

from agencies.enums import Role
from agencies.models import Item, Office, Posting, Region, Scheme, SchemeText
from agencies.models.scheme import forget_specs
from agencies.publishing import digest_of
from applications import delivery, drafts, materials, pre_reviews, submission
from applications.demo import Soldier, answers_for, soldier
from applications.enums import Channel, TaskStatus
from applications.models import Application, Dispatch, Draft, ItemTask, Material
from portal.accounts.models import User

DONGSHENG, HEPING, NANGANG, TIANHE = "150602", "120101", "230103", "440106"
PLACES = {"OR": DONGSHENG, "TJ": HEPING, "HL": NANGANG, "GD": TIANHE}

_numbers = itertools.count(1)


def place(code: str = DONGSHENG) -> Region:
    return Region.objects.get(pk=code)


def person(name: str = "赵明远", **fields: str) -> User:
    """An applicant with an account of the same identity as their form; a mail address is a confirmed one."""
    number = next(_numbers)
    made = soldier(name, number)
    mailbox = {"confirmed_email": fields["email"]} if "email" in fields else {}
    values = {"legal_name": made.name, "id_no": made.id_no, "phone": made.phone, **mailbox, **fields}
    return User.objects.create_user(f"person{number}", password="demo-2026", **values)


def as_soldier(user: User) -> Soldier:
    return Soldier(user.legal_name, user.id_no, user.phone)


def draft(user: User | None = None, region: str = DONGSHENG, ticked: list[str] | None = None) -> Draft:
    """A form filled in completely, without materials."""
    user = user or person()
    made = drafts.start(region=place(region), user=user, channel=Channel.ONLINE)
    codes = ticked if ticked is not None else [item.code for item in made.scheme.spec.offered]
    made = drafts.choose_items(made, codes)
    return drafts.save(made, answers_for(as_soldier(user)))


def typed_at_window(clerk: User, ticked: list[str] | None = None, name: str = "孙大娘") -> Draft:
    """A complete form that a clerk typed for a person without an account, with its materials."""
    someone = soldier(name, next(_numbers))
    region = clerk.postings.get().region
    assert region is not None
    made = drafts.start(region=region, user=clerk, channel=Channel.WINDOW)
    made = drafts.choose_items(made, ticked or [item.code for item in made.scheme.spec.offered])
    made = drafts.save(made, answers_for(someone))
    give_materials(made)
    return made


@cache
def photo(grey: int) -> bytes:
    """A JPEG as small as it may be: eleven are made anew for a case, and a thousand tests begin with one."""
    out = io.BytesIO()
    Image.new("RGB", (60, 85), (grey, grey, grey)).save(out, "JPEG")
    return out.getvalue()


def give_materials(made: Draft) -> None:
    """One picture for every material that is called for."""
    content = photo(240)
    for spec in made.scheme.spec.materials_for(frozenset(made.ticked), made.answers):
        give_file(made, spec.code, content, name=f"{spec.name}.jpg")


def give_file(made: Draft, code: str, content: bytes = b"", name: str = "a.jpg") -> Material:
    """One picture for one material of a form."""
    content = content or photo(120)
    return materials.add(
        draft=made, code=code, name=name, size=len(content), stream=io.BytesIO(content), user=made.entered_by
    )


def answer_file(application: Application, code: str) -> Material:
    """One picture as an answer to a notice, not sent yet."""
    content = photo(60)
    return materials.answer_with(
        application=application,
        code=code,
        name="新.jpg",
        size=len(content),
        stream=io.BytesIO(content),
        user=application.entered_by,
    )


def submitted(
    user: User | None = None, region: str = DONGSHENG, ticked: list[str] | None = None, at: datetime | None = None
) -> Application:
    """A case just handed in; its dispatches are pending."""
    made = draft(user, region, ticked)
    give_materials(made)
    return submission.submit(made, user=made.entered_by, channel=Channel.ONLINE, promised=True, agreed=True, at=at)


def pending(count: int) -> None:
    """So many dispatches of the veterans' agencies, each of a task of its own at another office; 25 share a case."""
    while count > 0:
        task = submitted(ticked=["I01"]).tasks.get()
        first = task.dispatches.get()
        offices = Office.objects.filter(agency=task.office.agency_id).exclude(pk=task.office_id)
        copies = ItemTask.objects.bulk_create(
            ItemTask(
                application_id=task.application_id,
                item_id=task.item_id,
                office=office,
                status=task.status,
                live_key=f"{task.pk}-{office.pk}",
            )
            for office in offices[: min(count, 25) - 1]
        )
        Dispatch.objects.bulk_create(
            Dispatch(
                task=copy,
                version=1,
                payload=first.payload,
                digest=first.digest,
                created_at=first.created_at,
                next_attempt_at=first.next_attempt_at,
            )
            for copy in copies
        )
        count -= 25


def deliver_all() -> int:
    """What relay and workers do, in this process."""
    return delivery.deliver(Dispatch.objects.values_list("pk", flat=True))


def pass_pre_review(application: Application, at: datetime | None = None) -> None:
    """Where the scheme asks for a pre-review, it is passed; elsewhere nothing happens."""
    waiting = application.pre_reviews.filter(decided_at=None).first()
    if waiting is not None:
        pre_reviews.pass_on(waiting, staff=staff(Role.REVIEWER, office=waiting.office), at=at)


def delivered(
    user: User | None = None, region: str = DONGSHENG, ticked: list[str] | None = None, at: datetime | None = None
) -> Application:
    """A case whose ready tasks lie in the offices' queues."""
    application = submitted(user, region, ticked, at)
    pass_pre_review(application, at)
    delivery.deliver(Dispatch.objects.filter(task__application=application).values_list("pk", flat=True))
    return application


def task_of(application: Application, item: str, agency: str | None = None) -> ItemTask:
    tasks = ItemTask.objects.filter(application=application, item__code=item)
    return (tasks.filter(office__agency=agency) if agency else tasks).get()


def queued_task(item: str = "I01", region: str = DONGSHENG) -> ItemTask:
    task = task_of(delivered(region=region), item)
    assert task.status == TaskStatus.QUEUED
    return task


def staff(role: Role, *, office: Office | None = None, region: Region | None = None, name: str = "乌云其其格") -> User:
    user = User.objects.create_user(
        f"staff{next(_numbers)}", password="demo-2026", legal_name=name, is_staff=role == Role.ADMINISTRATOR
    )
    Posting.objects.create(user=user, role=role, office=office, region=region)
    return user


def reviewer_of(task: ItemTask) -> User:
    return staff(Role.REVIEWER, office=task.office)


def approver_of(task: ItemTask) -> User:
    return staff(Role.APPROVER, office=task.office, name="高书记")


def clerk(region: str = DONGSHENG) -> User:
    return staff(Role.CLERK, region=place(region), name="李慧")


def put_under_other_rules(task: ItemTask, change: Callable[[dict[str, Any]], None]) -> None:
    """The task's case under a draft of its own, the published version being what nobody can change."""
    published = task.application.scheme
    content = deepcopy(published.content)
    change(content)
    draft = Scheme.objects.create(
        region=published.region,
        version=f"{published.version}-{next(_numbers)}",
        title=published.title,
        valid_from=published.valid_from,
        digest=digest_of(content),
    )
    SchemeText.objects.create(scheme=draft, layer=published.layer, content=content)
    for item in published.items.all():
        copy = Item(scheme=draft, code=item.code, name=item.name, order=item.order, agency_codes=item.agency_codes)
        copy.save()
        task.application.tasks.filter(item=item).update(item=copy)
    Application.objects.filter(pk=task.application_id).update(scheme=draft)
    task.refresh_from_db()


def past_the_triggers(statement: str, *values: object) -> None:
    """Changes what only grows, as the owner of the database can."""
    tables = ("applications_statuslog", "applications_auditseal", "applications_rating", "accounts_accountevent")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table.partition('_')[2]}_append_only")
        cursor.execute(statement, values)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table.partition('_')[2]}_append_only")


def make_unreadable(scheme: Scheme) -> None:
    """Says what no program of today understands, as a scheme of years ago may."""
    guard = "TRIGGER text_of_a_published_scheme_never_changes"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE agencies_schemetext DISABLE {guard}")
        cursor.execute("UPDATE agencies_schemetext SET content = '{}' WHERE scheme_id = %s", [scheme.pk])
        cursor.execute(f"ALTER TABLE agencies_schemetext ENABLE {guard}")
    forget_specs()


def damage(dispatch: Dispatch) -> None:
    """Its sealed payload opens no more, as after a fault of the disk."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE applications_dispatch SET payload = left(payload, -8) WHERE id = %s", [dispatch.pk])
