"""What has been stored once is read for ever: a golden file for every version of every event.

A golden file is never edited and never deleted. `tests/event_examples.py` writes missing ones.
"""

import re

import msgspec
import pytest

from event_examples import GOLDEN, META, example, golden_file
from loyalty_ledger.domain.events.table import EVENT_TYPES
from loyalty_ledger.store.mapper import EventCodec
from loyalty_ledger.upcasters import current_version

CODEC = EventCodec()


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_version_of_an_event_has_a_golden_file_that_decodes(name: str) -> None:
    for version in range(1, current_version(name) + 1):
        body = golden_file(name, version).read_bytes().rstrip(b"\n")
        assert msgspec.json.decode(body)["v"] == version
        event, meta = CODEC.decode(name, body)
        assert type(event) is EVENT_TYPES[name]
        assert meta == META


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_current_golden_file_is_what_its_event_is_stored_as(name: str) -> None:
    body = golden_file(name, current_version(name)).read_bytes().rstrip(b"\n")
    assert CODEC.encode(*CODEC.decode(name, body)).body == body


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_field_of_an_event_is_stored_and_comes_back(name: str) -> None:
    event = example(EVENT_TYPES[name])
    encoded = CODEC.encode(event, META)
    assert CODEC.decode(name, encoded.body) == (event, META)
    stored = msgspec.json.decode(encoded.body)["data"]
    assert set(stored) == {field.name for field in msgspec.structs.fields(event)}


def test_every_golden_file_belongs_to_an_event() -> None:
    for path in GOLDEN.iterdir():
        match = re.fullmatch(r"(\w+)\.v(\d+)\.json", path.name)
        assert match, path.name
        assert match[1] in EVENT_TYPES
        assert 1 <= int(match[2]) <= current_version(match[1])
