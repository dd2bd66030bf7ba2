"""Files that people give: checked by content, made harmless, stored privately, each counted once.

A file is what its bytes say, not what its name says. Pictures are encoded anew (which drops EXIF, GPS and anything
appended); a PDF's pages are copied into a new file with a whitelist of page keys, so that scripts, forms and
attachments stay behind.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import pi_heif
import pikepdf
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from PIL import Image, ImageOps, UnidentifiedImageError

from applications import workflow
from applications.enums import Grade
from applications.errors import AlreadyDone, Invalid, Refused
from applications.models import Application, CorrectionLine, Draft, Material
from applications.registration import clean_text
from portal.accounts.models import User

MAX_PIXELS = 60_000_000
MAX_PDF_PAGES = 60
MAX_SIDE = 3508  # A4 at 300 dpi: enough to read a stamp
_PAGE_KEYS = {"/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit"}
_MEGABYTE = 1024 * 1024
# How the photos of many phones begin, after four bytes of length.
_HEIC = {b"ftyp" + brand for brand in (b"heic", b"heix", b"mif1", b"heim", b"heis")}
pi_heif.register_heif_opener()


@dataclass(frozen=True)
class Clean:
    """A file after checking: bytes to store, its extension and pages."""

    content: bytes
    extension: str
    pages: int


def clean_file(content: bytes) -> Clean:
    """The harmless form of a picture or PDF. Raises Refused with a sentence that says what to do."""
    if not content:
        raise Refused("这个文件是空的，请重新拍照或扫描后再传")
    if content[:5] == b"%PDF-":
        return _clean_pdf(content)
    if content[:3] == b"\xff\xd8\xff" or content[:8] == b"\x89PNG\r\n\x1a\n" or content[4:12] in _HEIC:
        return _clean_picture(content)
    raise Refused("这不是照片（JPG、PNG、HEIC）或 PDF，内容和文件名不符。请重新拍照，或另存为这几种格式再传")


def _clean_picture(content: bytes) -> Clean:
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "HEIF")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused("这张图片尺寸太大，请把相机分辨率调低一些重拍")
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((MAX_SIDE, MAX_SIDE))
            out = io.BytesIO()
            upright.convert("RGB").save(out, "JPEG", quality=88)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise Refused("这张图片打不开，可能没有传完。请重新拍照再传") from None
    return Clean(out.getvalue(), "jpg", 1)


def _clean_pdf(content: bytes) -> Clean:
    try:
        with pikepdf.open(io.BytesIO(content)) as source, pikepdf.new() as target:
            if source.is_encrypted:
                raise Refused("这个 PDF 有密码或限制，请去掉密码后再传，或改传照片")
            pages = len(source.pages)
            if not pages:
                raise Refused("这个 PDF 里没有页面，请重新扫描后再传")
            if pages > MAX_PDF_PAGES:
                raise Refused(f"这个 PDF 有 {pages} 页，最多 {MAX_PDF_PAGES} 页。请只传需要的页")
            target.pages.extend(source.pages)
            for page in target.pages:
                for key in [str(key) for key in page.obj if key not in _PAGE_KEYS]:
                    del page.obj[key]
            target.remove_unreferenced_resources()
            out = io.BytesIO()
            target.save(out)
    except pikepdf.PasswordError:
        raise Refused("这个 PDF 有密码，请去掉密码后再传，或改传照片") from None
    except (pikepdf.PdfError, ValueError, KeyError, TypeError):
        raise Refused("这个 PDF 打不开，可能已损坏。请重新扫描再传") from None
    return Clean(out.getvalue(), "pdf", pages)


def safe_name(name: str) -> str:
    """What the person called the file, as data: no path, no control or direction-changing character, 120 long."""
    plain = clean_text(re.split(r"[\\/]", name)[-1].replace("\n", " "))
    return plain[-120:] or "未命名"


def add(
    *, draft: Draft, code: str, name: str, size: int, stream: BinaryIO, user: User, grade: Grade = Grade.C
) -> Material:
    """Takes one file for a draft's material. Raises Invalid by material code; everything given before stays.

    Raises AlreadyDone when the form was handed in meanwhile: the file would belong to no case.
    """
    if code not in {m.code for m in draft.scheme.spec.materials}:
        raise Invalid({code: "没有这一种材料"})
    clean = _checked(code, size, stream)
    with transaction.atomic():
        if Draft.objects.select_for_update().get(pk=draft.pk).sent_at is not None:
            raise AlreadyDone(_SENT_MEANWHILE)
        return _store(code, name, clean, user, grade, draft=draft)


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
    lines = CorrectionLine.objects.filter(
        correction__task__application=application, correction__answered_at=None, answered_at=None
    )
    promised = application.tasks.exclude(provisional_until=None).values_list("provisional_materials", flat=True)
    return {*lines.values_list("material", flat=True), *(code for codes in promised for code in codes)}


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
        if material.application_id is not None:
            workflow.lock(material.application_id)
        elif material.draft_id is not None:
            Draft.objects.select_for_update().get(pk=material.draft_id)
        current = (
            Material.objects.select_for_update(of=("self",)).select_related("draft").filter(pk=material.pk).first()
        )
        if current is None:
            return
        if current.application_id is not None and current.is_sent:
            raise Refused("已提交的材料不能删除")
        if current.application_id is None and current.draft is not None and current.draft.sent_at is not None:
            raise Refused("登记表已经提交，材料不能删除")
        discard(current)


def discard(material: Material) -> None:
    """The row goes, and once that is certain the file."""
    storage, path = material.file.storage, str(material.file.name)
    material.delete()
    transaction.on_commit(partial(storage.delete, path))


def mark_original_seen(material: Material, *, clerk: User) -> Material:
    """The clerk compared the file with the original: grade C becomes B (国办函〔2016〕108号).

    Raises AlreadyDone when the file was taken back, or the form handed in, in the same moment.
    """
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=material.draft_id) if material.draft_id else None
        current = Material.objects.select_for_update(of=("self",)).filter(pk=material.pk).first()
        if current is None:
            raise AlreadyDone(f"{material.original_name} 刚才已经删除，没有登记原件已核")
        if draft is not None and draft.sent_at is not None:
            raise AlreadyDone(f"登记表刚才已经提交，{material.original_name} 没有登记原件已核")
        current.grade, current.checked_by, current.checked_at = Grade.B, clerk, timezone.now()
        current.save(update_fields=["grade", "checked_by", "checked_at"])
    return current
