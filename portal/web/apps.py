from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig


class WebConfig(AppConfig):
    name = "portal.web"
    default = True
    verbose_name = "页面"

    def ready(self) -> None:
        from portal.web import site  # noqa: F401  registers its checks


class StaticFilesConfig(DjangoStaticFilesConfig):
    """Leaves the print fonts out of collectstatic: no page loads them, and 30 MB would be compressed for minutes."""

    ignore_patterns = [*DjangoStaticFilesConfig.ignore_patterns, "fonts/*"]
