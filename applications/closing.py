"""What a case gets when its last item has ended, whoever ended it: an office's decision, time, or the person."""

from collections.abc import Iterable
from datetime import datetime

from applications import documents, notices
from applications.enums import CLOSED, ApplicationStatus, DocumentKind, NoticeKind
from applications.models import Application

_WITH_RESULT = CLOSED - {ApplicationStatus.WITHDRAWN}


def close(application: Application, *, details: Iterable[str], at: datetime) -> bool:
    """A case with a result gets its 办理结果反馈单 and its closing message, with the details of what ended last.

    False, and nothing written, while an item is open, and for a case that was withdrawn as a whole: it has no result.
    The caller holds the application's lock.
    """
    settled = Application.objects.get(pk=application.pk)
    if settled.status not in _WITH_RESULT:
        return False
    documents.request(settled, DocumentKind.RESULT_SHEET, at=at)
    notices.write(settled, NoticeKind.CLOSED, details=details, at=at)
    return True
