"""How far a customer is on a tree of requirements: tier entrances, maintenance, `requires`.

The same arithmetic serves the decisions and the progress a customer is shown.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, assert_never

from msgspec import Struct

from loyalty_ledger.domain.pages import Pages
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import (
    All,
    Node,
    PointsEarned,
    Spend,
    Transactions,
)
from loyalty_ledger.domain.program.tiers import (
    Any as AnyOf,
)
from loyalty_ledger.domain.values import Period, Window


class Earned(Struct, frozen=True, array_like=True, gc=False):
    """Points awarded at a moment, less what was clawed back of them."""

    when: datetime
    amount: int
    number: ClassVar[int] = 0


def less(earned: Pages[Earned], when: datetime, points: int) -> Pages[Earned]:
    """The series without so many points of what was earned at that moment."""

    def change(row: Earned) -> Earned | None:
        nonlocal points
        part = min(points, row.amount)
        points -= part
        return Earned(row.when, row.amount - part) if row.amount > part else None

    return earned.changed(Earned, when, change)


class Purchase(Struct, frozen=True, array_like=True, gc=False):
    """A sale that counts for a customer: `amount` is his spend; `times` 1 if he paid most."""

    when: datetime
    amount: int
    total: int
    times: int
    number: ClassVar[int] = 0


class Measures(NamedTuple):
    """What requirements are measured on, for one customer."""

    earned: Mapping[str, Pages[Earned]]
    purchases: Pages[Purchase]
    program: Program

    def points_earned(self, account: str, within: Period | None, at: datetime) -> int:
        """Points awarded into the account that count within the period at that moment."""
        pages = self.earned.get(account)
        return pages.total_within(Earned, self._window(within, at)) if pages else 0

    def spend(self, within: Period | None, at: datetime) -> int:
        """Money spent that counts, in minor units."""
        return self.purchases.total_within(Purchase, self._window(within, at))

    def transactions(
        self, minimum: int, within: Period | None, at: datetime, enough: int | None = None
    ) -> int:
        """Sales of at least that total that count; stops counting at `enough`."""
        window, count = self._window(within, at), 0
        for purchase in self.purchases.newest_first(Purchase):
            if purchase.total >= minimum and window.holds(purchase.when):
                count += purchase.times
                if enough is not None and count >= enough:
                    break
        return count

    def _window(self, within: Period | None, at: datetime) -> Window:
        return Window(at, within, self.program.time_zone)


class Measured(NamedTuple):
    """One leaf of a tree: what is there and what is asked; money in minor units."""

    kind: str
    present: int
    target: int
    account: str | None = None
    within: Period | None = None

    @property
    def missing(self) -> int:
        """What is still needed; 0 when the leaf holds."""
        return max(0, self.target - self.present)

    def as_fact(self) -> dict[str, Any]:
        """The leaf as it stands in events."""
        fact: dict[str, Any] = {"kind": self.kind, "present": self.present, "target": self.target}
        if self.account:
            fact["account"] = self.account
        if self.within:
            fact["within"] = str(self.within)
        return fact


def measure(node: Node, measures: Measures, at: datetime, *, exact: bool = True) -> Measured:
    """A leaf, measured at that moment; not `exact`: only whether it holds matters."""
    match node:
        case PointsEarned(points_earned=asked):
            present = measures.points_earned(asked.account, asked.within, at)
            return Measured("points_earned", present, asked.amount, asked.account, asked.within)
        case Spend(spend=wanted):
            present = measures.spend(wanted.within, at)
            target = measures.program.minor(wanted.amount)
            return Measured("spend", present, target, None, wanted.within)
        case Transactions(transactions=sales):
            minimum = measures.program.minor(sales.minimum_total)
            enough = None if exact else sales.count
            present = measures.transactions(minimum, sales.within, at, enough)
            return Measured("transactions", present, sales.count, None, sales.within)
        case All() | AnyOf():
            raise TypeError("a branch has no measure of its own")
        case _:
            assert_never(node)


def holds(node: Node, measures: Measures, at: datetime) -> bool:
    """Whether the whole tree holds at that moment."""
    match node:
        case All(all=parts):
            return all(holds(part, measures, at) for part in parts)
        case AnyOf(any=parts):
            return any(holds(part, measures, at) for part in parts)
        case _:
            return measure(node, measures, at, exact=False).missing == 0


def leaves(node: Node, measures: Measures, at: datetime) -> list[Measured]:
    """Every leaf of the tree, measured."""
    match node:
        case All(all=parts) | AnyOf(any=parts):
            return [leaf for part in parts for leaf in leaves(part, measures, at)]
        case _:
            return [measure(node, measures, at)]


Leaf = PointsEarned | Spend | Transactions


def leaf_nodes(node: Node) -> Iterator[Leaf]:
    """Every leaf of the tree, in the order in which `leaves` measures them."""
    match node:
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from leaf_nodes(part)
        case _:
            yield node


def holds_by(node: Node, measured: Iterator[Measured]) -> bool:
    """Whether the tree holds with its leaves measured like this, in their order."""
    match node:
        case All(all=parts):
            return all([holds_by(part, measured) for part in parts])
        case AnyOf(any=parts):
            return any([holds_by(part, measured) for part in parts])
        case _:
            return next(measured).missing == 0
