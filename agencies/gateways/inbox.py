"""The portal's own desk: the office's queue is a query, so a message is there as soon as it is marked so."""

from agencies.gateways.base import Answer, Ending, Message


class InboxGateway:
    def send(self, message: Message) -> Answer:
        return Answer(Ending.DELIVERED)
