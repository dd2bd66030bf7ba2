"""Every paper: its title, head and foot, and the module that says what stands between.

Called by documents.render and by the page that shows a paper as HTML.

Everything is read as it stood when the paper was asked for, so that a paper made again says the same. Papers keep the
wording of the law and of the official form; what is not published is said to be 未公布.
"""

from collections.abc import Callable, Iterable
from typing import Any

import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from agencies.words import plain_day
from applications.enums import DocumentKind
from applications.models import Document
from applications.papers.correction_notice import correction
from applications.papers.delivery_receipt import delivery_receipt
from applications.papers.office_notices import acceptance, extension, notice, rejection, suspension
from applications.papers.registration_form import registration
from applications.papers.result_sheet import result_sheet
from applications.papers.submission_receipt import submission_receipt
from applications.papers.words import masked_id, moment

_TITLES = {
    DocumentKind.SUBMISSION_RECEIPT: "申请回执",
    DocumentKind.ACCEPTANCE_NOTICE: "受理通知书",
    DocumentKind.CORRECTION_NOTICE: "补正材料一次性告知书",
    DocumentKind.NON_ACCEPTANCE_NOTICE: "不予受理通知书",
    DocumentKind.REFUSAL_NOTICE: "不予办理决定书",
    DocumentKind.SUSPENSION_NOTICE: "特别程序告知书",
    DocumentKind.EXTENSION_NOTICE: "延长办理期限通知书",
    DocumentKind.DELIVERY_RECEIPT: "送达回证",
    DocumentKind.RESULT_SHEET: "一单反馈",
}


def html_of(document: Document, *, missing: Iterable[int] = (), is_page: bool = False) -> str:
    """The paper as HTML: for WeasyPrint, or with `is_page` as a page of its own for a browser.

    `missing` are code points that no font has: they become blanks to be filled in by hand, and the paper says so.
    """
    points = tuple(missing)
    kind = DocumentKind(document.kind)
    template, content = _CONTENT[kind]
    html = render_to_string(
        template, {**_frame(document), **content(document), "is_page": is_page, "warning": warning_of(points)}
    )
    return html.translate(dict.fromkeys(points, "〔\u3000\u3000〕"))


def warning_of(missing: Iterable[int]) -> str:
    """字库未收录 U+323B0，窗口手工填写; empty when every character can be printed."""
    points = "、".join(f"U+{point:04X}" for point in missing)
    return f"字库未收录 {points}，窗口手工填写" if points else ""


def title_of(document: Document) -> str:
    """The form has the region's own title; notices have the law's."""
    return _TITLES.get(DocumentKind(document.kind)) or document.application.scheme.spec.form.title


def verify_url(document: Document) -> str:
    """Where the QR code leads: the number only, never a name or the check code."""
    return f"{settings.SITE_URL}/verify/?n={document.number}"


def _frame(document: Document) -> dict[str, Any]:
    """Head and foot, the same on each paper."""
    application = document.application
    return {
        "title": title_of(document),
        "service_name": settings.SERVICE_NAME,
        "place": application.region.full_name,
        "case_number": application.number,
        "number": document.number,
        "check_code": document.check_code,
        "made_at": moment(document.requested_at),
        "made_on": plain_day(timezone.localdate(document.requested_at)),
        "made_iso": document.requested_at.isoformat(),
        "qr": segno.make(verify_url(document), error="m").svg_data_uri(border=2, scale=4, omitsize=True),
        "notice_of_environment": settings.ENVIRONMENT_NOTICE,
        "name": application.subject_name,
        "masked_id": masked_id(application.subject_id_no),
    }


_CONTENT: dict[DocumentKind, tuple[str, Callable[[Document], dict[str, Any]]]] = {
    DocumentKind.REGISTRATION: ("pdf/registration.html", registration),
    DocumentKind.SUBMISSION_RECEIPT: ("pdf/submission_receipt.html", submission_receipt),
    DocumentKind.ACCEPTANCE_NOTICE: ("pdf/notice.html", notice(acceptance)),
    DocumentKind.CORRECTION_NOTICE: ("pdf/notice.html", correction),
    DocumentKind.NON_ACCEPTANCE_NOTICE: ("pdf/notice.html", notice(rejection("不予受理"))),
    DocumentKind.REFUSAL_NOTICE: ("pdf/notice.html", notice(rejection("不予办理"))),
    DocumentKind.SUSPENSION_NOTICE: ("pdf/notice.html", notice(suspension)),
    DocumentKind.EXTENSION_NOTICE: ("pdf/notice.html", notice(extension)),
    DocumentKind.DELIVERY_RECEIPT: ("pdf/delivery_receipt.html", delivery_receipt),
    DocumentKind.RESULT_SHEET: ("pdf/result_sheet.html", result_sheet),
}
