"""Loading files of JSON lines: what is good is accepted, what is not is set aside with its reason.

Loading the same file again changes nothing, so a load that was cut off is simply run again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from loyalty_ledger import sent
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.lines import Line, Refusals, Refused, groups_of, lines_of, opened
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
from loyalty_ledger.store.staging import staging

Progress = Callable[[int, int], None]
Agree = Callable[[Rejected], bool]
"""Whether it is agreed to what would otherwise be refused so."""
Listed = TypeVar("Listed", StoreRecord, CatalogRecord)


def _never(_: Rejected) -> bool:
    return False


@dataclass(slots=True)
class Counts:
    """What became of the lines of a file."""

    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    refused_file: str | None = None
    reasons: Sequence[Refused] = ()


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
    counts.reasons = [*refusals.by_code.values()]
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


def load_stores(
    ledger: Ledger, path: Path, refused: Path, progress: Progress, agree: Agree = _never
) -> Counts:
    """Replace the list of stores; with a bad line in it nothing is replaced."""
    stores: dict[str, Store] = {}

    def keep(record: StoreRecord) -> bool:
        return stores.setdefault(record.store_id, one := Store(**record.model_dump())) is one

    counts = _read_whole(StoreRecord, keep, path, refused, progress)
    load = ledger.administration.load_stores
    return _replaced(
        counts, agree, lambda confirmed: load(list(stores.values()), confirmed=confirmed)
    )


def load_catalog(
    ledger: Ledger,
    path: Path,
    refused: Path,
    progress: Progress,
    agree: Agree = _never,
    store_id: str = "",
) -> Counts:
    """Replace the catalog of a store, or of all; with a bad line in it nothing is replaced."""
    load = ledger.administration.load_catalog
    with staging() as staged:

        def keep(one: CatalogRecord) -> bool:
            return staged.add(CatalogItem(one.sku, one.name, one.brand, tuple(one.categories)))

        counts = _read_whole(CatalogRecord, keep, path, refused, progress)
        return _replaced(
            counts, agree, lambda confirmed: load(staged.items, store_id, confirmed=confirmed)
        )


def _read_whole(
    model: type[Listed],
    keep: Callable[[Listed], bool],
    path: Path,
    refused: Path,
    progress: Progress,
) -> Counts:
    """Read a full load and keep its records; `keep` says False of one that is there already."""

    def read(group: Sequence[Line]) -> list[bool | Rejected]:
        answers: list[bool | Rejected] = []
        for record in _read_each(model, group):
            if isinstance(record, Rejected):
                answers.append(record)
            elif keep(record):
                answers.append(True)
            else:
                answers.append(sent.refused([(record.name_of_line, "stands more than once")]))
        return answers

    counts = _load(path, refused, read, progress)
    if not counts.accepted and not counts.refused:
        raise Rejected(Reason.VALIDATION, f"{path} is empty: an empty list replaces nothing")
    return counts


def _replaced(counts: Counts, agree: Agree, load: Callable[[bool], bool]) -> Counts:
    """Replace what is in force, unless a line was refused; retiring most of it has to be agreed."""
    if counts.refused:
        return replace(counts, accepted=0, repeated=0)
    try:
        new = load(False)
    except Rejected as refusal:
        if refusal.code is not Reason.RETIRES_MOST or not agree(refusal):
            raise
        new = load(True)
    return counts if new else Counts(0, counts.accepted, 0)
