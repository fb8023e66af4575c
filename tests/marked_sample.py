"""Households of the sample with everything personal marked, so that no byte of it is overlooked."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, MetaData, make_url, select

from sample_ledger import all_lines

ERASED, KEPT = 20, 4


class Marked:
    """Households whose members will be erased or kept, with a mark in all that names them."""

    def __init__(self) -> None:
        self.gone, self.kept = f"gone{secrets.token_hex(8)}", f"kept{secrets.token_hex(8)}"
        counts = Counter(_household(line) for line in all_lines())
        few = sorted(counts, key=lambda name: (counts[name], name))[: ERASED + KEPT]
        self.erased, self.others = few[:ERASED], few[ERASED:]

    def mark(self, household: str) -> str:
        """What every plain value of the household holds, and nothing else."""
        return f"{self.gone if household in self.erased else self.kept}-{household}"

    def external_id(self, household: str) -> str:
        return f"{self.mark(household)}-id"

    @cached_property
    def phones(self) -> dict[str, str]:
        """Digits only, and so marks of their own."""
        return {name: f"49{secrets.randbelow(10**13):013}" for name in self.erased + self.others}

    @property
    def marks(self) -> list[bytes]:
        """What must be found nowhere any more."""
        return [self.gone.encode(), *(self.phones[name].encode() for name in self.erased)]

    def customers(self) -> bytes:
        """The file that an operator loads."""
        return b"".join(json.dumps(self._customer(one)).encode() + b"\n" for one in self.phones)

    def _customer(self, household: str) -> dict[str, Any]:
        mark = self.mark(household)
        kinds = {"card": f"{mark}-card", "crm": f"{mark}-crm", "external": f"{mark}-id"}
        return {
            "identifiers": [{"type": kind, "value": value} for kind, value in kinds.items()],
            "email": f"{mark}@b.example",
            "phone": self.phones[household],
            "first_name": f"{mark}-first",
            "last_name": f"{mark}-last",
            "favourite_shop": f"{mark}-shop",
        }

    def early(self) -> bytes:
        """Sales before anybody is enrolled: they name nobody yet, by an e-mail address."""
        first = {_household(line): line for line in reversed(all_lines())}
        return b"".join(self._early(first[name], name) for name in self.phones)

    def _early(self, line: bytes, household: str) -> bytes:
        sale = self._marked(line, household)
        sale["request_id"] = f"early-{household}"
        sale["request_payload"]["transaction_id"] = f"early-{household}"
        email = {"user_id": f"{self.mark(household)}@B.example", "user_id_type": "Email"}
        sale["request_payload"]["payments"][0] |= email
        return json.dumps(sale).encode() + b"\n"

    def sales(self) -> bytes:
        """Every sale of these households."""
        chosen = (line for line in all_lines() if _household(line) in self.phones)
        marked = (self._marked(line, _household(line)) for line in chosen)
        return b"".join(json.dumps(sale).encode() + b"\n" for sale in marked)

    def _marked(self, line: bytes, household: str) -> dict[str, Any]:
        sale, mark = json.loads(line), self.mark(household)
        payload = sale["request_payload"]
        payload["guest_receipt_code"] = f"{mark}-receipt"
        payload["custom_data"] = {"delivered_to": f"{mark} street"}
        payload["items"][0]["engraving"] = f"{mark}-engraving"
        payload["payments"][0] |= {"user_id": f"{mark}-id", "custom_data": {"holder": f"{mark}"}}
        payload["payments"].append({"amount": 0, "type": "CARD", "holder": f"{mark}-second"})
        return dict(sale)

    def found_in(self, data: bytes) -> bool:
        return any(mark in data for mark in self.marks)


def _household(line: bytes) -> str:
    return str(json.loads(line)["request_payload"]["payments"][0]["user_id"])


def dump(engine: Engine) -> str:
    """Every row of every table, as text."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        rows = (row for table in tables.sorted_tables for row in connection.execute(select(table)))
        return "\n".join(repr(tuple(row)) for row in rows)


def at_rest(url: str) -> None:
    """As the server does by itself: what it removed goes when a checkpoint comes."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")


def files_of(folder: Path) -> Iterator[Path]:
    """Every file of a database but the write-ahead log of PostgreSQL, which is overwritten in time.

    What it held of a deleted row stays there, and in archives, until the segment is used again.
    """
    return (one for one in folder.rglob("*") if one.is_file() and "pg_wal" not in one.parts)
