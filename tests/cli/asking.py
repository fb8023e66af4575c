"""What is asked of a shop on the command line, and what must come of it."""

from pathlib import Path
from typing import Any

import msgspec

from cli.command_line import Said, loyalty
from offers.till import Shop

NOBODYS = "nobody.aaaaaaaaaaaaaaaa"
SALE: dict[str, Any] = {"transaction_id": "T1", "open_time": "2026-03-10T12:00:00Z"}


def said(shop: Shop, *arguments: object, stdin: bytes = b"") -> Said:
    return loyalty(shop.url, *arguments, stdin=stdin)


def told(shop: Shop, *arguments: object, stdin: bytes = b"") -> Any:
    """What a command prints for programs, once it did what it was asked."""
    done = said(shop, *arguments, "--json", stdin=stdin)
    assert (done.code, done.err) == (0, ""), done
    assert done.out.count("\n") == 1
    return done.json


def shown(shop: Shop, *arguments: object) -> str:
    """What a command prints for people."""
    done = said(shop, *arguments)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def refused(shop: Shop, code: str, *arguments: object, stdin: bytes = b"") -> str:
    """Refused for people and for programs, with that code: how so. Only wrong codes are noted."""
    head = shop.ledger.log.head()
    plain = said(shop, *arguments, stdin=stdin)
    assert (plain.code, plain.out) == (1, "")
    as_json = said(shop, *arguments, "--json", stdin=stdin)
    assert (as_json.code, as_json.err) == (1, "")
    assert as_json.json["error"]["code"] == code
    message: str = as_json.json["error"]["message"]
    assert plain.err == f"Refused ({code}): {message}\n"
    after = [type(one.event).__name__ for one in shop.ledger.log.read(head.position, 10)]
    wrong = code == "promotion_not_available"
    assert after == (["PromoCodeRefused"] * 2 if wrong else [])
    return message


def written(folder: Path, value: object, name: str = "sale.json") -> Path:
    file = folder / name
    file.write_bytes(msgspec.json.encode(value))
    return file
