"""Days in words, and the word for what nobody has published: for pages, papers and messages alike. Pure."""

from datetime import date

WEEKDAYS = "一二三四五六日"
NOT_PUBLISHED = "未公布"


def plain_day(day: date) -> str:
    """2026年10月28日"""
    return f"{day.year}年{day.month}月{day.day}日"


def full_day(day: date) -> str:
    """2026年10月28日（星期三）"""
    return f"{plain_day(day)}（星期{WEEKDAYS[day.weekday()]}）"
