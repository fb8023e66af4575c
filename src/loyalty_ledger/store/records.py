"""What goes into the log and comes out of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, NamedTuple

from loyalty_ledger.domain.events.base import Event

NO_META: Mapping[str, str] = MappingProxyType({})


class NewEvent(NamedTuple):
    """An event to append to a stream, with every customer it concerns."""

    stream: str
    event: Event
    customers: tuple[str, ...] = ()
    meta: Mapping[str, str] = NO_META


class Recorded(NamedTuple):
    """An event as it stands in the log.

    `version` counts from 1 in its stream without gaps; `recorded_at` never decreases along the log.
    """

    position: int
    stream: str
    version: int
    event: Event
    recorded_at: datetime
    meta: Mapping[str, str]


class Answer(NamedTuple):
    """The first answer to a request; `fingerprint` is of the request's body.

    `position` is the head of the log after the answer's commit; it is filled when read.
    """

    client_id: str
    store_id: str
    request_id: str
    fingerprint: str
    body: bytes
    position: int = 0


class PersonalValue(NamedTuple):
    """A piece of personal data, kept beside the log. A later value replaces an earlier one.

    `customer_id` is empty for what belongs to a sale that names nobody.
    """

    customer_id: str
    field: str
    reference: str
    value: str


class Forgotten(NamedTuple):
    """Personal data that is deleted: one value, or without a field all of the customer's."""

    customer_id: str
    field: str | None = None
    reference: str = ""


class Advance(NamedTuple):
    """A reader's position moves from `before` to `after`."""

    reader: str
    before: int
    after: int


class CatalogItem(NamedTuple):
    """An item of a catalog; categories broadest first."""

    sku: str
    name: str
    brand: str | None
    categories: tuple[str, ...]


class Snapshot(NamedTuple):
    """A stream's state after `version`, in the form that `state_version` names."""

    stream: str
    version: int
    state_version: str
    body: bytes


@dataclass(slots=True)
class Commit:
    """What one decision, or a group of them, writes: all of it or nothing.

    `expected` names the version of every stream that the decision read, 0 for one that did not
    exist, those it writes included. `read_at` is a position of the head no later than the moment
    any of them was read. `catalog` is a digest and its items, in ascending order of sku; `codes` a
    batch and the keyed hashes of its promo codes, ascending. `quiet` names customers about whom
    nothing may have been recorded after these positions. `forgotten` is deleted before `personal`
    is written.
    """

    events: list[NewEvent]
    expected: dict[str, int]
    read_at: int
    advance: Advance | None = None
    answers: list[Answer] = field(default_factory=list)
    personal: list[PersonalValue] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    catalog: tuple[str, Iterable[CatalogItem]] | None = None
    codes: tuple[str, Sequence[bytes]] | None = None
    quiet: dict[str, int] = field(default_factory=dict)
    forgotten: list[Forgotten] = field(default_factory=list)


class Appended(NamedTuple):
    """A commit that is in the log.

    Without events `first` is one past `last`. `changed` holds the streams that others wrote
    between `read_at` and this commit, with their versions.
    """

    first: int
    last: int
    changed: Mapping[str, int]
    recorded_at: datetime


class Head(NamedTuple):
    """The end of the log; `recorded_at` is None while it is empty."""

    position: int
    digest: bytes
    recorded_at: datetime | None


class StreamTail(NamedTuple):
    """A stream: the snapshot, if one fits, the events after it, and the version reached."""

    snapshot: Snapshot | None
    events: list[Recorded]
    version: int


class Loaded(NamedTuple):
    """Streams as they stood at `position` or later: the head was read before them.

    Nothing of them was written after `seen`.
    """

    position: int
    seen: int
    streams: dict[str, StreamTail]


class Conflict(Exception):  # noqa: N818 - an outcome of a race, not an error
    """Somebody else was faster; nothing was written. Read again and decide again.

    `streams` are those whose version is not the expected one; `what` says what moved.
    """

    def __init__(
        self,
        what: Literal["streams", "answers", "tracking", "quiet"],
        streams: frozenset[str] = frozenset(),
        message: str = "",
    ):
        super().__init__(message or f"{what} changed: {', '.join(sorted(streams)[:5])}")
        self.what = what
        self.streams = streams


class Busy(Exception):  # noqa: N818 - says what it is
    """Others were faster each time, or held what it takes too long; nothing was written."""

    def __init__(self) -> None:
        super().__init__("the ledger is busy: nothing was changed, try again")


class NotStored(ConnectionError):  # noqa: N818 - says what it is
    """The database could not be reached, or the connection was lost; nothing was written."""


class OutcomeUnknown(ConnectionError):  # noqa: N818 - says what it is
    """The connection was lost while committing, and the database could not be asked since."""
