"""Single values and whole forms: what is accepted, what is said otherwise (STANDARDS.md 1.1, DOMAIN.md 4.2)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.fields import FIELDS
from applications.registration import (
    check_digit,
    clean_text,
    cross_problems,
    derived_from,
    display,
    id_number_problem,
    normalise,
    parse_date,
    problem,
)

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    "number",
    [
        "11010519491231002X",
        "150602199808159997",
        "150602199808159989",
        "15060219970102999X",
        "150626200002299997",
        "120117199808159990",
        "150603199808159991",
        "330113199808159993",
        "810000199808159997",
    ],
)
def test_id_number_with_right_check_digit_is_accepted(number: str) -> None:
    corrected = number[:17] + check_digit(number[:17])

    assert id_number_problem(corrected, TODAY) is None


@pytest.mark.parametrize(
    "typed", ["15060219970102999x", "１５０６０２１９９７０１０２９９９Ｘ", " 150602 19970102 999X "]
)
def test_id_number_is_stored_in_one_form(typed: str) -> None:
    assert normalise(FIELDS["id_no"], typed) == "15060219970102999X"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("150602199808159998", "第 18 位校验码不对，请对照证件再看一遍"),
        ("150602199902299996", "第 7 至 14 位不是一个日期，请对照证件再看一遍"),
        ("150602199813019999", "第 7 至 14 位不是一个日期，请对照证件再看一遍"),
        ("150602209901019995", "第 7 至 14 位的出生日期在今天以后，请对照证件再看一遍"),
        ("150602980815999", "这是 15 位的旧号码，2013 年起不能再用，请填身份证上的 18 位号码"),
        ("15060298081599", "少 4 位，应为 18 位"),
        ("990101199001019996", "前两位不是一个省的代码，请对照证件再看一遍"),
        ("440524188001010014", "第 7 至 14 位的出生日期在 130 年以前，请对照证件再看一遍"),
        ("1506021998081599971", "多 1 位，应为 18 位"),
        ("15060219980815999A", "只能有数字，最后一位可以是字母 X，请对照证件再看一遍"),
    ],
)
def test_id_number_problem_says_what_to_do(number: str, sentence: str) -> None:
    assert id_number_problem(number, TODAY) == sentence


@given(st.integers(0, 16), st.integers(1, 9))
def test_id_number_with_one_wrong_digit_is_always_found(position: int, step: int) -> None:
    number = "150602199808159997"
    wrong = number[:position] + str((int(number[position]) + step) % 10) + number[position + 1 :]

    assert id_number_problem(wrong, TODAY) is not None


def test_sex_and_birth_are_taken_from_the_number() -> None:
    assert derived_from("150602199808159997") == {"sex": "男", "birth": "1998-08-15"}
    assert derived_from("150602199808159989") == {"sex": "女", "birth": "1998-08-15"}


@pytest.mark.parametrize("name", ["䶮𠮷㛃·阿卜杜热合曼", "赵明远", "𬱖𰻝", "Ábel Kiss", "欧阳·娜娜"])
def test_name_keeps_its_code_points(name: str) -> None:
    assert normalise(FIELDS["name"], f" {name}　") == name


@pytest.mark.parametrize("dot", list("•‧・･⋅·᛫ㆍ.．"))
def test_name_dots_become_the_one_of_the_standard(dot: str) -> None:
    """STANDARDS.md D-17."""
    assert normalise(FIELDS["name"], f"阿卜杜{dot}热合曼") == "阿卜杜·热合曼"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("⾼明", "高明"), ("\uf967明", "不明"), ("\ufa11明", "\ufa11明"), ("J. R. Smith", "J. R. Smith")],
)
def test_name_is_stored_in_plain_characters(typed: str, stored: str) -> None:
    """STANDARDS.md 1.8: radicals copied out of a PDF, compatibility forms; the twelve unified ones stay."""
    assert normalise(FIELDS["name"], typed) == stored
    assert problem(FIELDS["name"], stored, label="姓名", today=TODAY) is None


@pytest.mark.parametrize("name", ["䶮𠮷㛃·阿卜杜热合曼", "𬱖𠅤", "\U00030000〇", "\U00031350\U0002ebf0", "Ábel Kiss"])
def test_name_of_any_han_block_is_taken(name: str) -> None:
    """STANDARDS.md D-19: also of extensions that Python's own tables do not know yet."""
    assert problem(FIELDS["name"], normalise(FIELDS["name"], name), label="姓名", today=TODAY) is None


