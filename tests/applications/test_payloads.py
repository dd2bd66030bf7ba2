"""Purpose matrix: what goes to each agency for each item is the item's field map and nothing else, on paper and on the wire.

`payloads.json` beside this file is the frozen picture: per region, item and agency what a fixed person's form gives. A new
field of a model or of the form leaves it as it is. A region file that changes what an agency gets changes it on purpose:
PORTAL_SNAPSHOTS=write makes it anew, and the difference is read before it is committed.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import time_machine
from django.test import Client

from agencies.fields import FIELDS
from applications import fanout, outgoing
from applications.demo import soldier
from applications.models import Dispatch, ItemTask
from portal.accounts.models import User
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


FROZEN = Path(__file__).with_name("payloads.json")
TODAY = "2026-11-26T10:00:00+08:00"


def sent_to_each(region: str) -> dict[str, dict[str, Any]]:
    """What each agency gets for each item of the region's scheme, out of one fixed person's complete form."""
    made = soldier("赵明远", 1)
    user = User.objects.create_user("fixed", legal_name=made.name, id_no=made.id_no, phone=made.phone)
    application = factories.submitted(user, region=region)
    materials = list(application.materials.all())
    found = {}
    for task in ItemTask.objects.filter(application=application).select_related(
        "application__scheme__region", "item__scheme__region", "office__agency"
    ):
        row = task.dispatches.first() or fanout.new_dispatch(task, materials, version=1, at=application.submitted_at)
        row.task = task
        found[f"{task.item.code} {task.office.agency_id}"] = outgoing.task_data(row)
    return found


def frozen_part(data: dict[str, Any]) -> dict[str, Any]:
    """Without what is another in each case (numbers, keys, digests, links), and without the version of the scheme."""
    return {
        "parts": sorted(data),
        "item": data["item"],
        "schema": re.sub(r"(/schemas/\d+)/[^/]+/", r"\1/*/", data["schema"]),
        "fields": [[line["name"], line["label"], line["value"], line["text"]] for line in data["fields"]],
        "materials": [
            [one["code"], one["name"], len(one["files"]), sorted({part for file in one["files"] for part in file})]
            for one in data["materials"]
        ],
    }


@pytest.mark.parametrize("region", factories.PLACES.values(), ids=factories.PLACES.keys())
def test_payload_of_each_item_and_agency_is_as_frozen(region: str) -> None:
    """A new field of a model, of the dictionary or of the form changes nothing that any agency gets."""
    with time_machine.travel(TODAY, tick=False):
        found = {name: frozen_part(data) for name, data in sent_to_each(region).items()}

    frozen = json.loads(FROZEN.read_text(encoding="utf-8")) if FROZEN.exists() else {}
    if os.environ.get("PORTAL_SNAPSHOTS") == "write":
        frozen[region] = found
        text = json.dumps(frozen, ensure_ascii=False, sort_keys=True, indent=None)
        FROZEN.write_text(text.replace("], [", "],\n [").replace('}, "', '},\n"') + "\n", encoding="utf-8")
    assert found == frozen[region]


@pytest.mark.parametrize("region", factories.PLACES.values(), ids=factories.PLACES.keys())
def test_each_payload_follows_the_schema_that_it_names(region: str) -> None:
    for data in sent_to_each(region).values():
        schema = Client().get(data["schema"].removeprefix("http://localhost:8000")).json()
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)

        validator.validate(data)
        assert schema["$id"] == data["schema"]
        foreign = {"name": "not_in_the_map", "label": "x", "value": "x", "text": "x"}
        assert not validator.is_valid({**data, "fields": [*data["fields"], foreign]})


def test_schema_of_an_unknown_version_or_agency_is_not_there() -> None:
    data = sent_to_each(factories.DONGSHENG)["I01 veterans"]
    path = data["schema"].removeprefix("http://localhost:8000")

    answers = [
        Client().get(path.replace(*change)) for change in (("veterans", "police"), ("I01", "I99"), ("2022", "1"))
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
