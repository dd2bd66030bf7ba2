"""The questions that pages and workers ask of the casework. Every page fetches through one of the `for_…` methods."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Prefetch, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from agencies.enums import Role
from agencies.models import ABOVE, Item, Office, OfficeRoute, Posting, Region
from applications import rounds
from applications.enums import (
    AT_OFFICE,
    CLOSED,
    DECIDED,
    NOT_HANDED_OVER,
    TERMINAL,
    Channel,
    DispatchKind,
    DocumentKind,
    ExportKind,
    NoticeKind,
    TaskStatus,
)
from portal.accounts.models import User

if TYPE_CHECKING:
    from applications.models import Draft, ItemTask


def within(region: Region, path: str = "region") -> Q:
    """In the place itself or one of the two levels below it: what a window and a supervisor may see."""
    places = Region.objects.filter(Q(pk=region.pk) | Q(parent=region) | Q(parent__parent=region))
    return Q(**{f"{path}__in": places.order_by().values("pk")})


def at_counter(path: str = "") -> Q:
    """Forms of nobody's account, and a person's own while a clerk has taken it over."""
    return Q(**{f"{path}owner": None}) | Q(**{f"{path}channel": Channel.WINDOW})


def on_days(field: str, first: date, last: date) -> Q:
    """The moment lies on one of the days, both included. Written as a span of moments, so that an index serves it."""
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (first, last + timedelta(days=1)))
    return Q(**{f"{field}__gte": begin, f"{field}__lt": end})


# A place with all that is above it: every page asks whose scheme is in force there.
PLACE = f"region__{ABOVE}"


class DraftQuerySet(models.QuerySet["Draft"]):
    def for_person(self, user: User) -> DraftQuerySet:
        """The person's own unsent forms."""
        return self.filter(owner=user, sent_at__isnull=True).select_related(PLACE, "scheme", "adds_to", "owner")

    def for_clerk(self, region: Region, clerk: User) -> DraftQuerySet:
        """The unsent forms that this clerk types for the window's own place and the places below it.

        Who moves to another window leaves them there: a clerk of that place goes on with the number of the person. A
        person's own form is the clerk's while it is filled in at the counter, until the person goes on with it at home.
        """
        found = self.filter(within(region), at_counter(), entered_by=clerk, sent_at__isnull=True)
        return found.select_related(PLACE, "scheme", "adds_to", "owner")

    def for_window(self, region: Region, id_no: str) -> DraftQuerySet:
        """The unsent forms of the person with this number in the window's own place and the places below it.

        A form that somebody began online is theirs only if the account has this number and staff saw the card: anybody
        may type a stranger's number, and would then read what the clerk types for that stranger.
        """
        index: Any = self.model._meta.get_field("id_no_index")
        is_theirs = Q(owner=None) | Q(owner__id_no=id_no, owner__is_identity_claimed=False)
        found = self.filter(within(region), is_theirs, sent_at__isnull=True, id_no_index=index.of_value(id_no))
        return found.select_related(PLACE, "scheme", "owner", "entered_by")


class ApplicationQuerySet(models.QuerySet[Any]):
    def for_applicant(self, user: User) -> ApplicationQuerySet:
        return self.filter(applicant=user)

    def for_window(self, region: Region) -> ApplicationQuerySet:
        """Cases of the window's own place and the places below it."""
        return self.filter(within(region))

    def for_posting(self, posting: Posting) -> ApplicationQuerySet:
        """What a member of staff may see of cases: an office's own, a window's and a supervisor's region, or all.

        An auditor sees none.
        """
        if posting.role == Role.AUDITOR:
            return self.none()
        if posting.office is not None:
            return self.filter(tasks__office=posting.office).distinct()
        if posting.region is not None:
            return self.for_window(posting.region)
        return self

    def for_number(self, number: str) -> ApplicationQuerySet:
        return self.filter(number=number)

    def open(self) -> ApplicationQuerySet:
        return self.exclude(status__in=CLOSED)

    def with_progress(self) -> ApplicationQuerySet:
        """With everything that a progress page shows, in a fixed number of queries."""
        tasks = (
            self.model._meta.get_field("tasks")
            .related_model.objects.select_related("item__scheme", "office__agency", "result")
            .prefetch_related("corrections__lines", "facts", "visits")
            .order_by("item__order", "agency_order")
        )
        return self.select_related(PLACE, "scheme").prefetch_related(Prefetch("tasks", tasks), "pre_reviews__office")

    def with_history(self) -> ApplicationQuerySet:
        """`with_progress` and what a whole case's page adds: its log, papers, and the clock's log of each item."""
        log_model = self.model._meta.get_field("log").related_model
        log = log_model.objects.select_related("actor", "task__office", "task__item")
        return self.with_progress().prefetch_related("tasks__log", "documents", Prefetch("log", log))

    def with_ratings(self) -> ApplicationQuerySet:
        """With what was said of the case and its items, and the answers."""
        ratings = self.model._meta.get_field("ratings").related_model.objects.select_related("rectification")
        return self.prefetch_related(Prefetch("ratings", ratings))


