"""A sale that goes on with another customer: all that it holds of the one is of the other."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from loyalty_ledger.domain.events.merging import SaleMoved
from loyalty_ledger.domain.events.sales import Payment
from loyalty_ledger.domain.moving_points import renumbered
from loyalty_ledger.domain.moving_tiers import renumbered as renumbered_awards
from loyalty_ledger.domain.sale_record import SaleRecord, Standing, Tender

T = TypeVar("T")


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
        """The record of a sale that knows only one of the two."""
        return replace(
            record,
            members={self.name(k): self._of(one) for k, one in record.members.items()},
            counted=self._keys(record.counted),
            grants={self._pair(k): self._standing(k, one) for k, one in record.grants.items()},
            lots={self._pair(k): self._lots(k, lots) for k, lots in record.lots.items()},
            asked={self._pair(k): self._of(one) for k, one in record.asked.items()},
            refused=self._pairs(record.refused),
            capped=self._pairs(record.capped),
            ceilings=self._pairs(record.ceilings),
            lost=self._pairs(record.lost),
            tenders={self.name(k): self._tender(k, one) for k, one in record.tenders.items()},
        )

    def _of(self, fact: T) -> T:
        customer_id: str = fact.customer_id  # type: ignore[attr-defined]
        return replace(fact, customer_id=self.name(customer_id))  # type: ignore[type-var]

    def _pair(self, key: tuple[str, str]) -> tuple[str, str]:
        return self.name(key[0]), key[1]

    def _keys(self, found: Mapping[str, T]) -> dict[str, T]:
        return {self.name(key): one for key, one in found.items()}

    def _pairs(self, found: Mapping[tuple[str, str], T]) -> dict[tuple[str, str], T]:
        return {self._pair(key): one for key, one in found.items()}

    def _numbering(self, customer_id: str) -> int:
        return self._moved.numbering if customer_id == self._moved.customer_id else 0

    def _standing(self, key: tuple[str, str], standing: Standing) -> Standing:
        awards = renumbered_awards(standing.awards, self._numbering(key[0]))
        return replace(standing, awards=tuple(awards))

    def _lots(self, key: tuple[str, str], lots: Iterable[int]) -> tuple[int, ...]:
        return tuple(lot + self._numbering(key[0]) for lot in lots)

    def _tender(self, customer_id: str, tender: Tender) -> Tender:
        numbering = self._numbering(customer_id)
        lots = tuple((account, renumbered(part, numbering)) for account, part in tender.lots)
        return replace(tender, lots=lots)


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
