"""个人信息处理告知: every field is classified, a published text stays, and the case keeps what its person was shown."""

import hashlib
from pathlib import Path

import pytest
from django.conf import settings

from agencies.fields import CLASSES, FIELDS
from applications import drafts, privacy, submission
from applications.demo import answers_for
from applications.enums import Action, Channel
from applications.errors import Invalid
from applications.models import StatusLog
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_every_field_is_classified() -> None:
    assert sorted(CLASSES) == sorted(FIELDS)


def test_published_texts_are_unchanged() -> None:
    texts = Path(settings.BASE_DIR) / "templates" / "privacy"

    found = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in texts.glob("*.html")}

    assert found == privacy.VERSIONS


def test_case_keeps_version_time_channel_and_digest() -> None:
    case = factories.submitted(ticked=["I01"])

    row = StatusLog.objects.get(application=case, action=Action.SUBMIT)

    digest = privacy.VERSIONS[privacy.CURRENT]
    assert row.data["privacy"] == {
        "version": privacy.CURRENT, "sha256": digest, "channel": "online", "agreed": []
    }  # fmt: skip
    assert row.at == case.submitted_at


def test_added_items_have_their_own_note() -> None:
    case = factories.submitted(ticked=["I04"])
    more = drafts.start_addition(case, user=case.entered_by)
    more = drafts.choose_items(more, ["I01"])
    more = drafts.save(more, answers_for(factories.as_soldier(case.entered_by)))
    factories.give_materials(more)

    submission.submit(more, user=case.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)

    assert "privacy" in StatusLog.objects.get(application=case, action=Action.ADD_ITEMS).data


def test_sensitive_uses_follow_the_field_maps() -> None:
    draft = factories.draft()

    uses = privacy.sensitive_uses(draft.registration)

    assert [(use.item, use.agency, use.fields) for use in uses] == [
        ("医保转移接续", "医保", ("是否转移医保个人账户余额",)),
    ]


def test_refusing_names_the_item_and_the_others_can_be_handed_in() -> None:
    draft = factories.draft()
    factories.give_materials(draft)
    with pytest.raises(Invalid) as caught:
        submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=False)

    use = privacy.sensitive_uses(draft.registration)[0]
    draft.ticked = [code for code in draft.ticked if code != use.code]
    draft.save()
    case = submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=False)

    assert list(caught.value.errors) == ["agree"]
    assert f"把{use.item}改为“否”" in caught.value.errors["agree"]
    assert use.code not in case.ticked


def test_window_confirms_that_it_was_read_out_for_every_form() -> None:
    clerk = factories.clerk()
    draft = factories.typed_at_window(clerk, ticked=["I01"])

    with pytest.raises(Invalid) as caught:
        submission.submit(draft, user=clerk, channel=Channel.WINDOW, promised=True, agreed=False)

    assert list(caught.value.errors) == ["agree"]
