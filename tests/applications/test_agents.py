"""代办: somebody else hands in at the window; who it was stands in the case and on its papers."""

import json

import pytest

from applications import agents, drafts, submission
from applications.demo import soldier
from applications.enums import Action, Channel, DocumentKind
from applications.errors import Invalid
from applications.models import Application
from applications.papers.paper import html_of
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

AGENT = soldier("王芳", 9001)
SAID = {
    "agent_name": AGENT.name, "agent_relation": "配偶", "agent_id": AGENT.id_no, "agent_tel": "13900001111",
    "agent_authority": "letter",
}  # fmt: skip


def brought(**said: str) -> Application:
    made = factories.typed_at_window(factories.clerk(), ["I01", "I07"])
    made = drafts.save(made, said)
    return submission.submit(made, user=made.entered_by, channel=Channel.WINDOW, promised=True, agreed=True)


def paper(case: Application, kind: DocumentKind) -> str:
    return html_of(case.documents.filter(kind=kind).last())


def test_agent_stands_in_the_case_its_log_and_on_its_papers() -> None:
    case = brought(**SAID)
    receipt, form = paper(case, DocumentKind.SUBMISSION_RECEIPT), paper(case, DocumentKind.REGISTRATION)

    assert agents.of(case.answers) == SAID
    assert case.log.get(action=Action.SUBMIT).note == "代办人王芳（配偶）"
    for text in (receipt, form):
        assert "王芳（配偶）" in text
        assert "有委托书，原件已收" in text
        assert "代办人（签字）" in text
        assert AGENT.id_no not in text


def test_person_who_came_signs_alone() -> None:
    case = brought()

    assert "代办人" not in paper(case, DocumentKind.SUBMISSION_RECEIPT) + paper(case, DocumentKind.REGISTRATION)
    assert "申请人（签字）" in paper(case, DocumentKind.REGISTRATION)


@pytest.mark.parametrize("left_out", agents.AGENT)
def test_agent_is_named_with_everything_or_not_at_all(left_out: str) -> None:
    with pytest.raises(Invalid) as caught:
        brought(**{**SAID, left_out: ""})

    assert list(caught.value.errors) == [left_out]


def test_person_is_not_their_own_agent() -> None:
    made = factories.typed_at_window(factories.clerk(), ["I01"])
    made = drafts.save(made, {**SAID, "agent_id": str(made.answers["id_no"])})

    with pytest.raises(Invalid) as caught:
        submission.submit(made, user=made.entered_by, channel=Channel.WINDOW, promised=True, agreed=True)

    assert list(caught.value.errors) == ["agent_id"]


def test_no_office_is_sent_the_agent() -> None:
    case = brought(**SAID)
    factories.deliver_all()
    sent = [row.payload for task in case.tasks.all() for row in task.dispatches.all()]

    assert sent
    assert AGENT.id_no not in json.dumps(sent, ensure_ascii=False)


def test_what_is_typed_online_for_an_agent_is_not_taken() -> None:
    """An account hands in for its own number: nobody else is there."""
    made = factories.draft(ticked=["I01"])
    factories.give_materials(made)
    made = drafts.save(made, {**SAID, "agent_tel": ""})

    case = submission.submit(made, user=made.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)

    assert agents.of(case.answers) == {}


def test_another_hand_in_names_its_own_agent() -> None:
    case = brought(**SAID)
    addition = drafts.start_addition(case, user=case.entered_by)
    assert agents.of(addition.answers) == {}

    addition = drafts.choose_items(addition, ["I10"])
    factories.give_materials(addition)
    submission.submit(addition, user=case.entered_by, channel=Channel.WINDOW, promised=True, agreed=True)

    case.refresh_from_db()
    assert agents.of(case.answers) == {}
    assert [row.note for row in case.log.filter(action__in=[Action.SUBMIT, Action.ADD_ITEMS]).order_by("pk")] == [
        "代办人王芳（配偶）", "",
    ]  # fmt: skip
