"""Any program over any sales gives what a reference in plain Python gives, sale by sale."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from msgspec.structs import replace

from laws.programs_and_sales import ARRIVALS, ITEMS, START, documents
from laws.reference_program import Document
from laws.reference_program import Item as PlainItem
from laws.reference_settlement import NaiveLedger
from loyalty_ledger.domain.events.sales import CustomerEventReceived, TransactionReceived
from specification import Shop, program

PLAIN_ITEMS = {sku: PlainItem(item.categories, item.brand) for sku, item in ITEMS.items()}
CUSTOMERS = ("ann", "ben")
ACCOUNTS = ("points", "credits")


@given(documents(), ARRIVALS)
def test_every_settlement_gives_what_the_reference_gives(
    document: Document, arrivals: list[Any]
) -> None:
    shop = Shop(program(**document), items=ITEMS)
    naive = NaiveLedger(document, PLAIN_ITEMS)
    for number, arrival in enumerate(arrivals):
        if isinstance(arrival, TransactionReceived):
            sale = replace(arrival, transaction_id=str(number), body_digest=str(number))
            shop.settles(shop.takes_in(sale))
            naive.sale(sale)
            granted = _granted(shop.settlement.grants)
        else:
            customer, when = arrival
            shop.hears("sign-in", of=customer, when=when)
            naive.happened(_event(customer, when))
            granted = _granted(shop.last[-1].grants)
        assert granted == _newly_granted(naive)
        _agree(shop, naive, START)
    for weeks in (1, 3, 9):
        until = START + timedelta(weeks=weeks)
        _agree(shop, naive, until)


def _event(customer: str, when: datetime) -> CustomerEventReceived:
    return CustomerEventReceived(
        at=when,
        customer_id=customer,
        event="sign-in",
        event_id="",
        program_version=1,
        catalog_version=1,
    )


def _agree(shop: Shop, naive: NaiveLedger, until: datetime) -> None:
    for customer in CUSTOMERS:
        standing = naive.customers[customer]
        if until > START:
            naive.pass_time(standing, until)
            shop.keeps_time(until, customer)
        assert {system: shop.level(customer, system) for system in naive.systems} == naive.levels(
            standing
        )
        for account in ACCOUNTS:
            assert shop.balance(until, customer, account) == naive.balance(standing, account, until)
            assert shop.lifetime(customer, account) == sum(
                points for name, _, points in standing.earned if name == account
            )


def _granted(grants: list[Any]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for grant in grants:
        found[grant.customer_id].append((grant.rule, sum(grant.deserved.values())))
    return found


def _newly_granted(naive: NaiveLedger) -> dict[str, list[tuple[str, int]]]:
    found = {}
    for customer, standing in naive.customers.items():
        if standing.grants:
            found[customer], standing.grants = standing.grants, []
    return found
