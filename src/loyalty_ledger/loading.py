"""Loading files of JSON lines: what is good is accepted, what is not is set aside with its reason.

Loading the same file again changes nothing, so a load that was cut off is simply run again.
"""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar, cast

import msgspec
from pydantic import BaseModel, ConfigDict, ValidationError

from loyalty_ledger import wire
from loyalty_ledger.administration import CustomerEvent, CustomerRecord
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.zones import ZoneName
from loyalty_ledger.domain.values import Reason, Rejected, utc
from loyalty_ledger.identity import Reference, normalised, parse_reference, wire_reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import CatalogItem

LONGEST_LINE = 1 << 20
LINES_IN_A_GROUP = 500
BYTES_IN_A_GROUP = 4 << 20
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Counts:
    """What became of the lines of a file."""

    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    refused_file: str | None = None


@dataclass(slots=True)
class Line:
    """A line of a file, by its number from 1."""

    number: int
    body: bytes


@dataclass(slots=True)
class Refusals:
    """The file that refused lines go to; it is made with the first of them."""

    path: Path
    count: int = 0
    _file: IO[str] | None = field(default=None, init=False)

    def add(self, line: Line, refusal: Rejected) -> None:
        """Write a refused line with its reason."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        text = line.body[:LONGEST_LINE].decode("utf-8", "backslashreplace").rstrip("\r\n")
        entry = {
            "line": line.number,
            "code": refusal.code.value,
            "reason": refusal.message,
            "details": refusal.details,
            "body": text,
        }
        self._file.write(msgspec.json.encode(entry).decode("utf-8", "backslashreplace") + "\n")
        self.count += 1

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


# --- lines --------------------------------------------------------------------------------------


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
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            body = raw
            while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
                raw = file.readline(LONGEST_LINE + 1)
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


def _load(
    path: Path,
    refused: Path,
    take: Callable[[Sequence[Line]], list[bool | Rejected]],
    progress: Progress,
) -> Counts:
    """Feed groups of lines to `take`: True for what is new, False for what was there."""
    counts, refusals = Counts(), Refusals(refused)
    refused.unlink(missing_ok=True)
    try:
        with opened(path) as (file, read):
            for group in groups_of(lines_of(file)):
                for line, answer in zip(group, take(group), strict=True):
                    if isinstance(answer, Rejected):
                        refusals.add(line, answer)
                    elif answer:
                        counts.accepted += 1
                    else:
                        counts.repeated += 1
                progress(*read())
    finally:
        refusals.close()
    counts.refused = refusals.count
    counts.refused_file = str(refused) if refusals.count else None
    return counts


# --- sales --------------------------------------------------------------------------------------


def load_transactions(ledger: Ledger, path: Path, refused: Path, progress: Progress) -> Counts:
    """Load POS `send_transaction` bodies, one a line."""

    def take(group: Sequence[Line]) -> list[bool | Rejected]:
        receipts = ledger.intake.receive([_checked(line) for line in group])
        return [receipt.refusal or receipt.outcome == "accepted" for receipt in receipts]

    return _load(path, refused, take, progress)


def _checked(line: Line) -> bytes:
    """The body, or one that will be refused for its length."""
    return line.body if len(line.body) <= LONGEST_LINE else b'"longer than 1 MiB"'


# --- records ------------------------------------------------------------------------------------


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StoreRecord(_Record):
    """A store as it is loaded."""

    store_id: wire.Text
    name: wire.Text
    time_zone: ZoneName


class CatalogRecord(_Record):
    """A catalog item as it is loaded; categories broadest first."""

    sku: wire.Text
    name: str = ""
    brand: wire.Text | None = None
    categories: list[wire.Text] = []


class IdentifierRecord(_Record):
    """An identifier as it is loaded."""

    type: wire.Text
    value: wire.Text


class PersonRecord(BaseModel):
    """A customer as he is loaded; other fields are kept as personal data."""

    model_config = ConfigDict(extra="allow", strict=True)

    identifiers: list[IdentifierRecord] = []
    email: wire.Text | None = None
    phone: wire.Text | None = None
    opted_in: bool | None = None
    tags: list[wire.Text] | None = None


class EventRecord(_Record):
    """A customer event as it is loaded."""

    customer: wire.Text
    event: wire.Text
    event_id: wire.Text
    at: wire.Time


RecordType = TypeVar("RecordType", bound=BaseModel)


def read_record(model: type[RecordType], line: Line) -> RecordType:
    """The record of a line; Rejected names every problem."""
    try:
        document = wire.decoded(_checked(line))
        return model.model_validate(document)
    except ValidationError as error:
        raise wire.refused(wire.problems_of(error)) from None


def _read_each(model: type[RecordType], group: Sequence[Line]) -> list[RecordType | Rejected]:
    read: list[RecordType | Rejected] = []
    for line in group:
        try:
            read.append(read_record(model, line))
        except Rejected as refusal:
            read.append(refusal)
    return read


def load_customers(ledger: Ledger, path: Path, refused: Path, progress: Progress) -> Counts:
    """Load customers; one that is there already is changed where the line says otherwise."""

    def take(group: Sequence[Line]) -> list[bool | Rejected]:
        return _taken(_read_each(PersonRecord, group), customer_record, ledger.administration.enrol)

    return _load(path, refused, take, progress)


def load_events(ledger: Ledger, path: Path, refused: Path, progress: Progress) -> Counts:
    """Load customer events."""

    def take(group: Sequence[Line]) -> list[bool | Rejected]:
        return _taken(
            _read_each(EventRecord, group), customer_event, ledger.administration.happened
        )

    return _load(path, refused, take, progress)


def _taken(
    read: Sequence[RecordType | Rejected],
    convert: Callable[[RecordType], Any],
    command: Callable[[Sequence[Any]], list[bool | Rejected]],
) -> list[bool | Rejected]:
    """The answers of the command for what could be read, refusals in their places."""
    good: list[Any] = []
    answers: list[bool | Rejected | None] = []
    for record in read:
        try:
            if isinstance(record, Rejected):
                raise record
            good.append(convert(record))
            answers.append(None)
        except Rejected as refusal:
            answers.append(refusal)
    decided = iter(command(good) if good else [])
    return [next(decided) if answer is None else answer for answer in answers]


def customer_record(record: PersonRecord) -> CustomerRecord:
    """The record as the ledger takes it."""
    references = [wire_reference(one.value, one.type) for one in record.identifiers]
    references += [
        normalised(kind, "", value)
        for kind, value in (("email", record.email), ("phone", record.phone))
        if value is not None
    ]
    if not references:
        raise wire.refused([("identifiers", "are missing: a customer needs one, or an email")])
    personal = [
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, value in (record.model_extra or {}).items()
    ]
    return CustomerRecord(
        tuple(dict.fromkeys(references)),
        record.opted_in,
        None if record.tags is None else tuple(record.tags),
        tuple(personal),
    )


def customer_event(record: EventRecord) -> CustomerEvent:
    """The record as the ledger takes it."""
    if record.at.tzinfo is None:
        raise wire.refused([("at", "needs an offset, such as 2026-03-01T09:30:00Z")])
    reference: Reference = parse_reference(record.customer)
    return CustomerEvent(reference, record.event, record.event_id, utc(record.at))


# --- whole lists --------------------------------------------------------------------------------


def load_stores(ledger: Ledger, path: Path, refused: Path, progress: Progress) -> Counts:
    """Replace the list of stores; with a bad line in it nothing is replaced."""

    def take(records: Sequence[StoreRecord]) -> bool:
        stores = [Store(**record.model_dump()) for record in records]
        return ledger.administration.load_stores(stores)

    return _load_whole(StoreRecord, lambda one: one.store_id, path, refused, take, progress)


def load_catalog(ledger: Ledger, path: Path, refused: Path, progress: Progress) -> Counts:
    """Replace the catalog; with a bad line in it nothing is replaced."""

    def take(records: Sequence[CatalogRecord]) -> bool:
        items = [
            CatalogItem(one.sku, one.name, one.brand, tuple(one.categories))
            for one in sorted(records, key=lambda one: one.sku)
        ]
        return ledger.administration.load_catalog(lambda: items)

    return _load_whole(CatalogRecord, lambda one: one.sku, path, refused, take, progress)


def _load_whole(
    model: type[RecordType],
    name: Callable[[RecordType], str],
    path: Path,
    refused: Path,
    take: Callable[[Sequence[RecordType]], bool],
    progress: Progress,
) -> Counts:
    """A full load: all lines are good, or the list in force stays."""
    records: dict[str, RecordType] = {}

    def read(group: Sequence[Line]) -> list[bool | Rejected]:
        answers: list[bool | Rejected] = []
        for record in _read_each(model, group):
            if isinstance(record, Rejected):
                answers.append(record)
            elif name(record) in records:
                answers.append(wire.refused([(name(record), "stands more than once")]))
            else:
                records[name(record)] = record
                answers.append(True)
        return answers

    counts = _load(path, refused, read, progress)
    if counts.refused:
        return Counts(0, 0, counts.refused, counts.refused_file)
    if not records:
        raise Rejected(Reason.VALIDATION, f"{path} is empty: an empty list replaces nothing")
    if take(list(records.values())):
        return counts
    return Counts(0, counts.accepted, 0)
