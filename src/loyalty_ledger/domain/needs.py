"""What settling a later version of a sale looks at: all that the versions before had to do with."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from loyalty_ledger.domain.arrivals import Arrived
from loyalty_ledger.domain.events.limits import issued, sold
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.offer import Offer
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.sale_record import SaleRecord
from loyalty_ledger.domain.streams import (
    customer_of,
    limit,
    offer,
    promo_code_of,
    tiers_of,
    usage_of,
    wallet_of,
)
from loyalty_ledger.domain.tier import Tiers
from loyalty_ledger.domain.transaction import Sale


def with_former(arrived: Arrived, states: Mapping[str, Any]) -> Arrived:
    """The arrival with the customers that other versions named: it concerns them, too.

    A version that tells no payments has those of others, as any has that is not the last to arrive.
    """
    if not isinstance(arrived.event, TransactionReceived):
        return arrived
    sale: Sale = states[arrived.stream]
    numbers = [one.number for one in sale.known]
    told = arrived.event.payments and not arrived.late and numbers == sorted(numbers)
    former = (*sale.record.members, *(() if told else sale.payers))
    return arrived._replace(former=former) if former else arrived


def settled_with(arrived: Arrived, sale: Sale) -> list[TransactionReceived]:
    """The versions whose goods it may look up: its own, and all where it came late."""
    if not isinstance(arrived.event, TransactionReceived):
        return []
    return [one.body for one in sale.known] if arrived.late else [arrived.event]


def needed(
    arrived: Arrived, states: Mapping[str, Any], subjects: Mapping[int, Iterable[str]]
) -> set[str]:
    """The streams it takes, as far as these states tell; with more of them there may be more.

    `subjects` has what each program version counts over all customers.
    """
    if not isinstance(arrived.event, TransactionReceived):
        return set()
    sale: Sale = states[arrived.stream]
    if not sale.record.first:
        concerned = (*arrived.customers, *sale.record.tenders)
        streams = {stream for one in concerned for stream in own(one)}
        return {*streams, *_of_offers(sale, states)} if arrived.late else streams
    return {
        *map(limit, subjects[sale.record.program_version]),
        *(stream for one in arrived.customers for stream in _of_customer(one, states)),
        *(stream for one in sale.record.tenders for stream in own(one)),
        *_of_offers(sale, states),
        *(promo_code_of(code) for one in sale.record.grants.values() for code in one.codes),
    }


def told_again(
    arrived: Arrived, states: Mapping[str, Any], programs: Mapping[int, Program]
) -> list[str]:
    """The wallets whose history it may look back on: those that a version before had to do with.

    None where no points end by inactivity.
    """
    if not isinstance(arrived.event, TransactionReceived) or not any(
        program.has_inactivity for program in programs.values()
    ):
        return []
    record: SaleRecord = states[arrived.stream].record
    if not (record.first or record.tenders):
        return []
    return [wallet_of(one) for one in dict.fromkeys((*arrived.customers, *record.tenders))]


def own(customer_id: str) -> list[str]:
    """The streams that settling anything of a customer looks at."""
    return [of(customer_id) for of in (wallet_of, tiers_of, usage_of, customer_of)]


def _of_customer(customer_id: str, states: Mapping[str, Any]) -> Iterator[str]:
    """The customer's own, and what entering his levels gave: a return may take it back."""
    yield from own(customer_id)
    tiers: Tiers | None = states.get(tiers_of(customer_id))
    entries = tiers.entries.values() if tiers else ()
    for entry in (each for one in entries for each in one.each):
        for offer_id, definition in entry.offers.items():
            yield offer(offer_id)
            yield limit(issued(definition))
        yield from map(promo_code_of, entry.codes)
        yield from (limit(one.subject) for one in entry.counted)


def _of_offers(sale: Sale, states: Mapping[str, Any]) -> Iterator[str]:
    """The offers that the sale was granted or has used, their owners, and what counts them."""
    granted = [name for standing in sale.record.grants.values() for name in standing.offers]
    for offer_id in dict.fromkeys((*granted, *sale.redeemed)):
        yield offer(offer_id)
        state: Offer | None = states.get(offer(offer_id))
        if state is not None and state.customer_id:
            yield from own(state.customer_id)
            yield limit(issued(state.definition))
            if state.store_offer:
                yield limit(sold(state.store_offer))