# The trays of a desk. Those before DECIDED ask something of the office or wait for somebody.
TRAYS: dict[str, Q] = {
    "queued": Q(status=TaskStatus.QUEUED),
    "review": Q(status=TaskStatus.IN_REVIEW),
    "correction": Q(status=TaskStatus.AWAITING_CORRECTION),
    "facts": Q(status=TaskStatus.WAITING) & ~Q(open_facts=[]),
    "approval": Q(status=TaskStatus.AWAITING_APPROVAL),
    "visit": Q(status__in=[TaskStatus.AWAITING_VISIT, TaskStatus.SUSPENDED]),
    "fulfil": Q(status=TaskStatus.COMPLETED, result__fulfilment__in=sorted(NOT_HANDED_OVER)),
    "done": Q(status__in=sorted(DECIDED)),
}

COUNTED = 1_000  # so many of a tray are counted; a page says that there are more


class ItemTaskQuerySet(models.QuerySet["ItemTask"]):
    def for_office(self, office: Office) -> ItemTaskQuerySet:
        return self.filter(office=office)

    def for_applicant(self, user: User) -> ItemTaskQuerySet:
        return self.filter(application__applicant=user)

    def open(self) -> ItemTaskQuerySet:
        """With the office and not decided. Written with literals so that the partial index is used."""
        return self.filter(status__in=sorted(AT_OFFICE))

    def unfinished(self) -> ItemTaskQuerySet:
        return self.exclude(status__in=sorted(TERMINAL))

    def owing(self) -> ItemTaskQuerySet:
        """Accepted on the promise of papers that are not there yet; what is over is owed nothing."""
        return self.unfinished().exclude(provisional_until=None)

    def shown_at_window(self) -> ItemTaskQuerySet:
        """Those whose case's files a window may open: papers are asked for, promised, or looked through."""
        waits = Q(status__in=[TaskStatus.AWAITING_CORRECTION, TaskStatus.PRE_REVIEW])
        return self.unfinished().filter(waits | Q(provisional_until__isnull=False))

    def overdue(self) -> ItemTaskQuerySet:
        return self.filter(next_on__lt=timezone.localdate())

    def by_due_day(self) -> ItemTaskQuerySet:
        return self.order_by(models.F("next_on").asc(nulls_last=True), "id")

    def for_desk(self, office: Office) -> ItemTaskQuerySet:
        """The office's tasks with what its lists show. A scheme is big, so each is fetched once for all rows."""
        relation: Any = self.model._meta.get_field("dispatches")
        handed = relation.related_model.objects.of_tasks().filter(delivered_at__isnull=False).order_by("-version")
        return (
            self.filter(office=office)
            .select_related("application__region", "item", "office__agency", "handler", "result")
            .prefetch_related("application__scheme", Prefetch("dispatches", handed, to_attr="handed"))
        )

    def in_tray(self, tray: str) -> ItemTaskQuerySet:
        """The tasks of one tray, what must be done first on top; "overdue" cuts across the trays."""
        if tray == "overdue":
            return self.open().overdue().by_due_day()
        found = self.filter(TRAYS[tray])
        if tray == "fulfil":
            return found.order_by(models.F("result__fulfil_by").asc(nulls_last=True), "id")
        return found.order_by("-changed_at", "-id") if tray == "done" else found.by_due_day()

    def tray_counts(self) -> dict[str, int]:
        """How many tasks lie in each tray: the open ones in one query, of the decided only those not handed over, and no
        further than COUNTED, since the money of a whole year may wait for its day; what is over is not counted.
        """
        late = Q(status__in=AT_OFFICE, next_on__lt=timezone.localdate())
        trays = {code: tray for code, tray in {**TRAYS, "overdue": late}.items() if code not in ("fulfil", "done")}
        counts = {code: models.Count("pk", filter=tray) for code, tray in trays.items()}
        return self.unfinished().aggregate(**counts) | {"fulfil": self.filter(TRAYS["fulfil"])[:COUNTED].count()}

    def beside(self, task: ItemTask) -> list[tuple[str, str]]:
        """(case number, item code) of the tasks of the same tray in its order, so that one can go on to the next."""
        if task.is_to_hand_over:
            found = self.in_tray("fulfil")[:COUNTED]
        else:
            found = self.filter(status=task.status).by_due_day() if task.status in AT_OFFICE else self.none()
        return list(found.values_list("application__number", "item__code"))

    def matching(self, item: str = "", number: str = "") -> ItemTaskQuerySet:
        """Only one item, or case numbers that contain these characters."""
        found = self.filter(item__code=item) if item else self
        return found.filter(application__number__icontains=number.strip()) if number.strip() else found

    def of_handler(self, handler: User | None) -> ItemTaskQuerySet:
        """Only what this officer has in hand; without one everything."""
        return self if handler is None else self.filter(handler=handler)

    def item_names(self) -> dict[str, str]:
        """The items that occur, by code: what a list can be filtered by."""
        items = Item.objects.filter(models.Exists(self.filter(item=models.OuterRef("pk"))))
        return dict(items.order_by("code", "scheme").values_list("code", "name"))

    def for_lists(self) -> ItemTaskQuerySet:
        return self.select_related("application__region", "item__scheme", "office__agency")


