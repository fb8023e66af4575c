"""Checks of offers and reward stores."""

from loyalty_ledger.domain.program.check_parts import (
    Names,
    check_levels,
    check_money,
    check_period,
    check_selector,
)
from loyalty_ledger.domain.program.problems import Place

_REDUCTIONS = ("percent_off", "amount_off", "set_price")


def check_offer(offer: Place, names: Names) -> None:
    """An offer's money is money, its periods are periods, its discount is one discount."""
    check_money(offer["minimum_spend"], names)
    check_period(offer["issuance"], names)
    _check_redemption(offer["redemption"], names)
    discount = offer["discount"]
    for key in ("amount", "maximum", "price"):
        check_money(discount[key], names)
    for selector in (discount["items"], discount["buy"]["items"], discount["get"]["items"]):
        check_selector(selector)
    if isinstance(discount["get"].value, dict):
        _check_get(discount["get"], names)


def _check_redemption(redemption: Place, names: Names) -> None:
    check_period(redemption, names)
    if redemption["after_issue"] and (redemption["starts"] or redemption["ends"]):
        redemption["after_issue"].say(
            "an offer lives either for a time after its issue, or from a start to an end"
        )


def _check_get(get: Place, names: Names) -> None:
    check_money(get["amount_off"], names)
    check_money(get["set_price"], names)
    given = [key for key in _REDUCTIONS if get[key]]
    if len(given) != 1:
        held = " and ".join(given) or "none of them"
        get.say(f"must hold exactly one of {', '.join(_REDUCTIONS)}; there is {held}")


def check_reward_store(store: Place, names: Names) -> None:
    """A reward store takes points that can be spent, and sells offers that exist."""
    check_period(store, names)
    check_levels(store["levels"], names)
    accounts = store["point_accounts"]
    found = [account.must_be_one_of(names.accounts, "point account") for account in accounts.each()]
    taken = {account.text for account in accounts.each()}
    if found and all(found) and not taken & names.spendable:
        accounts.say("none of these accounts is spendable: a reward store needs one that is")
    for sold in store["offers"].each():
        check_period(sold, names)
        sold["offer"].must_be_one_of(names.offers, "offer")
