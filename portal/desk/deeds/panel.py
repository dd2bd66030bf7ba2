"""The deeds that the panel beside a task offers, in its order."""

from applications import workflow
from portal.desk.deeds.base import Deed
from portal.desk.deeds.deciding import Approve, ApproveRefusal, Complete, Propose, Refuse, SendBack, Terminate
from portal.desk.deeds.fulfilling import HandOver, Mail, MakeReady, Pay, Produce
from portal.desk.deeds.receiving import (
    Accept,
    AcceptProvisionally,
    ConfirmFact,
    DoNotAccept,
    RequestCorrection,
    Take,
    Transfer,
)
from portal.desk.deeds.time_limits import Extend, Resume, Suspend
from portal.desk.deeds.visiting import CallIn, OfferTimes, RecordNoShow, RecordVisit
from portal.desk.sight import Sight

# In the order of the panel.
DEEDS: tuple[type[Deed], ...] = (
    ConfirmFact, Accept, AcceptProvisionally, Complete, Approve, Propose, RequestCorrection, RecordVisit, RecordNoShow,
    OfferTimes, CallIn, Resume, SendBack, Suspend, Extend, DoNotAccept, Refuse, ApproveRefusal, Pay, Produce, MakeReady, Mail,
    HandOver, Take, Transfer, Terminate,
)  # fmt: skip
BY_ACTION = {deed.action: deed for deed in DEEDS}


def deeds(sight: Sight, bound: Deed | None = None) -> list[Deed]:
    """What the officer may do with the task now; `bound` is the one that was sent and takes its own place."""
    open_actions = workflow.available(sight.task, sight.party)
    found = [
        bound if bound is not None and deed is type(bound) else deed(sight=sight)
        for deed in DEEDS
        if deed.action in open_actions and deed.is_offered(sight)
    ]
    usual = [deed for deed in found if not deed.is_rare]
    if len(usual) == 1:
        usual[0].is_only = True
    return found
