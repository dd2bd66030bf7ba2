"""What every template may use beside its view's own context."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def service(request: HttpRequest) -> dict[str, Any]:
    """Name of the service, the strip for everything that is not production, and the person's posting."""
    return {
        "service_name": settings.SERVICE_NAME,
        "environment_notice": settings.ENVIRONMENT_NOTICE,
        "posting": getattr(request, "posting", None),
        "is_large": request.COOKIES.get("large") == "1",
    }
