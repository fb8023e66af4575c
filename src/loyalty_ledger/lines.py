"""Lines of files: read one by one, in bounded groups, and set aside when they are refused."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

import msgspec

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.sent import LONGEST_BODY

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LINES_IN_A_GROUP = 500
BYTES_IN_A_GROUP = 4 << 20


@dataclass(slots=True)
class Line:
    """A line of a file, by its number from 1."""

    number: int
    body: bytes


@dataclass(slots=True)
class Refused:
    """How many lines were refused with a code, and the first of them."""

    code: str
    line: int
    reason: str
    count: int = 0


@dataclass(slots=True)
class Refusals:
    """The file that refused lines go to; it is made with the first of them."""

    path: Path
    count: int = 0
    by_code: dict[str, Refused] = field(default_factory=dict)
    _file: IO[str] | None = field(default=None, init=False)

    def add(self, line: Line, refusal: Rejected) -> None:
        """Write a refused line with its reason."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        text = line.body[:LONGEST_BODY].decode("utf-8", "backslashreplace").rstrip("\r\n")
        entry = {
            "line": line.number,
            "code": refusal.code.value,
            "reason": refusal.message,
            "details": refusal.details,
            "body": text,
        }
        self._file.write(msgspec.json.encode(entry).decode("utf-8", "backslashreplace") + "\n")
        self.count += 1
        first = Refused(refusal.code.value, line.number, refusal.message)
        self.by_code.setdefault(first.code, first).count += 1

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], tuple[int, int]]]]:
    """The bytes of a file, unzipped, `-` being standard input, and how far it was read."""
    if str(path) == "-":
        yield sys.stdin.buffer, lambda: (0, 0)
        return
    size = path.stat().st_size
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as unzipped:
                yield cast(BinaryIO, unzipped), lambda: (raw.tell(), size)
        else:
            yield raw, lambda: (raw.tell(), size)


def lines_of(file: BinaryIO) -> Iterator[Line]:
    """The lines that are not blank; an overlong one is cut, and so refused by whoever reads it."""
    number = 0
    try:
        while raw := file.readline(LONGEST_BODY + 1):
            number += 1
            body = raw.removeprefix(_BYTE_ORDER_MARK) if number == 1 else raw
            while len(raw) > LONGEST_BODY and not raw.endswith(b"\n"):
                raw = file.readline(LONGEST_BODY + 1)
            if body.strip():
                yield Line(number, body)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Rejected(
            Reason.VALIDATION, f"the file is damaged after line {number}: {error}"
        ) from error


def groups_of(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines in groups that share a commit, bounded by count and bytes."""
    group: list[Line] = []
    size = 0
    for line in lines:
        group.append(line)
        size += len(line.body)
        if len(group) >= LINES_IN_A_GROUP or size >= BYTES_IN_A_GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group
