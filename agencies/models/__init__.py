from agencies.models.calendar import CalendarYear
from agencies.models.office import Agency, Office, OfficeRoute
from agencies.models.posting import Posting
from agencies.models.region import ABOVE, Region
from agencies.models.scheme import Item, Scheme, SchemeText

__all__ = [
    "ABOVE",
    "Agency",
    "CalendarYear",
    "Item",
    "Office",
    "OfficeRoute",
    "Posting",
    "Region",
    "Scheme",
    "SchemeText",
]
