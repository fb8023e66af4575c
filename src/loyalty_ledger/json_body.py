"""The JSON object in a body: one that says one thing, of a size and depth that may be read."""

import json
import re
from collections.abc import Mapping
from decimal import (
    MAX_PREC,
    Context,
    Decimal,
    DecimalException,
    InvalidOperation,
    Overflow,
    Subnormal,
)
from typing import Any

import msgspec

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.sent import DEEPEST, USUAL, Limits, is_printable, refused, shown

MOST_SEARCHED = 65_536
_QUOTED = re.compile(rb'"[^"]*"?')
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_NUMBERS = Context(
    prec=MAX_PREC, Emax=308, Emin=-308, traps=[InvalidOperation, Overflow, Subnormal]
)
"""As far as doubles go, though exactly: everybody who reads an answer can hold such numbers."""
_DECODER = msgspec.json.Decoder(float_hook=_NUMBERS.create_decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decoded(body: bytes, limits: Limits = USUAL) -> Mapping[str, Any]:
    """The JSON object in these bytes, its numbers exact; Rejected when there is none."""
    if len(body) > limits.longest:
        mib = limits.longest >> 20
        raise Rejected(Reason.VALIDATION, f"longer than {mib} MiB, the most that is taken")
    # Counted only where there could be so many: most bodies are of a sale.
    if len(body) > limits.values and body.count(b",") > limits.values:
        raise _too_many(limits.values, "values")
    if _is_too_deep(body, limits):
        raise Rejected(Reason.VALIDATION, f"deeper than {DEEPEST} lists and objects in each other")
    try:
        envelope = _DECODER.decode(body)
    except DecimalException:
        raise _told(body, "holding a number beyond 1E308, or nearer to 0 than 1E-308") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(Reason.VALIDATION, f"not readable as JSON: {error}") from error
    if not isinstance(envelope, dict):
        raise Rejected(Reason.VALIDATION, "must be a JSON object")
    _refuse_ambiguous(body, envelope)
    return envelope


def _refuse_ambiguous(body: bytes, envelope: Mapping[str, Any]) -> None:
    """Rejected when a name stands twice in an object, or a text holds a NUL.

    Of two members of one name only one is in what was made of the body: written out again it has
    fewer colons. A colon is written as itself or as one escape, in names and texts as between them.
    """
    colons, has_nul = body.count(b":"), False
    if b"\\" in body:
        escapes = body.replace(rb"\\", b"")
        has_nul = rb"\u0000" in escapes
        colons += escapes.count(rb"\u003a") + escapes.count(rb"\u003A")
    if has_nul:
        raise _told(body, "holding a NUL, which no text may")
    if _ENCODER.encode(envelope).count(b":") < colons:
        raise _told(body, "ambiguous: a name stands twice in one object")


def _told(body: bytes, why: str) -> Rejected:
    """The refusal of a body that says what cannot be taken, naming the first place of it.

    In a large one it is not searched for: that would cost many times what reading it did.
    """
    if len(body) > MOST_SEARCHED:
        return Rejected(Reason.VALIDATION, why)
    try:
        whole = json.loads(body, object_pairs_hook=_Members, parse_int=str, parse_float=_number)
    except ValueError as error:
        return Rejected(Reason.VALIDATION, f"not readable as JSON: {error}")
    path, problem = _fault(whole) or ("", "is not readable as JSON")
    return refused([(path.removeprefix("."), problem)])


class _Members(list[tuple[str, Any]]):
    """An object as it was written: what stands in it, under whatever names."""


def _number(text: str) -> Decimal:
    try:
        return _NUMBERS.create_decimal(text)
    except DecimalException:
        return _TOO_FAR


_TOO_FAR = Decimal("NaN")


def _fault(value: Any) -> tuple[str, str] | None:
    """The first place in a value where it says what cannot be taken, and what that is."""
    if isinstance(value, str):
        return ("", "holds a NUL, which no text may") if "\x00" in value else None
    if isinstance(value, _Members):
        return _fault_of_members(value)
    if isinstance(value, list):
        for number, one in enumerate(value):
            if (found := _fault(one)) is not None:
                return f"[{number}]{found[0]}", found[1]
    if value is _TOO_FAR:
        return "", "is a number beyond 1E308, or nearer to 0 than 1E-308"
    return None


def _fault_of_members(members: _Members) -> tuple[str, str] | None:
    names = set[str]()
    for name, value in members:
        twice = ("", "stands twice in one object") if name in names else None
        if (found := twice or _fault(name) or _fault(value)) is not None:
            known = name if is_printable(name, 40) else shown(name)
            return f".{known}{found[0]}", found[1]
        names.add(name)
    return None


def _too_many(most: int, what: str) -> Rejected:
    return Rejected(Reason.VALIDATION, f"of more than {most:,} {what}, the most taken")


def _is_too_deep(body: bytes, limits: Limits) -> bool:
    """Told before anything is made of it: what is deep costs much to make and to let go of.

    Each round takes the innermost lists and objects away. Rejected when there are too many.
    """
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    left = _brackets(body, limits)
    if left.count(b"[") > limits.nested:
        raise _too_many(limits.nested, "lists and objects")
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")
    return b"[]" in left or left.count(b"[") > DEEPEST


def _brackets(body: bytes, limits: Limits) -> bytes:
    """The brackets of a body outside its texts, all written as those of lists."""
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in body else body
    # A value is at most a name and a text, of two quotes each.
    if plain.count(b'"') > 4 * limits.values:
        raise _too_many(limits.values, "values")
    # Two quotes with nothing of account between them are a text without brackets.
    marks = plain.translate(_ALIKE, _NO_STRUCTURE).replace(b'""', b"")
    return _QUOTED.sub(b"", marks)
