"""What the demo's stories are played with: the items of a scheme by the part they can play, and one place with its people."""

import io
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.spec import ItemSpec, SchemeSpec
from applications import corrections, delivery, drafts, materials, pre_reviews, review, submission
from applications.demo import Soldier, answers_for, picture
from applications.enums import Channel, Party, TaskStatus
from applications.management.demo_people import People, Place
from applications.models import Application, Dispatch, Draft, ItemTask
from applications.registration import Answers
from applications.review import Deficit
from portal.accounts.models import User


class Cast:
    """The items of a scheme by the part they can play."""

    def __init__(self, spec: SchemeSpec) -> None:
        self.spec = spec
        self.all = [item.code for item in spec.offered]
        self.funded = [item.code for item in spec.offered if any(edge.fact for edge in item.requires)]
        self.dependent = [item.code for item in spec.offered if self._awaited(item)]
        self.visiting = next(item.code for item in spec.offered if item.in_person)
        self.paid = next((item.code for item in spec.offered if item.fulfilment), "")
        parted = {*self.funded, *self.dependent, self.visiting, self.paid}
        self.plain = [item.code for item in spec.offered if item.code not in parted]
        # The last one that gives a named thing into hands: a card, a certificate.
        self.carded = next((code for code in reversed(self.plain) if spec.item(code).result.name), self.plain[-1])
        self.before_visit = self._awaited(spec.item(self.visiting))

    @staticmethod
    def _awaited(item: ItemSpec) -> list[str]:
        return [edge.item for edge in item.requires if edge.item and edge.kind == "hard"]


