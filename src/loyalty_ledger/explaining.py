"""Why is something as it is? The whole life of a sale, or of an offer, from the log alone."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeGuard

import msgspec

from loyalty_ledger.domain.configuration import Catalogs
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.domain.events.settlement import Grant, TransactionSettled
from loyalty_ledger.domain.streams import CATALOG, fold, offer, sale, split_cause
from loyalty_ledger.domain.values import Reason, Rejected, major_units
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.store.log import Log, Recorded

KINDS = ("transaction", "offer")
_FACTS_OF_THE_SALE = ("TransactionReceived", "TransactionVersionIgnored", "TransactionSettled")


class Explaining:
    """Explains what the log holds, as of a moment and as known at another."""

    def __init__(self, log: Log, settlement: Settlement):
        self._log = log
        self._settlement = settlement

    def transaction(
        self,
        store_id: str,
        transaction_id: str,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> dict[str, Any]:
        """A sale: its versions, what each came to and why, and everything that followed.

        `{transaction, sale_time, returnable_until, from_transaction_id, versions, settlements,
        outcomes}`. Money is in major units, as text. Rejected when there is no such sale.
        """
        stream = sale(store_id, transaction_id)
        events = list(_within(self._log.stream(stream), as_of, known_at))
        if not events:
            raise Rejected(
                Reason.UNKNOWN_TRANSACTION,
                f"no sale {transaction_id!r} of store {store_id!r} is known"
                + (" at that moment" if as_of or known_at else ""),
            )
        settled = [one.event for one in events if isinstance(one.event, TransactionSettled)]
        versions = sorted((one.event for one in events if _is_version(one.event)), key=_made)
        told = (one.header.from_transaction_id for one in versions)
        from_id = next((one for one in told if one is not None), None)
        return {
            "transaction": stream.partition("/")[2],
            "from_transaction_id": from_id,
            "sale_time": settled[0].sale_time if settled else None,
            "returnable_until": self._returnable_until(settled),
            "versions": self._versions(events, settled),
            "settlements": [self._settled(one) for one in settled],
            "outcomes": list(self._outcomes(stream, events, as_of, known_at)),
        }

    def offer(
        self, offer_id: str, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> dict[str, Any]:
        """An offer: every event of it. Rejected when there is none."""
        events = list(_within(self._log.stream(offer(offer_id)), as_of, known_at))
        if not events:
            raise Rejected(Reason.OFFER_NOT_FOUND, f"no offer has the id {offer_id[:80]!r}")
        return {"offer": offer_id, "outcomes": [_outcome(one) for one in events]}

    def _returnable_until(self, settled: list[TransactionSettled]) -> datetime | None:
        if not settled:
            return None
        program = self._settlement.programs[settled[0].program_version]
        return program.return_window.after(settled[0].sale_time, program.time_zone)

    def _versions(
        self, events: list[Recorded], settled: list[TransactionSettled]
    ) -> list[dict[str, Any]]:
        """Every version; goods are called as in the catalog that the sale is judged by."""
        versions = [one for one in events if _is_version(one.event)]
        judges = (*settled, *(one.event for one in versions))
        catalog = next((x.catalog_version for x in judges if hasattr(x, "catalog_version")), 0)
        loaded: Catalogs = fold(CATALOG, (one.event for one in self._log.stream(CATALOG)))
        skus = {x.item_id for one in versions for x in getattr(one.event, "lines", ())}
        items = self._log.catalog_items(loaded.of(catalog).digest, skus)
        names = {sku: item.name for sku, item in items.items()}
        return [self._version(one, names) for one in versions]

    def _version(self, recorded: Recorded, names: Mapping[str, str]) -> dict[str, Any]:
        event = recorded.event
        assert isinstance(event, TransactionReceived | TransactionVersionIgnored)  # noqa: S101
        state = "voided" if event.is_voided else "closed" if event.is_closed else "open"
        return {
            "version": recorded.version,
            "modified_time": event.at,
            "recorded_at": recorded.recorded_at,
            "state": state,
            "counts": isinstance(event, TransactionReceived),
            "lines": [
                {"line_id": x.line_id, "item_id": x.item_id, "name": names.get(x.item_id),
                 "quantity": x.quantity, "subtotal": self._money(x.subtotal)}
                for x in event.lines
            ],
            "payments": [
                {"customer_id": x.customer_id, "type": x.type, "amount": self._money(x.amount)}
                for x in event.payments
            ],
            "discounts": [
                {"reference_id": x.reference_id, "amount": self._money(x.amount), "lines": x.lines}
                for x in event.discounts
            ],
        }  # fmt: skip

    def _settled(self, event: TransactionSettled) -> dict[str, Any]:
        return {
            "version": event.version,
            "because_of_late_version": event.late or None,
            "at": event.at,
            "total": self._money(event.total),
            "program_version": event.program_version,
            "catalog_version": event.catalog_version,
            "outside_return_window": event.outside_return_window,
            "judged_by": [
                {"customer_id": x.customer_id, "share": f"{x.paid}/{x.paid_in_all}",
                 "levels": x.levels, "tags": x.tags, "opted_in": x.opted_in}
                for x in event.customers
            ],
            "grants": [row for grant in event.grants for row in differences(grant)],
            "offers": [
                {"customer_id": grant.customer_id, "rule": grant.rule, "offers": grant.offers}
                for grant in event.grants
                if grant.offers
            ],
            "refused": [_plain(cut) for cut in event.cuts],
            "taken": [_plain(one) for one in event.taken],
            "given_back": [_plain(one) for one in event.given_back],
            "not_done": [_plain(one) for one in event.not_done],
            "flags": event.flags,
        }  # fmt: skip

    def _outcomes(
        self,
        stream: str,
        events: Iterable[Recorded],
        as_of: datetime | None,
        known_at: datetime | None,
    ) -> Iterator[dict[str, Any]]:
        """What followed from the sale, in log order: each customer's history is one range."""
        found = {one.position: one for one in events if type(one.event).__name__ not in _SALE}
        for customer_id in {whose for one in events for whose in _concerned(one.event)}:
            history = self._log.history(customer_id, known_at=known_at)
            for one in _within(history, as_of, known_at):
                if _follows(one.event, stream):
                    found[one.position] = one
        for _, one in sorted(found.items()):
            yield _outcome(one)

    def _money(self, units: int) -> str:
        programs = self._settlement.programs
        return f"{major_units(units, programs[len(programs)].exponent):f}"


