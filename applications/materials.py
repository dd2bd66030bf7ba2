"""Files that people give: made harmless (`cleaning`), stored privately, each counted once."""

import hashlib
import re
from functools import partial
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from applications import promises, workflow
from applications.cleaning import Clean, clean_file, turned
from applications.enums import Grade, TaskStatus
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, CorrectionLine, Draft, Material
from applications.registration import clean_text
from portal.accounts.models import User

_MEGABYTE = 1024 * 1024


def safe_name(name: str) -> str:
    """What the person called the file, as data: no path, no control or direction-changing character, 120 long."""
    plain = clean_text(re.split(r"[\\/]", name)[-1].replace("\n", " "))
    return plain[-120:] or "未命名"


def add(
    *, draft: Draft, code: str, name: str, size: int, stream: BinaryIO, user: User, grade: Grade = Grade.C
) -> Material:
    """Takes one file for a draft's material. Raises Invalid by material code; everything given before stays.

    Raises AlreadyDone when the form was handed in meanwhile: the file would belong to no case. Raises
    Refused for grade B as `mark_original_seen` does.
    """
    if code not in {m.code for m in draft.scheme.spec.materials}:
        raise Invalid({code: "没有这一种材料"})
    clean = _checked(code, size, stream)
    with transaction.atomic():
        current = Draft.objects.select_for_update().get(pk=draft.pk)
        if current.sent_at is not None:
            raise AlreadyDone(_SENT_MEANWHILE)
        if grade == Grade.B and current.is_of(user):
            raise Refused(OWN_ORIGINAL)
        return _store(code, name, clean, user, grade, draft=draft)


OWN_ORIGINAL = "这是您本人的登记表，原件要由其他窗口人员核对"
_SENT_MEANWHILE = "登记表已经提交，这个文件没有收。需要补交的，等部门通知补正"


def given_before(draft: Draft) -> dict[str, list[Material]]:
    """Files that the person handed in with earlier cases, by material, the latest case's only: they need no second scan."""
    if draft.owner_id is None:
        return {}
    found = Material.objects.filter(application__applicant=draft.owner_id, is_sent=True, replaced_by=None)
    latest: dict[str, list[Material]] = {}
    for material in found.exclude(application=draft.adds_to_id).order_by("-application__submitted_at", "uploaded_at"):
        files = latest.setdefault(material.code, [])
        if not files or files[0].application_id == material.application_id:
            files.append(material)
    return latest


def reuse(draft: Draft, code: str, *, user: User) -> list[Material]:
    """Gives the files of an earlier case once more; who compared them with the original stays on record."""
    with transaction.atomic():
        if Draft.objects.select_for_update().get(pk=draft.pk).sent_at is not None:
            raise AlreadyDone(_SENT_MEANWHILE)
        present = set(draft.materials.filter(code=code).values_list("sha256", flat=True))
        return [_copy(old, draft, user) for old in given_before(draft).get(code, []) if old.sha256 not in present]


def _copy(old: Material, draft: Draft, user: User) -> Material:
    with old.file.open("rb") as file:
        content = file.read()
    fresh = Material(
        draft=draft,
        code=old.code,
        extension=old.extension,
        original_name=old.original_name,
        size=old.size,
        pages=old.pages,
        sha256=old.sha256,
        grade=old.grade,
        checked_by=old.checked_by,
        checked_at=old.checked_at,
        uploaded_by=user,
    )
    fresh.file.save("x", ContentFile(content), save=False)
    fresh.save(force_insert=True)
    return fresh


def answer_with(*, application: Application, code: str, name: str, size: int, stream: BinaryIO, user: User) -> Material:
    """Takes one file as part of an answer to a notice or of a promise; no office sees it until the answer is sent.

    The same file twice is one file. Raises AlreadyDone when nothing asks for the material any more.
    """
    clean = _checked(code, size, stream)
    with transaction.atomic():
        workflow.lock(application.pk)
        if code not in _asked_for(application):
            raise AlreadyDone("这样材料现在不用再交，可能刚才已经提交过")
        digest = hashlib.sha256(clean.content).hexdigest()
        same = application.materials.filter(code=code, is_sent=False, sha256=digest).first()
        return same or _store(code, name, clean, user, Grade.C, application=application, is_sent=False)


def _asked_for(application: Application) -> set[str]:
    """What the open notices and promises of the case ask for; an item that is over asks for nothing."""
    waiting = application.tasks.filter(status=TaskStatus.AWAITING_CORRECTION)
    lines = CorrectionLine.objects.filter(correction__task__in=waiting, correction__answered_at=None, answered_at=None)
    promised = application.tasks.owing().values_list("provisional_materials", flat=True)
    early = promises.still_open(application)
    return {
        *lines.values_list("material", flat=True),
        *(code for codes in promised for code in codes),
        *(promise.code for promise in early),
    }


