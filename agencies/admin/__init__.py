"""The directory in the console: places, offices, postings, schemes and calendars, in Chinese throughout."""

from agencies.admin.calendar import CalendarYearAdmin
from agencies.admin.directory import AgencyAdmin, OfficeAdmin, PostingAdmin, RegionAdmin
from agencies.admin.rights import NeverDeleted, ReadOnly
from agencies.admin.schemes import ItemAdmin, SchemeAdmin

__all__ = [
    "AgencyAdmin",
    "CalendarYearAdmin",
    "ItemAdmin",
    "NeverDeleted",
    "OfficeAdmin",
    "PostingAdmin",
    "ReadOnly",
    "RegionAdmin",
    "SchemeAdmin",
]
