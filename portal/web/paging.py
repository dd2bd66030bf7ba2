"""Pages of lists that only grow: the newest rows, counted no further than a person would turn pages."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

ROWS_LISTED = 1000


class ShortPaginator(Paginator):
    """The first `ROWS_LISTED` rows. What lies further back is found by its number, and the page says so."""

    object_list: Any

    @cached_property
    def count(self) -> int:
        return int(self.object_list[:ROWS_LISTED].count())

    @property
    def is_cut(self) -> bool:
        """There may be more than are listed."""
        return self.count >= ROWS_LISTED
