"""What a version of a sale has from the others: who paid, with which points, what it was at first.

It goes by the order in which versions were made: whichever arrived first, it comes to the same.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from loyalty_ledger.domain.events.sales import Payment, TransactionReceived
from loyalty_ledger.domain.moved_sales import of_now
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.receipt import attributed
from loyalty_ledger.domain.tendering import asked_for
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.versions import first_closed, payments_of, total_of, up_to


def payments(sale: Sale, number: int, version: TransactionReceived) -> list[Payment]:
    """Its own, or those of versions before it, of whom they are now and were claimed to be."""
    if version.payments:
        return version.payments
    told = of_now(payments_of(up_to(sale.known, number)), sale.moved)
    return attributed(told, sale.claims)


def points_asked(
    sale: Sale, number: int, own: Sequence[Payment], program: Program
) -> dict[str, int]:
    """The most points that each customer was to pay with, in any version up to this one.

    `own` are this one's payments; points of nobody ('') are only told of those.
    """
    most: dict[str, int] = {}
    before = up_to(sale.known, number)
    for place, one in enumerate(before):
        told = of_now(payments_of(before[: place + 1]), sale.moved) if one.holds else []
        for owner, points in asked_for(told, program).items():
            most[owner] = max(points, most.get(owner, 0))
    most.pop("", None)
    now = asked_for(own, program)
    return most | {owner: max(points, most.get(owner, 0)) for owner, points in now.items()}


def first_total(sale: Sale, number: int, program: Program) -> int | None:
    """What the sale was worth when it was closed first; None before that is settled, for itself."""
    first = first_closed(sale.known)
    if not sale.record.first and (first is None or first.number == number):
        return None
    if first is None or first.number == sale.record.first:
        return sale.record.first_total
    return total_of(first.body, tax_in_earning=program.tax_in_earning)


def that_stands(sale: Sale) -> tuple[int, TransactionReceived]:
    """The version by which the sale stands, with whose payments they are now, and its number."""
    number = sale.record.stands
    version = up_to(sale.known, number)[-1].body
    told = of_now(version.payments, sale.moved) or payments(sale, number, version)
    return number, replace(version, payments=told)
