"""Celery queues follow from the agencies in the data: one queue, and one worker, per agency."""

from agencies.models import Agency

PAPERS = "papers"
NOTICES = "notices"
EXPORTS = "exports"
IMPORTS = "imports"
HOUSEKEEPING = "housekeeping"


def queue_of(agency_code: str) -> str:
    return f"agency.{agency_code}"


def all_queues() -> list[str]:
    """Every queue that something is sent to; each must have a worker."""
    agencies = [queue_of(code) for code in Agency.objects.values_list("code", flat=True)]
    return [*agencies, PAPERS, NOTICES, EXPORTS, IMPORTS, HOUSEKEEPING]
