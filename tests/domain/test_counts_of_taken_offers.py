"""What an offer counts for when it is taken away: by the ledger for a return, or by an employee."""

import pytest

from loyalty_ledger.domain.events.limits import issued, sold
from loyalty_ledger.domain.events.offers import OfferIssued, OfferRevoked
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.offer_commands import Reinstate, Revoke
from loyalty_ledger.domain.values import Reason, Rejected
from offer_examples import club, treat
from return_examples import counted, later, plain, sends, voids
from specification import TILL, Shop, awards, line, only, paid, rule

CAKE, TEA = line("cake", "4.00"), line("tea", "9.00")
MUGS, TREATS = issued("mug"), issued("treat")


def gives(**more: object) -> tuple[Shop, str]:
    """A sale of cake has issued a mug."""
    campaign = {"id": "cake", "when": {"items": {"skus": ["cake"]}}, "outcomes": [{"issue": "mug"}]}
    shop = plain(offers=[{**treat("mug"), **more}], campaigns=[campaign])
    return shop, only(OfferIssued, sends(shop, CAKE)).offer_id


def test_an_offer_that_was_used_and_comes_back_after_its_end_counts_no_more() -> None:
    shop, mug = gives(redemption={"after_issue": "PT3H"})
    shop.locks(mug, TEA, sale="8", when=later(0.5), at_once=True)
    voids(shop)
    assert counted(shop, MUGS) == (1, 0)
    only(OfferRevoked, shop.asks(mug, Reinstate(at=later(5), by=TILL)))
    assert (shop.offer(mug).state, counted(shop, MUGS)) == (OfferState.REVOKED, (0, 0))


@pytest.mark.parametrize("reason", ["a mistake", "returned"])
def test_whatever_reason_an_employee_gives_a_return_gives_back_what_the_offer_counts_for(
    reason: str,
) -> None:
    shop, mug = gives()
    shop.asks(mug, Revoke(at=later(0.5), by=TILL, why=reason))
    assert counted(shop, MUGS) == (1, 0)
    voids(shop)
    assert counted(shop, MUGS) == (0, 0)


def test_an_offer_given_by_hand_counts_though_it_is_taken_away_again() -> None:
    shop = club(treat(issuance={"total": 1}))
    (gift,) = shop.gives("treat")
    shop.asks(gift.offer_id, Revoke(at=later(0), by=TILL, why="returned"))
    assert counted(shop, TREATS) == (1, 0)
    with pytest.raises(Rejected) as refusal:
        shop.gives("treat", when=later(1))
    assert refusal.value.code is Reason.LIMIT_REACHED


def test_an_offer_that_was_bought_and_used_counts_though_it_is_reinstated() -> None:
    wares = [{"id": "one", "offer": "treat", "price": 8, "inventory": 1}]
    store = {"id": "store", "name": "S", "point_accounts": ["points"], "offers": wares}
    shop = plain(rule(award=awards(10)), offers=[treat()], reward_stores=[store])
    sends(shop, CAKE)
    (bought,) = shop.buys("one", when=later(0))
    shop.locks(bought.offer_id, TEA, sale="8", when=later(0.5), at_once=True)
    shop.asks(bought.offer_id, Reinstate(at=later(1), by=TILL))
    assert (counted(shop, sold("one")), counted(shop, TREATS)) == ((1, 0), (1, 0))


def test_an_offer_goes_with_who_pays_most_and_is_nobody_elses_any_more() -> None:
    given = [{"award": awards(1, per_amount="1.00")}, {"issue": "mug"}]
    shop = plain(offers=[treat("mug")], campaigns=[{"id": "cake", "outcomes": given}])
    mug = only(OfferIssued, sends(shop, CAKE)).offer_id
    both = [paid("ann", "1.00"), paid("ben", "3.00")]
    again = only(OfferIssued, sends(shop, CAKE, hours=1, payments=both))
    assert (again.customer_id, shop.offer(mug).state) == ("ben", OfferState.REVOKED)
    assert counted(shop, MUGS) == (1, 0)