class PreReviewQuerySet(models.QuerySet[Any]):
    def for_posting(self, posting: Posting) -> PreReviewQuerySet:
        """Those of an office that pre-reviews, and for a window those of its place."""
        if posting.office is not None:
            return self.filter(office=posting.office)
        if posting.region is not None:
            return self.filter(within(posting.region, "application__region"))
        return self

    def waiting(self) -> PreReviewQuerySet:
        """Not decided yet, and not withdrawn meanwhile; the earliest day first."""
        return (
            self.filter(decided_at=None, application__tasks__status=TaskStatus.PRE_REVIEW)
            .distinct()
            .order_by("answer_by", "id")
        )

    def returned(self) -> PreReviewQuerySet:
        """Given back, and not yet handed in again."""
        return self.filter(is_passed=False, amended_at=None)

    def for_lists(self) -> PreReviewQuerySet:
        return self.select_related("application__region", "application__scheme", "office")


class MaterialQuerySet(models.QuerySet[Any]):
    def for_draft(self, draft: Draft) -> MaterialQuerySet:
        return self.filter(draft=draft)

    def for_window(self, region: Region, clerk: User) -> MaterialQuerySet:
        """Files of the place's forms that this clerk types, and of its cases while an office waits for papers or this clerk brings some."""
        cases: Any = self.model._meta.get_field("application").related_model
        tasks = cases._meta.get_field("tasks").related_model.objects.shown_at_window()
        typed = (
            within(region, "draft__region") & at_counter("draft__") & Q(draft__entered_by=clerk, draft__sent_at=None)
        )
        waiting = within(region, "application__region") & Q(application__in=tasks.values("application"))
        brought = within(region, "application__region") & Q(uploaded_by=clerk, is_sent=False)
        return self.filter(typed | waiting | brought)

    def for_applicant(self, user: User) -> MaterialQuerySet:
        """The person's own files; who only typed for somebody sees them at the window, while posted there."""
        return self.filter(Q(application__applicant=user) | Q(draft__owner=user))


class DocumentQuerySet(models.QuerySet[Any]):
    def for_applicant(self, user: User) -> DocumentQuerySet:
        return self.filter(application__applicant=user)

    def for_posting(self, posting: Posting) -> DocumentQuerySet:
        """An office sees the papers of its own tasks; a window those of its region's cases, and so does who watches over
        the limits, without the form itself; an auditor none.
        """
        if posting.role == Role.AUDITOR:
            return self.none()
        if posting.office is not None:
            return self.filter(task__office=posting.office)
        found = self if posting.region is None else self.filter(within(posting.region, "application__region"))
        return found if posting.role == Role.CLERK else found.exclude(kind=DocumentKind.REGISTRATION)