_SALE = frozenset(_FACTS_OF_THE_SALE)


def _within(
    events: Iterable[Recorded], as_of: datetime | None, known_at: datetime | None
) -> Iterator[Recorded]:
    for one in events:
        happened = as_of is None or one.event.at <= as_of
        if happened and (known_at is None or one.recorded_at <= known_at):
            yield one


def _is_version(event: Event) -> TypeGuard[TransactionReceived | TransactionVersionIgnored]:
    return isinstance(event, TransactionReceived | TransactionVersionIgnored)


def _made(event: Event) -> datetime:
    return event.at


def _concerned(event: Event) -> Iterator[str]:
    """Whom an event of a sale concerns: its customers, and who pays or uses an offer for them."""
    whose: str = getattr(event, "customer_id", "")
    if whose:
        yield whose
    if isinstance(event, TransactionSettled):
        yield from (one.customer_id for one in event.customers)
        yield from (one.customer_id for one in event.given_back)


def _follows(event: Event, stream: str) -> bool:
    """Whether the event names the sale as its cause."""
    cause: str = getattr(event, "cause", "")
    if not cause or type(event).__name__ in _SALE:
        return False
    return split_cause(cause)[0] == stream


def differences(grant: Grant) -> Iterator[dict[str, Any]]:
    """What a rule owed, what stood before, and so what was posted, by account."""
    for account in dict.fromkeys((*grant.deserved, *grant.granted)):
        deserved, granted = grant.deserved.get(account, 0), grant.granted.get(account, 0)
        yield {
            "customer_id": grant.customer_id,
            "rule": grant.rule,
            "account": account,
            "deserved": deserved,
            "granted": granted,
            "difference": deserved - granted,
        }


def _outcome(recorded: Recorded) -> dict[str, Any]:
    facts = _plain(recorded.event)
    return {
        "at": recorded.event.at,
        "recorded_at": recorded.recorded_at,
        "event": type(recorded.event).__name__,
        "customer_id": facts.pop("customer_id", None),
        "cause": facts.pop("cause", None),
        "facts": {name: value for name, value in facts.items() if name != "at"},
    }


def _plain(fact: object) -> Any:
    return msgspec.to_builtins(fact)