def _checked(code: str, size: int, stream: BinaryIO) -> Clean:
    """The harmless form of a file that is not too big. Raises Invalid by material code."""
    if size > settings.MATERIAL_FILE_BYTES:
        limit = settings.MATERIAL_FILE_BYTES // _MEGABYTE
        raise Invalid({code: f"这个文件 {size / _MEGABYTE:.0f} MB，超过 {limit} MB。请重拍或分页传"})
    try:
        return clean_file(stream.read())
    except Refused as refused:
        raise Invalid({code: str(refused)}) from None


def _store(
    code: str,
    name: str,
    clean: Clean,
    user: User,
    grade: Grade,
    *,
    draft: Draft | None = None,
    application: Application | None = None,
    is_sent: bool = True,
) -> Material:
    material = Material(
        draft=draft,
        application=application,
        code=code,
        extension=clean.extension,
        original_name=safe_name(name),
        size=len(clean.content),
        pages=clean.pages,
        sha256=hashlib.sha256(clean.content).hexdigest(),
        grade=grade,
        checked_by=user if grade == Grade.B else None,
        checked_at=timezone.now() if grade == Grade.B else None,
        uploaded_by=user,
        is_sent=is_sent,
    )
    with transaction.atomic():
        given = Material.objects.filter(draft=draft, application=application)
        total = given.aggregate(bytes=Sum("size"))["bytes"] or 0
        if total + material.size > settings.MATERIAL_CASE_BYTES:
            raise Invalid({code: "全部材料加起来太大了，请删去不需要的文件，或到窗口扫描"})
        material.file.save("x", ContentFile(clean.content), save=False)
        material.save(force_insert=True)
    return material


def remove(material: Material) -> None:
    """Takes a file back before it was sent; what is with an office is replaced by a correction, never removed.

    Its case or form is locked first: a file that is being sent at this moment is sent, not lost. Gone already is gone.
    """
    with transaction.atomic():
        if (current := _unsent(material, "删除")) is not None:
            discard(current)


def turn(material: Material) -> None:
    """Turns a photo a quarter to the right, as long as it was not sent: an office cannot read one that lies sideways.

    Gone already is gone. Raises Refused for what is no photo.
    """
    with transaction.atomic():
        current = _unsent(material, "转")
        if current is None:
            return
        if current.extension != "jpg":
            raise Refused("只有照片能转。PDF 请转好再传")
        with current.file.open("rb") as file:
            content = turned(file.read())
        storage, before = current.file.storage, str(current.file.name)
        current.file.save("x", ContentFile(content), save=False)
        current.size, current.sha256 = len(content), hashlib.sha256(content).hexdigest()
        current.save(update_fields=["file", "size", "sha256"])
        transaction.on_commit(partial(storage.delete, before))


def _unsent(material: Material, verb: str) -> Material | None:
    """The file as it is now, locked after its case or form; None when it is gone. Raises Refused when it was sent."""
    if material.application_id is not None:
        workflow.lock(material.application_id)
    elif material.draft_id is not None:
        Draft.objects.select_for_update().get(pk=material.draft_id)
    found = Material.objects.select_for_update(of=("self",)).select_related("draft").filter(pk=material.pk)
    if (current := found.first()) is None:
        return None
    if current.application_id is not None and current.is_sent:
        raise Refused(f"已提交的材料不能{verb}")
    if current.application_id is None and current.draft is not None and current.draft.sent_at is not None:
        raise Refused(f"登记表已经提交，材料不能{verb}")
    return current


def discard(material: Material) -> None:
    """The row goes, and once that is certain the file."""
    storage, path = material.file.storage, str(material.file.name)
    material.delete()
    transaction.on_commit(partial(storage.delete, path))


def mark_original_seen(material: Material, *, clerk: User) -> Material:
    """The clerk compared the file with the original: grade C becomes B (国办函〔2016〕108号).

    Raises Refused for the clerk's own form, and AlreadyDone when the file was taken back, or the form handed in, in the
    same moment.
    """
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=material.draft_id) if material.draft_id else None
        current = Material.objects.select_for_update(of=("self",)).filter(pk=material.pk).first()
        if current is None:
            raise AlreadyDone(f"{material.original_name} 刚才已经删除，没有登记原件已核")
        if draft is not None and draft.sent_at is not None:
            raise AlreadyDone(f"登记表刚才已经提交，{material.original_name} 没有登记原件已核")
        if draft is not None and draft.is_of(clerk):
            raise Refused(OWN_ORIGINAL)
        current.grade, current.checked_by, current.checked_at = Grade.B, clerk, timezone.now()
        current.save(update_fields=["grade", "checked_by", "checked_at"])
    return current
