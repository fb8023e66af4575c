"""Events to bytes and back.

A body is `{"v": schema version, "data": {...}, "meta": {...}}`. Names come from a closed table and
nothing in a stored byte can choose a class.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.table import EVENT_TYPES
from loyalty_ledger.upcasters import UPCASTERS, Upcasters, current_version, upcast


class UnknownEvent(ValueError):  # noqa: N818 - says what it is
    """An event name outside the closed table."""


class UnreadableEvent(ValueError):  # noqa: N818 - says what it is
    """A stored body that does not decode as the event it is named."""


class Encoded(NamedTuple):
    """An event as stored."""

    name: str
    body: bytes


class _Envelope(msgspec.Struct, gc=False):
    v: int
    meta: dict[str, str]


class _Untyped(_Envelope):
    data: dict[str, Any]


def _plain(value: object) -> str:
    # Test clocks hand out subclasses of datetime, which the encoder does not take for datetimes.
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise NotImplementedError


class EventCodec:
    """Encodes events and decodes them, whatever version they were stored in."""

    def __init__(
        self,
        types: Mapping[str, type[Event]] = EVENT_TYPES,
        upcasters: Upcasters = UPCASTERS,
    ):
        self._types = types
        self._upcasters = upcasters
        self._versions = {name: current_version(name, upcasters) for name in types}
        self._names = {event: name for name, event in types.items()}
        self._opening = {name: f'{{"v":{v},"data":'.encode() for name, v in self._versions.items()}
        self._encode = msgspec.json.Encoder(enc_hook=_plain).encode
        self._decoders = {name: self._decoder(name, event) for name, event in types.items()}
        self._untyped = msgspec.json.Decoder(_Untyped)

    @staticmethod
    def _decoder(name: str, event: type[Event]) -> msgspec.json.Decoder[Any]:
        envelope = msgspec.defstruct(name, [("data", event)], bases=(_Envelope,), gc=False)
        return msgspec.json.Decoder(envelope)

    def encode(self, event: Event, meta: Mapping[str, str]) -> Encoded:
        """The event as it will be stored.

        UnknownEvent when its class is not in the table; ValueError when it cannot be written as
        JSON: a lone surrogate, an `at` without a time zone.
        """
        name = self._names.get(type(event))
        if name is None:
            raise UnknownEvent(f"{type(event).__name__} is no event of this ledger")
        if event.at.tzinfo is None:
            raise ValueError(f"{name}: `at` needs a time zone")
        try:
            tail = b',"meta":' + self._encode(dict(meta)) + b"}" if meta else b',"meta":{}}'
            return Encoded(name, self._opening[name] + self._encode(event) + tail)
        except UnicodeEncodeError:
            raise ValueError(f"{name}: a lone surrogate cannot be stored") from None

    def decode(self, name: str, body: bytes) -> tuple[Event, Mapping[str, str]]:
        """The event and what was noted about it.

        UnknownEvent names a name outside the table; UnreadableEvent says why a body did not decode.
        """
        decoder = self._decoders.get(name)
        if decoder is None:
            raise UnknownEvent(f"the log holds {name!r}, which is no event of this ledger")
        try:
            stored = decoder.decode(body)
        except msgspec.DecodeError as error:
            return self._decode_old(name, body, error)
        if stored.v != self._versions[name]:
            return self._decode_old(name, body, None)
        return stored.data, stored.meta

    def _decode_old(
        self, name: str, body: bytes, why: msgspec.DecodeError | None
    ) -> tuple[Event, Mapping[str, str]]:
        current = self._versions[name]
        try:
            stored = self._untyped.decode(body)
            if why is not None and stored.v == current:
                raise UnreadableEvent(f"{name}: {why}")
            if not 1 <= stored.v <= current:
                raise UnreadableEvent(f"{name}: version {stored.v}, known are 1 to {current}")
            data = upcast(name, stored.v, stored.data, self._upcasters)
            event = msgspec.json.decode(msgspec.json.encode(data), type=self._types[name])
        except msgspec.DecodeError as error:
            raise UnreadableEvent(f"{name}: {error}") from error
        return event, stored.meta
