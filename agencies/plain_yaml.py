"""YAML as region files and calendars use it: of few levels and without references.

A short text with references or thousands of brackets can stand for a very long value, and take minutes to read.
"""

from typing import Any

import yaml

_LEVELS = 20


def read(text: str) -> Any:
    """The value of a text. Raises yaml.YAMLError, with a mark where a line can be named."""
    level = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > _LEVELS or isinstance(event, yaml.AliasEvent):
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem="层次太多，或者用了引用", problem_mark=mark)
    return yaml.safe_load(text)