class DispatchQuerySet(models.QuerySet[Any]):
    def for_posting(self, posting: Posting) -> DispatchQuerySet:
        """What a supervisor's area or, for an administrator, everybody's cases have in the outbox."""
        if posting.region is None and posting.office is None:
            return self
        cases: Any = self.model._meta.get_field("task").related_model._meta.get_field("application").related_model
        return self.filter(task__application__in=cases.objects.for_posting(posting).values("pk"))

    def of_tasks(self) -> DispatchQuerySet:
        """Those that carry a task's data; without the words that a task is no more."""
        return self.filter(kind=DispatchKind.TASK)

    def with_way(self) -> DispatchQuerySet:
        """With `to_office`, `way`, `address`, `held`: where each goes, how, and whether sending there is stopped.

        A word goes to the system that it is for; a task by its office's rule for the item, or else the office's own.
        """
        is_word = ~Q(kind=DispatchKind.TASK) & Q(holder__isnull=False)
        rule = OfficeRoute.objects.filter(
            office=models.OuterRef("task__office"), item_code=models.OuterRef("task__item__code")
        )
        gateway = models.Subquery(rule.values("gateway")[:1])
        address = models.Subquery(rule.values("endpoint")[:1])

        def chosen(of_word: str, of_task: Any, kind: models.Field[Any, Any]) -> models.Case:
            return models.Case(models.When(is_word, then=of_word), default=of_task, output_field=kind)

        return self.annotate(
            to_office=chosen("holder__office_id", models.F("task__office_id"), models.BigIntegerField()),
            way=chosen("holder__gateway", Coalesce(gateway, "task__office__gateway"), models.CharField()),
            address=chosen("holder__endpoint", Coalesce(address, "task__office__endpoint"), models.URLField()),
            held=chosen("holder__office__is_held", models.F("task__office__is_held"), models.BooleanField()),
        )


def _drop_file(row: Any) -> int:
    row.file.delete(save=True)
    return 1


class FileQuerySet(models.QuerySet[Any]):
    def drop_files(self) -> int:
        """The files go, the rows stay. Returns how many went."""
        return rounds.over(self.exclude(file=""), _drop_file)


class ExportQuerySet(FileQuerySet):
    def for_posting(self, posting: Posting) -> ExportQuerySet:
        """What a person asked for in the posting they have now; another's may hold what this one may not see.

        Packages hold people's data: they are administrators' alone, and of the offices that the posting still covers.
        """
        own = self.filter(asked_by=posting.user_id, posting=posting)
        if posting.role != Role.ADMINISTRATOR:
            return own.exclude(kind=ExportKind.BATCH)
        return own if posting.region is None else own.filter(Q(office=None) | within(posting.region, "office__region"))


class ImportQuerySet(FileQuerySet):
    def for_posting(self, posting: Posting) -> ImportQuerySet:
        """Those of the offices that the posting may see, an administrator's are all; with how many rows are through."""
        relation: Any = self.model._meta.get_field("verdicts")
        rows = relation.related_model.objects.filter(of=models.OuterRef("pk")).order_by().values("of")

        def count(verdicts: models.QuerySet[Any]) -> Coalesce:
            number = models.Subquery(verdicts.annotate(number=models.Count("pk")).values("number"))
            return Coalesce(number, 0, output_field=models.IntegerField())

        found = self.select_related("office__region", "asked_by")
        found = found.annotate(done=count(rows), bad=count(rows.filter(is_good=False)))
        return found if posting.region is None else found.filter(within(posting.region, "office__region"))


class NoticeQuerySet(models.QuerySet[Any]):
    def for_person(self, user: User) -> NoticeQuerySet:
        """A person's own messages, the newest first; the mail that asks to confirm the mailbox is read there only."""
        own = self.filter(recipient=user).exclude(kind=NoticeKind.CONFIRM_EMAIL)
        return own.select_related("application").order_by("-id")

    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at=None)


