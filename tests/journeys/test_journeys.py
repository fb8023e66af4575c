"""The journeys that the demo plays: their steps by number, and the state that each leaves."""

from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import Engine

from loyalty_ledger.answers import Moment
from loyalty_ledger.cli import demo, journeys
from loyalty_ledger.cli.journey_campaign import complete_a_campaign
from loyalty_ledger.cli.journey_levels import advance_a_level
from loyalty_ledger.cli.journey_promo_code import redeem_promo_codes
from loyalty_ledger.cli.journey_purchase import finalize_and_send
from loyalty_ledger.cli.journey_return import change_void_and_return
from loyalty_ledger.cli.journey_reward_store import redeem_points
from loyalty_ledger.cli.journey_stage import Clock, Scene, Shop, State, Step
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.verification import verify

SECRET = b"a secret key of the tests, 32 characters or more"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BURRITO_OFFER, COFFEE_OFFER = "two-dollars-off", "free-muffin"
EVERY_SALE_ENDS_WITH = [7, 8, 9, 10, 11, 12, 13]


@pytest.fixture
def burrito_bar(engine: Engine) -> Shop:
    return opened(engine, "burrito", journeys.open_burrito_bar, journeys.THE_DAY_BEFORE)


@pytest.fixture
def coffee_bar(engine: Engine) -> Shop:
    return opened(engine, "coffee", journeys.open_coffee_bar, journeys.A_FORTNIGHT_BEFORE)


def opened(engine: Engine, name: str, open_bar: Callable[..., Shop], begins_at: datetime) -> Shop:
    clock = Clock(begins_at)
    ledger = Ledger(engine, SECRET, clock)
    return open_bar(ledger, clock, demo.sample_program(f"{name}.program.yaml"))


def numbers(scene: Scene) -> list[int | None]:
    return [step.number for step in scene.steps]


def step(scene: Scene, number: int) -> Step:
    """The last step under that number."""
    return [one for one in scene.steps if one.number == number][-1]


def points(state: State) -> int:
    return state.points["points"]


def held(scene: Scene, offer: str) -> list[str | None]:
    """The state of an offer after each step, told once as long as it stays."""
    states = [one.state.offers.get(offer) for one in scene.steps]
    return [now for before, now in zip([object(), *states], states, strict=False) if now != before]


def test_1_a_campaign_gives_points_and_an_offer(burrito_bar: Shop) -> None:
    scene = complete_a_campaign(burrito_bar)
    assert numbers(scene) == [1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18]
    until_settled = [one.state for one in scene.steps[:-1]]
    assert {(points(state), tuple(state.offers)) for state in until_settled} == {(280, ())}
    assert step(scene, 18).state == State(
        {"points": 280 + 115 + 100, "tier-credits": 28 + 11},
        {"club": "mild"},
        {BURRITO_OFFER: "ISSUED"},
    )
    assert "offer two-dollars-off by campaign:large-chicken-burrito" in step(scene, 18).what


def test_2_points_buy_an_offer_that_is_used_in_a_sale(coffee_bar: Shop) -> None:
    scene = redeem_points(coffee_bar)
    assert numbers(scene) == [*range(1, 16), 17, *range(19, 28)]
    assert [points(step(scene, n).state) for n in (1, 12, 13, 27)] == [200, 200, 50, 50]
    assert held(scene, COFFEE_OFFER) == [None, "ISSUED", "LOCKED", "REDEEMED"]
    assert step(scene, 14).state.offers == {COFFEE_OFFER: "ISSUED"}
    assert step(scene, 17).state.offers == {COFFEE_OFFER: "LOCKED"}
    assert step(scene, 20).state.offers == {COFFEE_OFFER: "LOCKED"}
    assert step(scene, 21).state.offers == {COFFEE_OFFER: "REDEEMED"}, "in the receiving commit"
    assert [step(scene, n).state.points["pending"] for n in (1, 26, 27)] == [0, 0, 32]


def test_2_the_reward_store_says_what_can_be_bought_and_why_not(coffee_bar: Shop) -> None:
    scene = redeem_points(coffee_bar)
    assert "Reward store: 200 points to spend" in step(scene, 7).what
    shelf = step(scene, 9).what
    assert "muffin-150 for 150 (can be bought)" in shelf
    assert "mugs-400 for 400 (200 points short)" in shelf
    assert "Buy 1 coffee and get a free muffin, good until 16 April" in step(scene, 14).what
    assert "2.80 EUR off, held until 09:10" in step(scene, 19).what


def test_3_a_promo_code_gives_an_offer_that_is_redeemed_in_a_sale(coffee_bar: Shop) -> None:
    scene, _ = redeem_promo_codes(coffee_bar)
    assert numbers(scene) == [*range(1, 11), *range(15, 23)]
    assert held(scene, "mug-set") == [None, "ISSUED", "REDEEMED"]
    assert [step(scene, n).state.offers for n in (2, 3)] == [{}, {"mug-set": "ISSUED"}]
    assert [step(scene, n).state.offers["mug-set"] for n in (7, 8)] == ["ISSUED", "REDEEMED"]
    assert "mug-set in her wallet, until 01 June" in step(scene, 3).what
    assert "4.50 EUR off" in step(scene, 9).what
    assert [step(scene, n).state.points["pending"] for n in (21, 22)] == [0, 255 + 32]


