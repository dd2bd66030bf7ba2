"""Vocabulary of the directory."""

from django.db import models


class Role(models.TextChoices):
    CLERK = "clerk", "窗口人员"
    REVIEWER = "reviewer", "审核人员"
    APPROVER = "approver", "批准人员"
    SUPERVISOR = "supervisor", "督办人员"
    ADMINISTRATOR = "administrator", "管理员"
    AUDITOR = "auditor", "审计人员"


class Level(models.IntegerChoices):
    """How deep a region lies; the five levels of 省、市、县、乡、村 below the nation."""

    NATION = 0, "国家"
    PROVINCE = 1, "省级"
    CITY = 2, "地市级"
    COUNTY = 3, "县级"
    TOWNSHIP = 4, "乡级"
    VILLAGE = 5, "村级"


class GatewayKind(models.TextChoices):
    """How a dispatch reaches an office."""

    INBOX = "inbox", "本平台工作台"
    HTTP = "http", "部门系统推送"
    BATCH = "batch", "离线交换"


class LimitUnit(models.TextChoices):
    WORKING_DAY = "working_day", "个工作日"
    CALENDAR_DAY = "calendar_day", "天"
    AT_ONCE = "at_once", "当场"
    NEXT_YEAR_DATE = "next_year_date", "次年某日前"


class SettlementKind(models.TextChoices):
    """安置方式: decides who a scheme and an item apply to (退役军人安置条例)."""

    SELF_EMPLOYED = "self_employed", "自主就业"
    ASSIGNED_JOB = "assigned_job", "安排工作"
    MONTHLY_PENSION = "monthly_pension", "逐月领取退役金"
    CIVILIAN_TRANSFER = "civilian_transfer", "转业"
    DEMOBILISED = "demobilised", "复员"
    RETIRED = "retired", "退休"
    SUPPORTED = "supported", "供养"
