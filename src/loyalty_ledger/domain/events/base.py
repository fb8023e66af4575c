"""What all events share. Start reading the ledger here, with the events of this folder.

An event says what happened in the business, in the past tense, with every fact the decision used.
Events are the storage format: their fields are never renamed or removed, only added with a default,
or moved on by an upcaster. `at` is business time; `cause` is `stream@version` of the event that an
outcome follows from; money is in minor units; `rule` is `kind:id` (`rule:base`, `campaign:june`,
`tier:club/silver`).
"""

from datetime import datetime

from msgspec import Struct


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A part of an event."""


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every event carries: the instant it holds from."""

    at: datetime
