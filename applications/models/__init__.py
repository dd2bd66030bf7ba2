from applications.models.access import AccessLog, MaterialCheck
from applications.models.application import Application, Draft, NumberCounter
from applications.models.audit import AuditSeal
from applications.models.correction import Correction, CorrectionLine
from applications.models.dispatch import Dispatch, DispatchAttempt, Holder
from applications.models.document import Document
from applications.models.exchange import (
    ExchangeKey,
    Export,
    Heartbeat,
    InboundMessage,
    OfficeLink,
    OperatorDeed,
    Reconciliation,
    Ticket,
)
from applications.models.importing import Import, ImportRow
from applications.models.item_task import FactConfirmation, ItemTask
from applications.models.material import Material
from applications.models.notice import EmailConfirmation, LostAddress, Notice
from applications.models.pre_review import PreReview
from applications.models.question import Question
from applications.models.rating import Rating, Rectification
from applications.models.result import Result
from applications.models.status_log import StatusLog
from applications.models.visit import Visit

__all__ = [
    "AccessLog",
    "Application",
    "AuditSeal",
    "Correction",
    "CorrectionLine",
    "Dispatch",
    "DispatchAttempt",
    "Document",
    "Draft",
    "EmailConfirmation",
    "ExchangeKey",
    "Export",
    "FactConfirmation",
    "Heartbeat",
    "Holder",
    "Import",
    "ImportRow",
    "InboundMessage",
    "ItemTask",
    "LostAddress",
    "Material",
    "MaterialCheck",
    "Notice",
    "NumberCounter",
    "OfficeLink",
    "OperatorDeed",
    "PreReview",
    "Rating",
    "Reconciliation",
    "Rectification",
    "Question",
    "Result",
    "StatusLog",
    "Ticket",
    "Visit",
]
