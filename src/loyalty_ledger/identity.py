"""How the ledger knows people without naming them: identifiers as keyed hashes.

The key is the installation's secret. The same input under the same key gives the same ledger
anywhere; without the key a hash says nothing.
"""

import hashlib
import hmac
import os
import re
import secrets
from base64 import b32encode
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import eq
from pathlib import Path
from typing import NamedTuple

from loyalty_ledger.domain.promo_code import Draw
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.sent import LONGEST_TEXT, is_printable

KINDS = ("id", "external", "email", "phone", "card")
_WIRE_KINDS = {
    "sessionm_id": "id",
    "id": "id",
    "external_id": "external",
    "external": "external",
    "email": "email",
    "phone": "phone",
    "card": "card",
}
SHORTEST_KEY, FEWEST_CHARACTERS = 32, 8
DEFAULTS = (
    *("changeme", "changethis", "replaceme", "replacethis", "password", "yoursecret", "secretkey"),
    *("default", "example", "qwerty", "letmein", "measurement"),
)
WORDS = (
    *("development", "insecure", "password", "loyalty", "staging", "ledger", "secret", "sample"),
    *("admin", "local", "token", "demo", "here", "prod", "test", "your", "dev", "key"),
)
"""What people write where a key goes. One or two stand in random text, too; ten letters that are
more than a quarter of it do not: of random keys less than one in a thousand million is refused."""
MOST_IN_WORDS = 9


class Reference(NamedTuple):
    """What somebody calls a customer: a kind, for external ids a type, and the plain value."""

    kind: str
    type: str
    value: str

    @property
    def field(self) -> str:
        """The field of personal data that the plain value is kept under."""
        return f"{self.kind}:{self.type}" if self.type else self.kind


def as_external(reference: Reference) -> Reference:
    """An internal id, taken for an external one."""
    return Reference("external", "", reference.value)


def parse_reference(text: str) -> Reference:
    """`kind:value`, or a bare internal id; Rejected when it can be nobody's."""
    kind, colon, value = text.partition(":")
    if not colon:
        kind, value = "id", text
    if kind not in KINDS:
        raise _names_nobody(text, f"write KIND:VALUE with one of {', '.join(KINDS)}")
    reference = normalised(kind, "", value)
    if not is_printable(value) or not reference.value:
        what = (
            "printable characters, digits among them" if kind == "phone" else "printable characters"
        )
        raise _names_nobody(text, f"{kind} must be text of 1 to {LONGEST_TEXT} {what}")
    return reference


def _names_nobody(text: str, remedy: str) -> Rejected:
    shown = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
    return Rejected(Reason.VALIDATION, f"customer {shown!r} names nobody: {remedy}")


def wire_reference(value: str, type_name: str | None) -> Reference:
    """A customer as a body names him; without a type the id is an external one."""
    if type_name is None:
        return Reference("external", "", value)
    kind = _WIRE_KINDS.get(type_name.lower(), "external")
    given_type = type_name if type_name.lower() not in _WIRE_KINDS else ""
    return normalised(kind, given_type, value)


def normalised(kind: str, type_name: str, value: str) -> Reference:
    """The reference in the one spelling it is known by."""
    if kind == "email":
        value = value.strip().lower()
    elif kind == "phone":
        value = "".join(filter(str.isdigit, value))
    return Reference(kind, type_name, value)


class Keyring:
    """Makes keyed hashes under the installation's secret."""

    def __init__(self, secret: bytes):
        # A copy costs less than a new one, and unlike `hmac.digest` it keeps the interpreter: where
        # threads contend for it, giving it up for a microsecond takes milliseconds to come back.
        self._begun = hmac.new(secret, digestmod=hashlib.sha256)

    def digest(self, reference: Reference) -> str:
        """What an identifier is known by in the log: 32 hexadecimal digits."""
        return self._mac("identifier", reference.kind, reference.type, reference.value).hex()[:32]

    def customer_id(self, reference: Reference, number: int) -> str:
        """The id of the customer enrolled under an identifier as its `number`th, from 1."""
        mac = self._mac("customer", reference.kind, reference.type, reference.value, str(number))
        return "c" + b32encode(mac[:15]).decode().lower()

    def code_digest(self, code: str) -> str:
        """What a code that stands for an offer is known by in the log, however it was typed."""
        return self._mac("offer code", _as_typed(code)).hex()[:32]

    def signing_secret(self, key_id: str, digest: str) -> str:
        """What requests of a key are signed with, as long as its secret has this digest."""
        return self._mac("signing", key_id, digest).hex()

    def note_digest(self, text: str) -> str:
        """What data that is kept with an offer is known by in the log."""
        return self._mac("offer note", text).hex()[:32]

    def receipt_digest(self, code: str) -> str:
        """What a code on a receipt is known by in the log, in whatever case it was typed."""
        return self._mac("receipt code", code.strip().casefold()).hex()[:32]

    def promo_digest(self, code: str) -> bytes:
        """What a generated promo code is known by, however it was typed: 16 bytes."""
        return self._mac("promo code", _as_typed(code.strip()))[:16]

    def promo_digests(self, codes: Iterable[bytes]) -> Iterator[bytes]:
        """The same for generated codes as they were made, a million of them in seconds."""
        length = PROMO_CODE_LENGTH.to_bytes(4)
        started = self._begun.copy()
        started.update(_framed("promo code") + length)
        for code in codes:
            mac = started.copy()
            mac.update(code)
            yield mac.digest()[:16]

    def drawn_code(self, draw: Draw) -> str:
        """The code that follows from a draw: the same again whenever it is shown."""
        mac = self._mac("drawn promo code", *map(str, draw))
        return mac[:PROMO_CODE_LENGTH].translate(_BY_BYTE).decode()

    def drawn_digest(self, draw: Draw) -> str:
        """What the code that follows from a draw is known by, in hexadecimal digits."""
        return self.promo_digest(self.drawn_code(draw)).hex()

    def listed_digest(self, code: str) -> bytes:
        """What a promo code of a list by others is known by, in whatever case: 16 bytes."""
        return self._mac("listed promo code", code.strip().casefold())[:16]

    @property
    def check(self) -> str:
        """A keyed hash by which the key is recognised."""
        return self._mac("check").hex()[:32]

    def _mac(self, *parts: str) -> bytes:
        mac = self._begun.copy()
        mac.update(b"".join(map(_framed, parts)))
        return mac.digest()


