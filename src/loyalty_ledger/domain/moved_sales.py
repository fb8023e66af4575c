"""A sale that goes on with another customer: all that it holds of the one is of the other."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from loyalty_ledger.domain import joined_sales as joined
from loyalty_ledger.domain.events.merging import SaleMoved
from loyalty_ledger.domain.events.sales import Payment
from loyalty_ledger.domain.events.settlement import JudgedCustomer
from loyalty_ledger.domain.moving_points import renumbered
from loyalty_ledger.domain.moving_tiers import renumbered as renumbered_awards
from loyalty_ledger.domain.sale_record import SaleRecord, Standing, Tender

T = TypeVar("T")
K = TypeVar("K", str, tuple[str, str])


class Renaming:
    """Puts the one customer in the place of the other, and his lots in the place of the other's."""

    def __init__(self, moved: SaleMoved):
        self._moved = moved

    def name(self, customer_id: str) -> str:
        """Who he is now."""
        return self._moved.into if customer_id == self._moved.customer_id else customer_id

    def names(self, customers: Iterable[str]) -> tuple[str, ...]:
        """Who they are now, each once."""
        return tuple(dict.fromkeys(self.name(one) for one in customers))

    def record(self, record: SaleRecord) -> SaleRecord:
        """The record of the sale; where both have a part in it, he has both."""
        pair = (self._moved.customer_id, self._moved.into)
        capped = self._all(record.capped, _as_it_is, joined.refused)
        ceilings = self._all(record.ceilings, _as_it_is, _as_it_is)
        return replace(
            record,
            members=self._all(record.members, self._of, self._judged),
            counted=self._all(record.counted, _as_it_is, joined.counted),
            grants=self._all(record.grants, self._standing, joined.standing),
            lots=self._all(record.lots, self._lots, joined.lots),
            asked=self._all(record.asked, self._of, joined.asked),
            refused=self._all(record.refused, _as_it_is, joined.refused),
            capped=capped | joined.caps(record, pair),
            ceilings=ceilings | joined.ceilings(record, pair),
            lost=self._all(record.lost, _as_it_is, joined.lost),
            tenders=self._all(record.tenders, self._tender, joined.tender),
        )

    def _all(
        self,
        found: Mapping[K, T],
        changed: Callable[[str, T], T],
        together: Callable[[T, T], T],
    ) -> dict[K, T]:
        """Everything under who has it now, changed by whose it was; what both had is joined."""
        now: dict[K, T] = {}
        for key, one in found.items():
            whose = key if isinstance(key, str) else key[0]
            to: Any = self.name(key) if isinstance(key, str) else (self.name(whose), key[1])
            mine = changed(whose, one)
            now[to] = together(now[to], mine) if to in now else mine
        return now

    def _of(self, _whose: str, fact: T) -> T:
        customer_id: str = fact.customer_id  # type: ignore[attr-defined]
        return replace(fact, customer_id=self.name(customer_id))  # type: ignore[type-var]

    def _judged(self, one: JudgedCustomer, _other: JudgedCustomer) -> JudgedCustomer:
        return self._moved.judged or one

    def _numbering(self, customer_id: str) -> int:
        return self._moved.numbering if customer_id == self._moved.customer_id else 0

    def _standing(self, whose: str, standing: Standing) -> Standing:
        awards = renumbered_awards(standing.awards, self._numbering(whose))
        return replace(standing, awards=tuple(awards))

    def _lots(self, whose: str, lots: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(lot + self._numbering(whose) for lot in lots)

    def _tender(self, whose: str, tender: Tender) -> Tender:
        numbering = self._numbering(whose)
        lots = tuple((account, renumbered(part, numbering)) for account, part in tender.lots)
        return replace(tender, lots=lots)


def _as_it_is(_: object, one: T) -> T:
    return one


def of_now(payments: Iterable[Payment], moved: Mapping[str, str]) -> list[Payment]:
    """Payments as a version told them once, of whom they are now."""
    return [
        one if one.customer_id is None else replace(one, customer_id=_last(one.customer_id, moved))
        for one in payments
    ]


def _last(customer_id: str, moved: Mapping[str, str]) -> str:
    while customer_id in moved:
        customer_id = moved[customer_id]
    return customer_id
