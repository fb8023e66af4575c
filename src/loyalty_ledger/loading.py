"""Loading files of JSON lines: what is good is accepted, what is not is set aside with its reason.

Loading the same file again changes nothing, so a load that was cut off is simply run again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loyalty_ledger import sent
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.lines import Line, Refusals, groups_of, lines_of, opened
from loyalty_ledger.records import (
    CatalogRecord,
    EventRecord,
    PersonRecord,
    RecordType,
    StoreRecord,
    customer_event,
    customer_record,
    read_record,
)
from loyalty_ledger.store.log import CatalogItem

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Counts:
    """What became of the lines of a file."""

    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    refused_file: str | None = None


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
        receipts = ledger.intake.receive([line.body for line in group])
        return [receipt.refusal or receipt.outcome == "accepted" for receipt in receipts]

    return _load(path, refused, take, progress)


# --- promo codes ------------------------------------------------------------------------------


def load_promo_codes(
    ledger: Ledger, promotion: str, by: Actor, path: Path, refused: Path, progress: Progress
) -> Counts:
    """Load promo codes made by others, one a line."""

    def take(group: Sequence[Line]) -> list[bool | Rejected]:
        return ledger.promo_lists.take_over(promotion, group, by)

    return _load(path, refused, take, progress)


# --- records ------------------------------------------------------------------------------------


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
                answers.append(sent.refused([(name(record), "stands more than once")]))
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