def _framed(part: str) -> bytes:
    """The part behind its length, so that no two lists of parts are alike."""
    encoded = part.encode(errors="surrogatepass")
    return len(encoded).to_bytes(4) + encoded


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKE = str.maketrans("OIL", "011", "- ")
CODE_LENGTH = 8


def make_code() -> str:
    """A random code of 40 bits that people can read out: Crockford's base 32."""
    return "".join(secrets.choice(_CROCKFORD) for _ in range(CODE_LENGTH))


PROMO_CODE_LENGTH = 12
_BY_BYTE = bytes(ord(_CROCKFORD[byte & 31]) for byte in range(256))


def make_promo_codes(count: int) -> Iterator[str]:
    """That many random codes of 60 bits each, in Crockford's base 32."""
    drawn = secrets.token_bytes(count * PROMO_CODE_LENGTH).translate(_BY_BYTE).decode()
    for start in range(0, len(drawn), PROMO_CODE_LENGTH):
        yield drawn[start : start + PROMO_CODE_LENGTH]


def _as_typed(code: str) -> str:
    return code.upper().translate(_LOOK_ALIKE)


def read_key(path: Path | None) -> bytes:
    """The secret of the key file, without one of the environment; Rejected says what is missing."""
    text = os.environ.get("LOYALTY_SECRET_KEY", "")
    if path is not None:
        try:
            text = path.read_text().strip()
        except OSError as error:
            raise Rejected(
                Reason.VALIDATION,
                f"the key file {path} cannot be read: name it with --key-file, or set"
                " LOYALTY_SECRET_KEY; `loyalty init` makes one for a new ledger; for one that"
                " was there before, put its own back: no other one opens it",
            ) from error
    why = _guessable(text)
    if why is not None:
        raise Rejected(
            Reason.VALIDATION,
            f"the secret key {why}, and can be guessed: make one of {SHORTEST_KEY} random bytes,"
            " as `loyalty init` does without LOYALTY_SECRET_KEY, or `openssl rand -hex 32`",
        )
    return text.encode()


def _guessable(key: str) -> str | None:
    """Why nobody should trust this key; None when nothing speaks against it."""
    if len(key) < SHORTEST_KEY:
        return f"is too short (at least {SHORTEST_KEY} characters are needed)"
    if len(set(key)) < FEWEST_CHARACTERS:
        return f"is made of fewer than {FEWEST_CHARACTERS} characters"
    if _repeats(key):
        return "says the same again and again"
    if _counts(key):
        return "counts on from one character to the next"
    plain = "".join(filter(str.isalnum, key)).lower()
    known = next((word for word in DEFAULTS if word in plain), None)
    if known is not None:
        return f"holds {known!r}, as a default does"
    in_words = sum(map(len, _WORD.findall(plain)))
    is_written = in_words > max(MOST_IN_WORDS, len(plain) // 4)
    return "is made of words, as somebody writes them down" if is_written else None


_WORD = re.compile("|".join(WORDS))


def _repeats(key: str) -> bool:
    """Whether most of it stands in it again, the same way on: what is random does not do so."""
    return any(
        sum(map(eq, key, key[shift:])) * 4 > (len(key) - shift) * 3
        for shift in range(1, len(key) // 2 + 1)
    )


def _counts(key: str) -> bool:
    """Whether most characters follow the one before, as in 0123 or dcba."""
    steps = [ord(one) - ord(before) for before, one in pairwise(key)]
    return max(steps.count(1), steps.count(-1)) * 2 > len(steps)


def make_key(path: Path) -> bool:
    """Make a key file that only its owner can read; False when there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    return True
