"""Purpose matrix: what goes to each agency for each item is the item's field map and nothing else, on paper and on the wire."""

import pytest

from agencies.fields import FIELDS
from applications import outgoing
from applications.models import Dispatch
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

# Never of use to an agency that neither pays nor transfers money.
_MONEY = {"bank", "account", "card_bank", "pension_kind", "med_kind"}


@pytest.mark.parametrize("region", factories.PLACES.values(), ids=factories.PLACES.keys())
def test_wire_carries_the_fields_of_the_map_in_its_order(region: str) -> None:
    factories.submitted(region=region)

    for dispatch in Dispatch.objects.select_related("task__item__scheme", "task__office", "task__application"):
        task = dispatch.task
        wanted = [m.target for m in task.spec.field_map.get(task.office.agency_id, ())]
        sent = [line["name"] for line in outgoing.task_data(dispatch)["fields"]]
        assert [name for name in wanted if name in sent] == sent


def test_new_answer_of_a_case_changes_no_stored_payload() -> None:
    """A field added to the model or the form after the dispatch was written leaves it as it is."""
    application = factories.submitted()
    before = list(Dispatch.objects.order_by("pk").values_list("payload", "digest"))

    application.answers = {**application.answers, "bank": "别的银行", "new_field": "x"}
    application.save()

    assert list(Dispatch.objects.order_by("pk").values_list("payload", "digest")) == before
    for dispatch in Dispatch.objects.select_related("task__application", "task__item", "task__office"):
        assert "new_field" not in str(outgoing.task_data(dispatch))


@pytest.mark.parametrize("region", factories.PLACES.values(), ids=factories.PLACES.keys())
def test_envelope_has_these_parts_and_no_more(region: str) -> None:
    factories.submitted(region=region)

    for dispatch in Dispatch.objects.select_related("task__application", "task__item", "task__office"):
        envelope = outgoing.envelope(dispatch)
        assert set(envelope) == {
            "specversion", "id", "type", "source", "subject", "time", "datacontenttype", "dataschema", "data",
        }  # fmt: skip
        assert set(envelope["data"]) == {
            "task", "case_number", "item", "office", "version", "dispatch", "digest", "schema", "fields",
            "materials",
        }  # fmt: skip


def test_agency_without_money_matters_gets_no_account_number() -> None:
    assert set(FIELDS) >= _MONEY
    for region in factories.PLACES.values():
        factories.submitted(region=region)

    sent = {
        (dispatch.task.office.agency_id, line.get("field"))
        for dispatch in Dispatch.objects.select_related("task__office")
        for line in dispatch.payload["fields"]
    }
    assert [pair for pair in sent if pair[0] in ("police", "armed_forces") and pair[1] in _MONEY] == []