class Stage:
    """One place with its people; gives every deed its day, its hour and the person who does it."""

    def __init__(self, place: Place, people: People) -> None:
        self.place, self.people = place, people
        self.cast = Cast(place.scheme.spec)
        self.today = timezone.localdate()
        self.calendar = calendar_now().at(place.region.code)
        self.hours: dict[date, datetime] = {}

    def at(self, days_ago: int) -> datetime:
        """The next moment of a day: after what the story did that day, never in the future.

        The day is `days_ago` days before today, or the working day before it: offices do nothing on a day off.
        """
        day = self.today - timedelta(days=days_ago)
        while not self.calendar.is_working(day):
            day -= timedelta(days=1)
        opens = datetime.combine(day, time(8, 30), timezone.get_current_timezone())
        moment = self.hours.get(day, opens) + timedelta(minutes=self.people.chance.randrange(2, 20))
        self.hours[day] = moment
        return min(moment, timezone.now())

    def hour(self, days_ago: int, hour: int) -> datetime:
        """A full hour of the last working day up to `days_ago` days before today; ahead of today with a negative number."""
        day, calendar = self.today - timedelta(days=days_ago), calendar_now()
        while not calendar.is_working(day):
            day += timedelta(days=-1 if days_ago > 0 else 1)
        return datetime.combine(day, time(hour), timezone.get_current_timezone())

    def days_before_due(self, left: int) -> int:
        """How many days ago an item was accepted that now has `left` working days of the overall limit."""
        limit = self.place.scheme.spec.overall_limit
        calendar = self.calendar
        days = (limit.days or 0) if limit else 0
        ago = 0
        while calendar.between(self.today, calendar.add(self.today - timedelta(days=ago), days)) > left:
            ago += 1
        return ago

    def submitted(self, items: list[str], days_ago: int, *, at_window: bool = False, **answers: str) -> Application:
        """A new person's case, handed in; at the window by the clerk, who saw the originals."""
        person = self.people.soldier()
        user, channel = (self.place.clerk, Channel.WINDOW) if at_window else (person, Channel.ONLINE)
        draft = drafts.start(region=self.place.region, user=user, channel=channel)
        draft = drafts.choose_items(draft, items)
        draft = drafts.save(draft, self._answers(person) | answers)
        self._give_materials(draft, user)
        return submission.submit(draft, user=user, channel=channel, promised=True, agreed=True, at=self.at(days_ago))

    def _answers(self, person: User) -> Answers:
        recent = {"enlist_date": self._years_ago(5), "discharge_date": (self.today - timedelta(days=85)).isoformat()}
        return answers_for(Soldier(person.legal_name, person.id_no, person.phone)) | recent

    def _years_ago(self, years: int) -> str:
        return date(self.today.year - years, 9, 10).isoformat()

    def _give_materials(self, draft: Draft, user: User) -> None:
        for spec in draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers):
            content = picture(spec.name)
            given = materials.add(
                draft=draft, code=spec.code, name=f"{spec.name}.jpg", size=len(content), stream=io.BytesIO(content),
                user=user,
            )  # fmt: skip
            if user == self.place.clerk:
                materials.mark_original_seen(given, clerk=user)

    def pre_reviewed(self, application: Application, days_ago: int) -> None:
        """Where the scheme asks for it, the hub passes the form before any office gets it."""
        waiting = application.pre_reviews.filter(decided_at=None).select_related("office").first()
        if waiting is not None:
            staff = self.place.reviewers[waiting.office.agency_id]
            pre_reviews.pass_on(waiting, staff=staff, at=self.at(days_ago))

    def deliver(self, application: Application, days_ago: int) -> None:
        ids = Dispatch.objects.filter(task__application=application).values_list("pk", flat=True)
        delivery.deliver(ids, at=self.at(days_ago))

    def delivered(self, items: list[str], days_ago: int, *, at_window: bool = False, **answers: str) -> Application:
        application = self.submitted(items, days_ago, at_window=at_window, **answers)
        self.pre_reviewed(application, days_ago)
        self.deliver(application, days_ago)
        return application

    def task(self, application: Application, item: str) -> ItemTask:
        tasks = ItemTask.objects.select_related("application__scheme", "item__scheme", "office")
        return tasks.filter(application=application, item__code=item).order_by("agency_order")[0]

    def reviewer(self, task: ItemTask) -> User:
        return self.place.reviewers[task.office.agency_id]

    def approver(self, task: ItemTask) -> User:
        return self.place.approvers[task.office.agency_id]

    def accepted(self, application: Application, item: str, days_ago: int) -> ItemTask:
        task = self.task(application, item)
        return review.accept(task, reviewer=self.reviewer(task), at=self.at(days_ago))

    def accept_rest(self, application: Application, days_ago: int) -> None:
        """Every item still in a queue is accepted; nothing of the story hangs on it."""
        waiting = ItemTask.objects.filter(application=application, status=TaskStatus.QUEUED)
        for task in waiting.select_related("application__scheme", "item__scheme", "office"):
            review.accept(task, reviewer=self.reviewer(task), at=self.at(days_ago))

    def completed(self, application: Application, item: str, accepted: int, done: int, summary: str = "") -> ItemTask:
        """Every agency of the item accepts and completes; an item that another has just released is sent first."""
        self.deliver(application, accepted)
        for task in ItemTask.objects.filter(application=application, item__code=item, status=TaskStatus.QUEUED):
            reviewer = self.reviewer(task)
            review.accept(task, reviewer=reviewer, at=self.at(accepted))
            self.grant(task, done, summary or "已按申请办妥")
        return self.task(application, item)

    def grant(self, task: ItemTask, days_ago: int, summary: str) -> None:
        """办结 by the handler, or by the approver where the item goes through two hands."""
        if not task.spec.two_steps:
            review.complete(task, reviewer=self.reviewer(task), summary=summary, at=self.at(days_ago))
            return
        review.propose(task, reviewer=self.reviewer(task), note="建议同意", at=self.at(days_ago + 1))
        review.complete(task, reviewer=self.approver(task), party=Party.APPROVER, summary=summary, at=self.at(days_ago))

    def correction(self, task: ItemTask, days_ago: int, reason: str = "印章压住日期，看不清。请重拍") -> None:
        code = task.material_codes()[-1]
        deficits = [Deficit(reason, material=code), Deficit("号码停机，联系不上。请核对", field="mobile")]
        review.request_correction(task, reviewer=self.reviewer(task), deficits=deficits, at=self.at(days_ago))

    def given_back(self, application: Application, days_ago: int) -> Draft:
        """预审退回; the form is open again for its person."""
        waiting = application.pre_reviews.filter(decided_at=None).select_related("office").get()
        deficits = [Deficit("门牌号不全，请写到单元和户", field="contact_addr")]
        staff = self.place.reviewers[waiting.office.agency_id]
        pre_reviews.give_back(waiting, staff=staff, deficits=deficits, at=self.at(days_ago))
        return Draft.objects.get(pre_reviews=waiting)

    def answered(self, task: ItemTask, days_ago: int) -> None:
        correction = task.corrections.get(answered_at=None)
        application, content = task.application, picture("new")
        for line in correction.lines.exclude(material=""):
            materials.answer_with(
                application=application, code=line.material, name="重拍.jpg", size=len(content),
                stream=io.BytesIO(content), user=application.entered_by,
            )  # fmt: skip
        phone = {"mobile": str(application.answers["mobile"])}
        corrections.answer(
            correction.task.application, user=application.entered_by, answers=phone, at=self.at(days_ago)
        )
