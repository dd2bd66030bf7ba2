"""The ways that the panel beside a task offers, in its order."""

from applications import workflow
from portal.desk.sight import Sight
from portal.desk.ways.base import Way
from portal.desk.ways.deciding import Approve, ApproveRefusal, Complete, Propose, Refuse, SendBack, Terminate
from portal.desk.ways.fulfilling import HandOver, Mail, MakeReady, Pay, Produce
from portal.desk.ways.receiving import (
    Accept,
    AcceptProvisionally,
    ConfirmFact,
    DoNotAccept,
    RequestCorrection,
    Transfer,
)
from portal.desk.ways.time_limits import Extend, Resume, Suspend
from portal.desk.ways.visiting import CallIn, OfferTimes, RecordNoShow, RecordVisit

# In the order of the panel.
WAYS: tuple[type[Way], ...] = (
    ConfirmFact, Accept, AcceptProvisionally, Complete, Approve, Propose, RequestCorrection, RecordVisit, RecordNoShow,
    OfferTimes, CallIn, Resume, SendBack, Suspend, Extend, DoNotAccept, Refuse, ApproveRefusal, Pay, Produce, MakeReady, Mail,
    HandOver, Transfer, Terminate,
)  # fmt: skip
BY_ACTION = {way.action: way for way in WAYS}


def ways(sight: Sight, bound: Way | None = None) -> list[Way]:
    """What the officer may do with the task now; `bound` is the one that was sent and takes its own place."""
    open_actions = workflow.available(sight.task, sight.party)
    found = [
        bound if bound is not None and way is type(bound) else way(sight=sight)
        for way in WAYS
        if way.action in open_actions and way.is_offered(sight)
    ]
    usual = [way for way in found if not way.is_rare]
    if len(usual) == 1:
        usual[0].is_only = True
    return found
