from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AgenciesConfig(AppConfig):
    name = "agencies"
    verbose_name = "机构与方案"


class BackOfficeConfig(admin_apps.AdminConfig):
    default = False
    default_site = "agencies.back_office.BackOffice"
