"""What every supported database can store and index as text."""

LONGEST_ID_BYTES = 1000
"""Longer ids and stream names would not fit the index pages of every database."""


def storable(text: str, what: str) -> str:
    """The text itself, once it is sure that it can be stored anywhere.

    ValueError, naming `what` and never echoing the text, for a NUL and for lone surrogates.
    """
    if "\x00" in text:
        raise ValueError(f"{what}: a NUL character cannot be stored")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{what}: a lone surrogate cannot be stored") from None
    return text


def storable_id(text: str, what: str) -> str:
    """The same for what names something: ids, stream names. Also refuses empty and long ones."""
    if text.isascii() and 0 < len(text) <= LONGEST_ID_BYTES and "\x00" not in text:
        return text
    storable(text, what)
    if not text:
        raise ValueError(f"{what}: must not be empty")
    if len(text.encode()) > LONGEST_ID_BYTES:
        raise ValueError(f"{what}: longer than {LONGEST_ID_BYTES} bytes")
    return text
