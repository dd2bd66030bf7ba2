"""凭回执查进度: who holds the 申请回执 asks about the case without an account (DOMAIN.md 3.3, 5.2).

The case's number, the check code printed on the receipt and the end of the ID number open it; what is then shown is the
page's side (`portal.home.query`). Nothing is written but the count of tries.
"""

import re
from datetime import datetime

from django.utils import timezone

from applications import tries
from applications.enums import DocumentKind
from applications.models import Application, Document

ID_END = 4


def find(number: str, code: str, id_end: str, *, now: datetime | None = None) -> Application | None:
    """The case with what a progress page shows; None when number, code and the last four of the ID number do not fit.

    Refused after five wrong tries for a number in an hour. Unknown numbers are counted, looked up and compared like known
    ones. A case that got further items has several receipts; the code of each opens it.
    """
    number = _case_part(tries.plain(number))
    tried = tries.count("query", number, now or timezone.now())
    receipts = Document.objects.filter(kind=DocumentKind.SUBMISSION_RECEIPT, application__number=number)
    found = list(receipts.select_related("application"))
    codes = [tries.plain_code(receipt.check_code) for receipt in found] or [""]
    expected_end = found[0].application.subject_id_no[-ID_END:] if found else ""
    # Each is compared, also when an earlier one was wrong.
    fits = [tries.is_same(expected, tries.plain_code(code)) for expected in codes]
    is_person = tries.is_same(expected_end, tries.plain(id_end))
    if not (any(fits) and is_person and len(expected_end) == ID_END):
        return None
    tries.forgive(tried)
    return Application.objects.for_number(number).with_progress().prefetch_related("tasks__log").get()


def _case_part(number: str) -> str:
    """Of the receipt's own number, which stands beside the check code, the part that is the case's."""
    found = re.match(r"\d+-\d+-\d+(?=-)", number)
    return found[0] if found else number