class ExchangeKeyQuerySet(models.QuerySet[Any]):
    def for_exchange(self, kid: str) -> ExchangeKeyQuerySet:
        """The key of an incoming message, if it is in force."""
        return self.in_force().filter(kid=kid).select_related("agency", "office")

    def for_office(self, office: Office) -> ExchangeKeyQuerySet:
        """The keys that messages to an office are signed with, the newest first."""
        return self.in_force().filter(Q(office=office) | Q(office=None), agency=office.agency_id).order_by("-id")

    def in_force(self) -> ExchangeKeyQuerySet:
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class TicketQuerySet(models.QuerySet[Any]):
    def for_posting(self, posting: Posting) -> TicketQuerySet:
        """An office sees its own, a supervisor those of the area, an administrator all."""
        if posting.office is not None:
            return self.filter(office=posting.office)
        if posting.region is None:
            return self
        of_case = Q(office=None) & within(posting.region, "task__application__region")
        return self.filter(within(posting.region, "office__region") | of_case)

    def open(self) -> TicketQuerySet:
        return self.filter(closed_at=None)

    def listed(self, *, is_closed: bool, number: str = "") -> TicketQuerySet:
        """The open ones, oldest first, or the closed ones, newest first; with a number those of such cases alone."""
        found = self.select_related("office", "task__application")
        if number:
            found = found.filter(task__application__number__endswith=number)
        return found.exclude(closed_at=None).order_by("-closed_at") if is_closed else found.open().order_by("pk")


class ReconciliationQuerySet(models.QuerySet[Any]):
    def for_posting(self, posting: Posting) -> ReconciliationQuerySet:
        """An administrator sees all offices', a supervisor those of the own area."""
        found = self.select_related("office")
        return found if posting.region is None else found.filter(within(posting.region, "office__region"))


class QuestionQuerySet(models.QuerySet[Any]):
    def for_applicant(self, user: User) -> QuestionQuerySet:
        return self.filter(application__applicant=user)

    def for_posting(self, posting: Posting) -> QuestionQuerySet:
        """An office's own; for a supervisor those of the region that are about a whole case or were left in silence."""
        if posting.office is not None:
            return self.filter(office=posting.office)
        mine = self.exclude(escalated_at=None)
        if posting.region is None:
            return mine
        return mine.filter(within(posting.region))

    def for_window(self, region: Region) -> QuestionQuerySet:
        """What was written down at the windows of a place, the newest first."""
        return self.filter(within(region), channel=Channel.WINDOW).order_by("-id")

    def unanswered(self) -> QuestionQuerySet:
        return self.filter(answered_at=None)

    def for_lists(self) -> QuestionQuerySet:
        return self.select_related("application", "task__item", "task__application__scheme", "office", "answered_by")


# Bad grades that wait for an answer, the earliest day first; those that have one, and all other grades, newest first.
RATING_TRAYS: dict[str, tuple[Q, tuple[str, str]]] = {
    "waiting": (
        Q(rectification__isnull=False, rectification__answered_at=None),
        ("rectification__answer_by", "id"),
    ),
    "answered": (Q(rectification__answered_at__isnull=False), ("-rectification__answered_at", "-id")),
    "good": (Q(rectification=None), ("-rated_at", "-id")),
}


class RatingQuerySet(models.QuerySet[Any]):
    def for_applicant(self, user: User) -> RatingQuerySet:
        return self.filter(application__applicant=user)

    def for_posting(self, posting: Posting) -> RatingQuerySet:
        """Those of a supervisor's area, an administrator's are all. Whose work was rated sees none, in no post of theirs."""
        if posting.role not in (Role.SUPERVISOR, Role.ADMINISTRATOR):
            return self.none()
        seen = self.apart_from(posting.user)
        return seen if posting.region is None else seen.filter(within(posting.region, "application__region"))

    def apart_from(self, user: User) -> RatingQuerySet:
        """Without those of cases in which the person had a part, or which are their own by account or ID number."""
        others = self.exclude(application__log__actor=user).exclude(application__applicant=user)
        return others.exclude(application__subject_id_no=user.id_no.upper()) if user.id_no else others

    def in_tray(self, tray: str) -> RatingQuerySet:
        chosen, order = RATING_TRAYS[tray]
        return self.filter(chosen).order_by(*order)

    def newest(self) -> RatingQuerySet:
        """Of what was said twice about the same, the later."""
        return self.filter(addition=None)

    def for_lists(self) -> RatingQuerySet:
        return self.select_related("application__region", "task__item", "task__office", "rectification__answered_by")


class RectificationQuerySet(models.QuerySet[Any]):
    def unanswered(self) -> RectificationQuerySet:
        return self.filter(answered_at=None)