def test_3_a_promo_code_gives_points_that_buy_an_offer(coffee_bar: Shop) -> None:
    _, scene = redeem_promo_codes(coffee_bar)
    assert numbers(scene) == [1, 2, 3, *range(6, 16), 17, *range(19, 28)]
    assert [points(step(scene, n).state) for n in (2, 3, 12, 13, 27)] == [0, 200, 200, 50, 50]
    assert "200 points" in step(scene, 3).what
    assert "muffin-150 for 150 (can be bought)" in step(scene, 9).what
    assert held(scene, COFFEE_OFFER) == [None, "ISSUED", "LOCKED", "REDEEMED"]


def test_4_buying_leads_to_the_next_level(burrito_bar: Shop) -> None:
    complete_a_campaign(burrito_bar)
    scene = advance_a_level(burrito_bar)
    asked, bought = [1, 2, 3, 4], [5, 6, 7, 8, 9, 10, 11]
    assert numbers(scene) == [*((asked + bought) * 3), 12]
    credits = [one.state.points["tier-credits"] for one in scene.steps if one.number in (1, 12)]
    assert credits == [39, 67, 95, 123]
    assert {one.state.levels["club"] for one in scene.steps[:-1]} == {"mild"}
    assert step(scene, 12).state.levels == {"club": "medium"}
    assert "moves Ann from mild to medium" in step(scene, 12).what


def test_5_a_purchase_is_finished_with_each_option(burrito_bar: Shop) -> None:
    no_offer, locked, at_once, *_ = finalize_and_send(burrito_bar)
    assert numbers(no_offer) == [1, 2, *EVERY_SALE_ENDS_WITH]
    assert numbers(locked) == [1, 3, 5, 6, *EVERY_SALE_ENDS_WITH]
    assert numbers(at_once) == [1, 4, 5, 6, *EVERY_SALE_ENDS_WITH]
    last = [scene.steps[-1].state for scene in (no_offer, locked, at_once)]
    assert [state.points for state in last] == [
        {"points": 115 + 100, "tier-credits": 11},
        {"points": 215 + 95 + 100, "tier-credits": 20},
        {"points": 410 + 95 + 100, "tier-credits": 29},
    ]
    assert [state.offers for state in last] == [
        {"A": "ISSUED"},
        {"A": "REDEEMED", "B": "ISSUED"},
        {"A": "REDEEMED", "B": "REDEEMED", "C": "ISSUED"},
    ]
    assert held(locked, "A") == ["ISSUED", "LOCKED", "REDEEMED"]
    assert [step(locked, n).state.offers["A"] for n in (3, 6, 7)] == ["LOCKED"] * 2 + ["REDEEMED"]
    assert step(at_once, 4).state.offers["B"] == "REDEEMED", "before the sale is sent"


def test_5_unlocking_and_reinstating_undo(burrito_bar: Shop) -> None:
    *_, unlocked, reinstated = finalize_and_send(burrito_bar)
    assert held(unlocked, "C") == ["LOCKED", "ISSUED"]
    refusals = [one.what for one in unlocked.steps if "refuses" in one.what]
    assert ["offer_locked" in refusals[0], "offer_not_applicable" in refusals[1]] == [True, True]
    assert held(reinstated, "B") == ["REDEEMED", "ISSUED"]
    assert reinstated.steps[-1].state.offers == {"A": "REDEEMED", "B": "ISSUED", "C": "ISSUED"}
    assert {points(one.state) for one in (*unlocked.steps, *reinstated.steps)} == {605}


def test_5_a_change_a_void_and_returns_move_what_they_should(burrito_bar: Shop) -> None:
    *_, before = finalize_and_send(burrito_bar)
    assert points(before.steps[-1].state) == 605
    changed, voided, returned, too_late = change_void_and_return(burrito_bar)
    assert points(changed.steps[-1].state) == 605 + 30
    assert points(voided.steps[-1].state) == 635 - 95 - 100
    assert (held(voided, "A"), held(voided, "B")) == (["REDEEMED", "ISSUED"], ["ISSUED", "REVOKED"])
    assert points(returned.steps[-1].state) == 440 - 115 - 100
    assert {points(one.state) for one in too_late.steps} == {0}, "all has expired meanwhile"
    assert "nothing moves" in too_late.steps[-1].what


def test_every_state_can_be_asked_for_again_as_of_its_moment(burrito_bar: Shop) -> None:
    """Live and as-of answers are the same code over different rows; both have to say the same."""
    told = [(scene, burrito_bar.clock.now) for scene in finalize_and_send(burrito_bar)]
    for scene, moment in told:
        then = Moment(burrito_bar.clock.now, as_of=moment)
        profile = burrito_bar.ledger.answers.profile(scene.customer_id, then)
        state = scene.steps[-1].state
        assert {one.account: one.available for one in profile.accounts} == state.points
        states = {one.offer_id: one.state for one in profile.offers}
        ids = scene.offers()
        assert {name: states[ids[name]] for name in state.offers} == state.offers


def test_what_the_journeys_leave_behind_stands_up_to_verification(burrito_bar: Shop) -> None:
    complete_a_campaign(burrito_bar)
    advance_a_level(burrito_bar)
    assert len(list(finalize_and_send(burrito_bar))) == 5
    assert len(list(change_void_and_return(burrito_bar))) == 4
    assert verify(burrito_bar.ledger, lambda _done, _goal: None).problems == []


@pytest.mark.parametrize("name", ["burrito", "coffee"])
def test_the_journeys_programs_are_the_documented_examples(name: str) -> None:
    sample = files("loyalty_ledger") / "sample" / f"{name}.program.yaml"
    assert sample.read_bytes() == (EXAMPLES / f"{name}.program.yaml").read_bytes()
