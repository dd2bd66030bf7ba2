from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    verbose_name = "账户"

    def ready(self) -> None:
        """Listens to signing in and out."""
        import_module("portal.accounts.events")
