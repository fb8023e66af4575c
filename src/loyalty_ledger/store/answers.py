"""The first answers to requests."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from loyalty_ledger.store.bulk import insert_rows, select_for
from loyalty_ledger.store.records import Answer, Conflict
from loyalty_ledger.store.schema import requests
from loyalty_ledger.store.text import storable

Key = tuple[str, str, str]
_COLUMNS = {"client_id": "text", "store_id": "text", "request_id": "text"}
_SELECT = "SELECT r.client_id, r.store_id, r.request_id, r.fingerprint, r.body, r.position"
_JOIN = """JOIN requests AS r ON r.client_id = asked.client_id
    AND r.store_id = asked.store_id AND r.request_id = asked.request_id"""


def find(connection: Connection, keys: Collection[Key]) -> dict[Key, Answer]:
    """The stored answers among these (client id, store id, request id)."""
    asked = [tuple(storable(part, "request") for part in key) for key in dict.fromkeys(keys)]
    if not asked:
        return {}
    rows = select_for(connection, _SELECT, _JOIN, _COLUMNS, asked)
    found = (_answer(row) for row in rows)
    return {key_of(answer): answer for answer in found}


def store(connection: Connection, new: Sequence[Answer], position: int) -> None:
    """Store first answers; Conflict when one of the requests has been answered."""
    if not new:
        return
    try:
        insert_rows(connection, requests, [answer._replace(position=position) for answer in new])
    except IntegrityError as error:
        raise Conflict("answers", message="a request has already been answered") from error


def key_of(answer: Answer) -> Key:
    """What the answer is found by."""
    return answer.client_id, answer.store_id, answer.request_id


def _answer(row: Any) -> Answer:
    return Answer(row[0], row[1], row[2], row[3], bytes(row[4]), row[5])
