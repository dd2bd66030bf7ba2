"""What the guide says of items and their limits, grounds and ways. Pure: no database, no HTTP."""

from datetime import date

from agencies.spec import Basis, ItemSpec, MaterialSpec, SchemeSpec
from agencies.words import NOT_PUBLISHED, plain_day


def limit_text(spec: SchemeSpec, item: ItemSpec) -> str:
    """The promised limit in words: the item's own, else the one for the whole matter, else 未公布."""
    if item.promised_limit:
        return str(item.promised_limit)
    if spec.overall_limit:
        return f"{spec.overall_limit}（整件事的时限）"
    return NOT_PUBLISHED


def fee_text(spec: SchemeSpec, item: ItemSpec) -> str:
    """收费 in words: the item's own, else the one for the whole matter, else 未公布."""
    return str(item.fee or spec.fee or NOT_PUBLISHED)


def channel_text(spec: SchemeSpec, item: ItemSpec) -> str:
    """Where the item can be done, in words; a way that only this portal adds is told from what the document says."""
    if item.channel_note:
        return item.channel_note
    added = spec.online_channels and all(channel.by_operator for channel in spec.online_channels)
    return f"{ways_text(item)}（网上办是本平台增加的）" if added and item.online else ways_text(item)


def ways_text(item: ItemSpec) -> str:
    """Online, at the window, or both."""
    if item.online and item.window:
        return "窗口办、网上办都可以"
    return "网上办" if item.online else "到窗口办"


def ground_text(entry: Basis, day: date) -> str:
    """A legal ground as it is cited, and whether it is in force on the day."""
    if entry.valid_until and entry.valid_until < day:
        return f"{entry.text}（已废止，{plain_day(entry.valid_until)}止）"
    if entry.valid_from and entry.valid_from > day:
        return f"{entry.text}（{plain_day(entry.valid_from)}起施行）"
    return entry.text


def repealed_note(spec: SchemeSpec, source: str, day: date) -> str:
    """出自已废止的《…》 for what rests on a document that is no longer in force; empty otherwise."""
    document = spec.repealed(source, day)
    return f"出自已废止的《{document.title}》" if document else ""


def waits_text(spec: SchemeSpec, item: ItemSpec, day: date) -> list[str]:
    """What an item must wait for, why, and whether the rule behind it is still in force."""
    found = []
    for edge in item.requires:
        if edge.kind != "hard":
            continue
        what = f"“{spec.item(edge.item).title}”办结" if edge.item else spec.fact(edge.fact or "").name
        notes = [edge.note.rstrip("。"), repealed_note(spec, edge.source, day)]
        about = "；".join(note for note in notes if note)
        found.append(f"{what}（{about}）" if about else what)
    return found


def reporting_text(spec: SchemeSpec, day: date) -> str:
    """退役后几天内报到; a number out of a repealed document is said to be one, since nobody has published a newer."""
    limit = spec.reporting_limit
    if limit is None:
        return NOT_PUBLISHED
    words = f"批准退役后 {limit}内"
    if document := spec.repealed(limit.source, day):
        return f"现行期限{NOT_PUBLISHED}。《{document.title}》（已废止）规定{words}；请尽早报到，以安置地的通知为准"
    return words


def later_text(material: MaterialSpec) -> str:
    """That a paper may come after the form, and by when; empty for one that may not."""
    if not material.deferrable:
        return ""
    return f"可以先办后补，交表后 {material.defer_limit}内补交" if material.defer_limit else "可以先办后补"


def pre_review_text(spec: SchemeSpec) -> str:
    """Who looks through the form before the offices get it; empty where nobody does."""
    if spec.pre_review is None:
        return ""
    return f"登记表交上来先由{spec.agency(spec.pre_review.agency).name}预审，通过后才分送各部门。"
