"""Who bears what a return finds nowhere, in plain figures: no lots, no awards, no rules.

A purse is what a customer holds in an account. Of a sale it is known what it came to for him, by
its settlements, and what the house wrote off of it. What comes back is taken from the purse; what
the purse lacks, the house writes off. What the same sale gives anew is first what was written off
of it. Nothing else ever touches a write-off.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from loyalty_ledger.domain.events.points import PointsRestored, PointsSpent
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.events.tiers import TierEntryRewarded, TierEntryUndone

Purse = tuple[str, str]
"""Customer and account."""
OfSale = tuple[str, str, str]
"""Sale, customer and account."""


class Gift(NamedTuple):
    """What entering a level gave: it stands with the level, not with the sale."""

    purse: Purse
    points: int


class Bearing:
    """Purses where points never end, and what was written off of each sale.

    `owing` are the accounts in which a customer may owe.
    """

    def __init__(self, owing: Iterable[str]):
        self.purses: Counter[Purse] = Counter()
        self.written_off: Counter[OfSale] = Counter()
        self.wrote_off = self.gave_again = False
        self._owing = {*owing}
        self._stands: Counter[OfSale] = Counter()
        self._gifts: dict[tuple[str, str, str], list[Gift]] = {}
        self._levels: list[Gift] = []

    def read(self, event: Any) -> None:
        """What happened."""
        match event:
            case PointsSpent():
                self.purses[event.customer_id, event.account] -= event.points
            case PointsRestored():
                self.purses[event.customer_id, event.account] += event.points
            case TierEntryRewarded():
                gifts = [Gift((event.customer_id, x.account), x.points) for x in event.awards]
                self._gifts.setdefault(_entry(event), []).extend(gifts)
                self._levels += gifts
            case TierEntryUndone():
                gone = self._gifts.pop(_entry(event), [])
                self._levels += [gift._replace(points=-gift.points) for gift in gone]
            case TransactionSettled():
                self._settled(event)

    def _settled(self, event: TransactionSettled) -> None:
        """Each purse by the difference to what stood, levels that were entered or lost included."""
        sale, now = event.transaction_id, Counter[OfSale]()
        for grant in event.grants:
            if not grant.rule.startswith("tier:"):
                for account, points in grant.deserved.items():
                    now[sale, grant.customer_id, account] += points
        before = {key for key in self._stands if key[0] == sale}
        more = {key[1:]: now[key] - self._stands[key] for key in before | {*now}}
        for gift in self._levels:
            more[gift.purse] = more.get(gift.purse, 0) + gift.points
        for purse, points in more.items():
            self._moves(sale, purse, points)
        self._levels = []
        self._stands = Counter({k: n for k, n in self._stands.items() if k not in before}) + now

    def _moves(self, sale: str, purse: Purse, points: int) -> None:
        """So much more, or less, of a sale."""
        of_sale = (sale, *purse)
        if points > 0:
            again = min(points, self.written_off[of_sale])
            self.gave_again = self.gave_again or again > 0
            self.written_off[of_sale] -= again
            self.purses[purse] += points - again
        elif purse[1] in self._owing:
            self.purses[purse] += points
        else:
            found = min(-points, self.purses[purse])
            self.purses[purse] -= found
            self.wrote_off = self.wrote_off or found < -points
            self.written_off[of_sale] += -points - found


def _entry(event: TierEntryRewarded | TierEntryUndone) -> tuple[str, str, str]:
    return event.customer_id, event.system, event.level
