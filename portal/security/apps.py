from django.apps import AppConfig

from portal.security import crypto


class SecurityConfig(AppConfig):
    name = "portal.security"
    verbose_name = "加密"

    def ready(self) -> None:
        """Nothing starts with wrong algorithms or without keys."""
        crypto.self_test()
        crypto.provider()
