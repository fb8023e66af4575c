"""Buying and returning never leaves a customer better off.

Two ledgers are told the same story, one of them without the sale that is bought and returned. With
the sale customers do whatever they like: they spend, save, buy in the reward store, use offers on
the sale, in debt or not. Without it they get the most out of what they have: all is spent as soon
as it is there, so that nothing is lost to time. Nobody may come by more with the sale than he could
have had without it: points he has (less what he owes) or got something for, and offers he has or
used. What the house wrote off, where debt is forbidden, is what he may be ahead at most.

What the law cannot ask, and is left out:

- Other sales keep the level they were judged at, and what their rules had required of this one: a
  story in which another sale met other levels or other rules.
- A level that others' credit carries, after maintenance had dropped it, stays though the sale made
  the ledger look (`fell`).
- An offer that is in use stays used, and is revoked when it is free again: it is no gain here.
"""

from hypothesis import event, given

from laws.returned_sales import Version
from laws.shoppers import Shopper, Shopping, shoppings


@given(shoppings())
def test_buying_and_returning_never_leaves_a_customer_better_off(told: Shopping) -> None:
    with_it, without = Shopper(told.document), Shopper(told.document)
    for number, step in enumerate(told.steps):
        with_it.goes_on(step, f"o{number}", carries=told.carries)
        if told.greedy:
            with_it.spends_all()
        if isinstance(step, Version):
            without.now = with_it.now
        else:
            without.goes_on(step, f"o{number}")
        without.spends_all()
    assert not with_it.left_of("main")
    if with_it.fell() or without.fell() or with_it.others() != without.others():
        event("other sales were judged otherwise")
        return
    written_off, could_have = with_it.written_off(), without.gained()
    event("written off" if written_off.total() else "nothing written off")
    event(f"bought in the store: {with_it.bought}")
    for purse, points in with_it.gained().items():
        assert points <= could_have[purse] + written_off[purse]
    assert with_it.offers_had(ended=False) <= without.offers_had(ended=True)
