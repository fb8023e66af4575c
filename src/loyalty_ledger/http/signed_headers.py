"""The headers of a signed request: what they look like, and how they are described.

The example is the one that docs/service.md works out.
"""

from typing import Any

TIMESTAMP = "[0-9]{1,11}"
NONCE = "[!-~][ -~]{14,98}[!-~]"
SIGNATURE = "[0-9a-f]{64}"
SIGNED = (
    "HMAC-SHA256 under the signing secret, in hexadecimal digits, of five lines with a line end"
    " between them: the method, the path with its query as it is sent, X-Timestamp, X-Nonce, and"
    " the SHA-256 of the body in hexadecimal digits (of nothing, where there is none); of a request"
    " with a Message-ID this is a sixth line. The example"
    ' signs POST /api/1.0/user_points/all_balances?as_of=2026-01-31 with the body {"user_id":"c1"}'
    " under the signing secret `open sesame`."
)
_FOR = " Needed of a key that was made to sign; of others it is no matter."


def _header(name: str, text: str, pattern: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": text + _FOR,
        "schema": {"type": "string", "pattern": f"^{pattern}$"},
        "example": example,
    }


HEADERS = {
    "timestamp": _header(
        "X-Timestamp",
        "Whole seconds since 1970, at most five minutes from the clock of the service.",
        TIMESTAMP,
        "1773140400",
    ),
    "nonce": _header(
        "X-Nonce",
        "Printable ASCII, new for every request: the same one again is turned away.",
        NONCE,
        "0123456789abcdef",
    ),
    "signature": _header(
        "X-Signature",
        SIGNED,
        SIGNATURE,
        "bee9ead3418aa2774e0de8186686fcb2ab18cee4a83f19c45634aa8bec03d479",
    ),
}
"""By their names among the components of the description."""

REFERRED = [{"$ref": f"#/components/parameters/{name}"} for name in HEADERS]
SCHEMES = {
    "basic": {"type": "http", "scheme": "basic", "description": "KEY:SECRET"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "KEY.SECRET"},
} | {
    name: {"type": "apiKey", "in": "header", "name": one["name"], "description": one["description"]}
    for name, one in HEADERS.items()
}
_BY_KEY: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}]
SECURITY = _BY_KEY + [one | {name: [] for name in HEADERS} for one in _BY_KEY]
"""A key alone, or, when it was made to sign, with all three headers."""