@pytest.mark.parametrize(
    "name",
    [
        "赵1远",
        "赵?远",
        "赵□远",
        "赵*远",
        "赵\ufffd远",
        "赵😀",
        "赵\U000e0100远",
        "赵\ufe00远",
        "⿰赵远",
        "赵\u2ecd",
        "赵M",
    ],
)
def test_name_with_something_else_is_refused(name: str) -> None:
    """STANDARDS.md D-20."""
    stored = normalise(FIELDS["name"], name)

    assert problem(FIELDS["name"], stored, label="姓名", today=TODAY) == "姓名里不应有数字或符号，请对照证件再看一遍"


@pytest.mark.parametrize(
    ("code", "words"), [("\ue81e", "改用“龴”"), ("\ue000", "换一种输入法"), ("\U000f0001", "U+F0001")]
)
def test_character_of_a_private_place_is_named_and_its_own_is_offered(code: str, words: str) -> None:
    """It was dropped without a word once, and the name was another."""
    stored = normalise(FIELDS["name"], f"赵{code}")

    assert words in str(problem(FIELDS["name"], stored, label="姓名", today=TODAY))


@pytest.mark.parametrize("name", ["·阿卜杜", "阿卜杜·", "阿卜杜··热合曼"])
def test_dot_stands_once_between_two_parts(name: str) -> None:
    assert "只写一个" in str(problem(FIELDS["name"], name, label="姓名", today=TODAY))


@pytest.mark.parametrize("hidden", ["\u2028", "\u200b", "\x00", "\u202e", "\ufeff"])
def test_control_characters_are_dropped(hidden: str) -> None:
    assert clean_text(f"赵{hidden}明远") == "赵明远"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2026-9-1", "2026-09-01"),
        ("2026年9月1日", "2026-09-01"),
        ("2026.09.01", "2026-09-01"),
        ("20260901", "2026-09-01"),
        ("２０２６-９-１", "2026-09-01"),
        ("2026-02-30", None),
        ("昨天", None),
    ],
)
def test_date_is_read_in_the_ways_people_write_it(typed: str, stored: str | None) -> None:
    assert parse_date(typed) == stored


def test_impossible_date_gets_a_sentence_and_is_kept() -> None:
    field = FIELDS["enlist_date"]
    typed = normalise(field, "2021-02-30")

    assert typed == "2021-02-30"
    assert (
        problem(field, typed, label="入伍时间", today=TODAY) == "入伍时间不是一个日历上有的日期，请写成 2026-09-01 这样"
    )


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("138 0000 0001", "13800000001"), ("+86-13800000001", "13800000001"), ("0477-8575378", "0477-8575378")],
)
def test_phone_is_stored_plainly(typed: str, stored: str) -> None:
    field = FIELDS["mobile"]

    assert normalise(field, typed) == stored
    assert problem(field, stored, label="联系电话", today=TODAY) is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [("１９２１２３４５６７８", None), ("14401234567", "物联网"), ("1440123456789", "物联网"), ("1380000000", "11 位")],
)
def test_phone_is_one_that_a_person_answers(typed: str, words: str | None) -> None:
    """STANDARDS.md D-14."""
    field = FIELDS["mobile"]
    found = problem(field, normalise(field, typed), label="联系电话", today=TODAY)

    assert words in found if words and found else found is words


def test_dates_that_do_not_fit_are_named_where_they_are_mended() -> None:
    answers = {"id_no": "150602199808159997", "enlist_date": "2014-09-01", "discharge_date": "2014-08-01"}

    assert cross_problems(answers, TODAY) == {
        "enlist_date": "入伍时不满 17 周岁，请核对入伍时间和身份证号",
        "discharge_date": "退役时间应晚于入伍时间，请核对",
    }


def test_host_cannot_be_the_applicant() -> None:
    answers = {"id_no": "150602199808159997", "host_id": "150602199808159997"}

    assert cross_problems(answers, TODAY) == {"host_id": "被投靠人不能是您自己，请填户主的身份证号"}


def test_values_are_shown_in_words() -> None:
    assert display(FIELDS["hukou_mode"], "relative") == "直系亲属投靠"
    assert display(FIELDS["enlist_date"], "2021-09-10") == "2021年9月10日"


@given(st.text(max_size=80))
def test_no_value_of_any_field_raises(value: str) -> None:
    for field in FIELDS.values():
        problem(field, normalise(field, value), label=field.label, today=TODAY)
