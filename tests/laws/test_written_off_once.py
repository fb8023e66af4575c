"""What the house wrote off is borne by the house, once, and by nobody later.

Where debt is forbidden, a return that finds less than the sale had given writes the rest off. That
counts as taken back: another return does not take it again, no other sale repays it, and the same
sale, sent again with more, gives it no second time. So whatever a customer buys, brings back, buys
back and spends, his balance is what plain arithmetic makes it (`written_off.Bearing`), and so is
what the house has borne of each sale: by its claw-backs and awards, and as its settlements tell it.

The law needs one thing: no points end by themselves. What has expired counts as taken back, too,
but out of which lots is no matter of plain figures; the laws of the wallet see to that.
"""

from collections import Counter
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from laws.returned_sales import versions
from laws.shoppers import STEPS, Shopper, Shopping, Step, stores
from laws.told_twice import CUSTOMERS
from laws.written_off import Bearing, OfSale
from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.streams import wallet_of


@st.composite
def sent_again_and_again(draw: st.DrawFn) -> Shopping:
    """A sale that comes back and is bought back, among others, where points never end."""
    document = draw(stores())
    for account in document["point_accounts"]:
        forbidden = draw(st.sampled_from([True, True, False]))
        account |= {"expiry": {"kind": "never"}, "allow_negative": not forbidden}
    gives = {"account": "points", "source": "shop", "points": 3, "per_amount": "1.00"}
    document["rules"] = [*document["rules"], {"id": "always", "award": gives}]
    told = draw(versions())
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    steps: list[Step] = draw(st.lists(STEPS, max_size=2))
    for version in (*told, *again):
        steps.append(version)
        steps += draw(st.lists(STEPS, max_size=1))
    greedy = draw(st.sampled_from([True, True, False]))
    return Shopping(document, steps, draw(st.booleans()), greedy)


class House:
    """What the ledger says that the house has borne of each sale."""

    def __init__(self) -> None:
        self.moved: Counter[OfSale] = Counter()
        self.told: Counter[OfSale] = Counter()

    def read(self, one: Any) -> None:
        """What points moved, and what a settlement tells of it."""
        match one:
            case PointsClawedBack():
                self.moved[_sale_of(one)] += one.written_off
            case PointsAwarded():
                self.moved[_sale_of(one)] -= one.made_up
            case TransactionSettled():
                for taken in one.taken:
                    key = one.transaction_id, taken.customer_id, taken.account
                    self.told[key] += taken.written_off


def _sale_of(moved: PointsClawedBack | PointsAwarded) -> OfSale:
    return moved.transaction.partition("/")[2], moved.customer_id, moved.account


def _borne(of_sales: Counter[OfSale]) -> dict[OfSale, int]:
    return {key: points for key, points in of_sales.items() if points}


@given(sent_again_and_again())
def test_what_was_written_off_is_borne_by_the_house_once(told: Shopping) -> None:
    accounts = told.document["point_accounts"]
    owing = [one["id"] for one in accounts if one.get("allow_negative", True)]
    shopper, bearing, house, read = Shopper(told.document), Bearing(owing), House(), 0
    for number, step in enumerate(told.steps):
        shopper.goes_on(step, f"o{number}", carries=told.carries)
        if told.greedy:
            shopper.spends_all()
        for _, one in shopper.shop.history[read:]:
            bearing.read(one)
            house.read(one)
        read = len(shopper.shop.history)
        for customer in CUSTOMERS:
            holdings = shopper.state(wallet_of(customer)).holdings
            for account in (one["id"] for one in accounts):
                assert holdings.account(account).available == bearing.purses[customer, account]
        assert _borne(house.moved) == _borne(house.told) == _borne(bearing.written_off)
    event(f"written off: {bearing.wrote_off}, given again: {bearing.gave_again}")
