"""What a file may be, and its harmless form. No Django and no database: a PDF is read by a process of its own.

A file is what its bytes say, not what its name says. Pictures are encoded anew (which drops EXIF, GPS and anything
appended); a PDF's pages are copied into a new file with a whitelist of page keys, so that scripts, forms and
attachments stay behind. A picture says before it is read how much it unfolds to. A PDF does not, two kilobytes of it may
be a gigabyte: it is read by `python -m applications.cleaning`, which has so much memory and time and no more.
"""

import contextlib
import io
import json
import logging
import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

import pi_heif
import pikepdf
from PIL import Image, ImageOps, UnidentifiedImageError

from applications.errors import Refused

logger = logging.getLogger(__name__)

MAX_PIXELS = 60_000_000
# A camera writes one scan or about ten; each is a pass over the whole picture, and needs but a hundred bytes.
MAX_SCANS = 100
MAX_PDF_PAGES = 60
MAX_SIDE = 3508  # A4 at 300 dpi: enough to read a stamp
QUALITY = 88  # of JPEG
PDF_MEMORY_BYTES = 512 * 1024 * 1024
PDF_CPU_SECONDS = 5
PDF_SECONDS = 20
# So many files are read at a time in one process of the web, since each may need some hundred megabytes; the others wait.
AT_ONCE = 2
WAIT_SECONDS = 20.0
_PLACES = BoundedSemaphore(AT_ONCE)
# What is kept of a PDF; object streams are written out, so it may be more than was given.
PDF_KEPT_BYTES = 64 * 1024 * 1024
_PAGE_KEYS = {"/Type", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit"}
_JPEG = b"\xff\xd8\xff"
# How the photos of many phones begin, after four bytes of length.
_HEIC = {b"ftyp" + brand for brand in (b"heic", b"heix", b"mif1", b"heim", b"heis")}
# As libjpeg reads it: the marker, a length that fits, one to four components. Other bytes look so once in a terabyte.
_SCAN = re.compile(rb"\xff\xda\x00[\x08\x0a\x0c\x0e][\x01-\x04]")
_ROOT = Path(__file__).resolve().parent.parent
TOO_MUCH = "这个 PDF 太复杂，读不出来。请重新扫描，或改传照片"
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
    if not _PLACES.acquire(timeout=WAIT_SECONDS):
        raise Refused("正在传文件的人太多，这一个没有收。请过一会儿再传")
    try:
        return _cleaned(content)
    finally:
        _PLACES.release()


def _cleaned(content: bytes) -> Clean:
    if content[:5] == b"%PDF-":
        return _in_own_process(content)
    if content[:3] == _JPEG or content[:8] == b"\x89PNG\r\n\x1a\n" or content[4:12] in _HEIC:
        return _clean_picture(content)
    raise Refused("这不是照片（JPG、PNG、HEIC）或 PDF，内容和文件名不符。请重新拍照，或另存为这几种格式再传")


def _clean_picture(content: bytes) -> Clean:
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "HEIF")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused("这张图片尺寸太大，请把相机分辨率调低一些重拍")
            if content[:3] == _JPEG and len(_SCAN.findall(content)) > MAX_SCANS:
                raise Refused("这张图片存得太复杂，读不出来。请重新拍照再传")
            ImageOps.exif_transpose(picture, in_place=True)
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            out = io.BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=QUALITY, comment=b"")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise Refused("这张图片打不开，可能没有传完。请重新拍照再传") from None
    return Clean(out.getvalue(), "jpg", 1)


def turned(picture: bytes) -> bytes:
    """A cleaned photo, a quarter to the right."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(picture), formats=("JPEG",)) as sideways:
        sideways.transpose(Image.Transpose.ROTATE_270).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


# -- a PDF, in a process of its own ------------------------------------------------------------------------------------


def _in_own_process(content: bytes) -> Clean:
    """What the reading process answers; its end without an answer is the file's fault. It gets no secret of ours."""
    try:
        run = subprocess.run(
            [sys.executable, "-m", __name__], input=content, capture_output=True, cwd=_ROOT, env={}, timeout=PDF_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Refused(TOO_MUCH) from None
    head, _, kept = run.stdout.partition(b"\n")
    if run.returncode or not head:
        logger.warning("the reader of a PDF of %s bytes ended with %s", len(content), run.returncode)
        raise Refused(TOO_MUCH)
    said = json.loads(head)
    if "refused" in said:
        raise Refused(said["refused"])
    return Clean(kept, "pdf", said["pages"])


def read_within_limits() -> None:
    """The reading process: a PDF comes in, a line of JSON and the harmless PDF go out. A memory image is never kept."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (PDF_CPU_SECONDS, PDF_CPU_SECONDS))
    with contextlib.suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (PDF_MEMORY_BYTES, PDF_MEMORY_BYTES))
    try:
        clean = clean_pdf(sys.stdin.buffer.read())
        head: dict[str, object] = {"pages": clean.pages}
    except Refused as refused:
        clean, head = Clean(b"", "pdf", 0), {"refused": str(refused)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + clean.content)


def clean_pdf(content: bytes) -> Clean:
    """The pages of a PDF in a new one, none of their streams unfolded. Needs whatever memory the file asks for."""
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
            out = io.BytesIO()
            target.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    except pikepdf.PasswordError:
        raise Refused("这个 PDF 有密码，请去掉密码后再传，或改传照片") from None
    except (pikepdf.PdfError, ValueError, KeyError, TypeError):
        raise Refused("这个 PDF 打不开，可能已损坏。请重新扫描再传") from None
    if out.tell() > PDF_KEPT_BYTES:
        raise Refused(TOO_MUCH)
    return Clean(out.getvalue(), "pdf", pages)


if __name__ == "__main__":
    read_within_limits()
