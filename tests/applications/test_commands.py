"""Commands for whoever must explain: the table of states in the documentation, and one case from first to last."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from applications import review, visits
from applications.management.commands.states import table
from applications.models import ItemTask
from tests import factories


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def at(day: str) -> datetime:
    """Ten in the morning in China on a day."""
    return datetime.fromisoformat(f"{day}T02:00:00").replace(tzinfo=UTC)


def test_documentation_shows_the_table_of_states_as_it_is() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "states.md").read_text(encoding="utf-8")

    assert page[page.index("| 动作") :] == table() == printed("states")


@pytest.mark.usefixtures("directory")
def test_explain_case_tells_every_deed_and_counts_the_clock() -> None:
    """OR-24: accepted on 10 September 2026 with a pause from 15 to 18 September."""
    task = factories.queued_task("I04")
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer, at=at("2026-09-10"))
    visits.call_in(task, reviewer=reviewer, note="来采指纹", at=at("2026-09-15"))
    visits.record_visit(task, staff=reviewer, at=at("2026-09-18"))

    text = printed("explain_case", task.application.number)

    task = ItemTask.objects.get(pk=task.pk)
    assert text.startswith(f"办件 {task.application.number}\n")
    assert "2026-09-15 10:00 通知本人到场（审核人员 乌云其其格）办理中 → 待本人到场：来采指纹" in text
    assert "9月15日（星期二）至9月18日（星期五）因等本人到场暂停，中间 2 个工作日不算。" in text
    assert task.due_on is not None
    assert f"第 27 个工作日是 {task.due_on.month}月{task.due_on.day}日" in text
    assert "注意" not in text


@pytest.mark.usefixtures("directory")
def test_explain_case_prints_nothing_personal() -> None:
    application = factories.delivered()

    text = printed("explain_case", application.number)

    assert application.subject_id_no not in text
    assert application.subject_name not in text
    assert "还等：恢复户口" in text


@pytest.mark.usefixtures("directory")
def test_explain_case_shows_a_stored_day_that_differs_from_the_log() -> None:
    task = factories.queued_task("I04")
    ItemTask.objects.filter(pk=task.pk).update(next_on="2026-01-05")

    assert "注意：存的应处理日是 2026-01-05" in printed("explain_case", task.application.number)


@pytest.mark.django_db
def test_explain_case_says_when_there_is_no_such_case() -> None:
    with pytest.raises(CommandError, match="没有编号是 x-1 的办件"):
        call_command("explain_case", "x-1")
