"""What an agency's system says is kept without the person: names, addresses and numbers, known ones and others."""

import pytest

from applications import hiding
from applications.models import Application

CASE = Application(
    subject_name="赵明远",
    subject_id_no="150602199001011234",
    answers={
        "address": "内蒙古鄂尔多斯市东胜区林荫路3号",
        "mobile": "13812345678",
        "account": "6217 0000 1234 5678 901",
        "discharged_on": "2026-03-01",
        "spouse": "李梅",
        "rank": None,
        "children": "2",
    },
)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("收件：赵明远已存在", "收件：…已存在"),
        ("住林荫路3号，户籍不符", "住…，户籍不符"),
        ("家属李梅不在库", "家属…不在库"),
        ("编号150602199001011234重复", "编号…重复"),
        ("账号 6217 0000 1234 5678 901 无效", "账号 … 无效"),
        ("退役日期 2026-03-01 早于 2026-02-01", "退役日期 … 早于 2026-02-01"),
        ("请联系 139 1111 2222 或 0477-8123456", "请联系 … 或 …"),
        ("转给 wang.li@example.com", "转给 …"),
        ("证件 15060219850101999X 有别的办件", "证件 … 有别的办件"),
        ("R-2026-000012：格式不对：第 2 项", "R-2026-000012：格式不对：第 2 项"),
        ("", ""),
    ],
)
def test_answer_is_kept_without_the_person(said: str, kept: str) -> None:
    assert hiding.without(said, CASE) == kept


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("150602199001011234-1", "…-1"),
        ("赵明远13812345678", "……"),
        ("2026-03-01-0007", "2026-03-01-0007"),
        ("SIM-AB12CD34EF", "SIM-AB12CD34EF"),
    ],
)
def test_receipt_number_made_of_the_person_is_not_kept(number: str, kept: str) -> None:
    assert hiding.numbers_without(number, CASE) == kept
