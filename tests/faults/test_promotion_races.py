"""Many processes enter the same promo code in the same instant: as many get it as may."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from faults.race_process import WON, Answer, Claim
from faults.racing import PROCESSES, assert_sound, beaten, events, racers, tell
from loyalty_ledger import clock
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events import limits
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.promotions import PromotionClaimed
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import limit, usage_of
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import ledger_on
from specification import awards, program

TOTAL, CLAIMANTS = 100, 240
EACH, TRIES = 5, 10
POINTS = 7


def club() -> Program:
    """Three promotions of a treat and points: a limit in all, for each, and on the treats."""
    given = [{"issue": "treat"}, {"award": awards(POINTS)}]
    dollar_off = {"kind": "amount_off_check", "amount": "1.00"}
    treat = {"id": "treat", "title": "A dollar off", "discount": dollar_off}
    scarce = treat | {"id": "scarce", "issuance": {"total": TOTAL}}
    multi = {"kind": "multi_use", "outcomes": given}
    promotions = [
        {"id": "total", "name": "T", "code": "TOTAL", "total": TOTAL, **multi},
        {"id": "each", "name": "E", "code": "EACH", "per_customer": EACH, **multi},
        {"id": "few", "name": "F", "code": "FEW", **multi}
        | {"outcomes": [{"award": awards(POINTS)}, {"issue": "scarce"}]},
    ]
    return program(offers=[treat, scarce], promotions=promotions)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        made.administration.publish(club())
        yield made


def customers(ledger: Ledger, count: int) -> list[str]:
    """That many customers."""
    names = [Reference("external", "", f"C{number}") for number in range(count)]
    ledger.administration.enrol([CustomerRecord((name,), None, None, ()) for name in names])
    return [ledger.answers.find(name) for name in names]


def raced(
    ledger: Ledger, url: str, asks: Sequence[Claim], capsys: pytest.CaptureFixture[str]
) -> Counter[str]:
    """How the claims ended, made by eight processes at once."""
    begun = time.perf_counter()
    rounds = [asks[first : first + PROCESSES] for first in range(0, len(asks), PROCESSES)]
    with racers(url) as processes:
        told: list[list[Answer]] = processes.run(rounds)
    outcomes = Counter(one.outcome for answers in told for one in answers)
    what = f"{len(asks)} claims of {asks[0].code}: {dict(outcomes)}; {beaten(told)}"
    tell(capsys, ledger, what, begun)
    assert any(one.beaten for answers in told for one in answers)
    return outcomes


@pytest.mark.parametrize(
    ("code", "refusal", "offer"),
    [("TOTAL", "limit_reached", "treat"), ("FEW", "not_available", "scarce")],
    ids=["the promotion's", "its offer's"],
)
def test_two_hundred_and_forty_claims_get_what_the_total_allows_and_no_more(
    ledger: Ledger,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
    code: str,
    refusal: str,
    offer: str,
) -> None:
    whose = customers(ledger, CLAIMANTS)
    asks = [Claim(one, code) for one in whose]
    outcomes = raced(ledger, database_url, asks, capsys)
    assert outcomes == {WON: TOTAL, refusal: CLAIMANTS - TOTAL}
    assert_claimed(ledger, code.lower(), offer, TOTAL)


def test_eight_processes_that_claim_for_one_customer_get_his_limit_exactly(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = customers(ledger, TRIES)
    asks = [Claim(one, "EACH") for one in whose for _ in range(PROCESSES)]
    outcomes = raced(ledger, database_url, asks, capsys)
    assert outcomes == {WON: EACH * TRIES, "limit_reached": (PROCESSES - EACH) * TRIES}
    assert_claimed(ledger, "each", "treat", EACH * TRIES)
    streams = {usage_of(one) for one in whose}
    usages = ledger.states.get(streams)
    assert {usages[one].of("promotion:each").times for one in streams} == {EACH}


def assert_claimed(ledger: Ledger, promotion: str, offer: str, times: int) -> None:
    """So often it was claimed and counted, and each claim gave the offer and the points."""
    claims: list[PromotionClaimed] = events(ledger, "PromotionClaimed")
    issued: list[OfferIssued] = events(ledger, "OfferIssued")
    awarded: list[PointsAwarded] = events(ledger, "PointsAwarded")
    assert len({one.claim_id for one in claims}) == len(claims) == times
    causes = [f"claim/{one.claim_id}@1" for one in claims]
    assert [one.cause for one in issued] == [one.cause for one in awarded] == causes
    assert {one.definition for one in issued} == {offer}
    assert len({one.offer_id for one in issued}) == times
    subjects = [limit(f"promotion:{promotion}"), limit(limits.issued(offer))]
    counted = ledger.states.get(subjects)
    assert [counted[one].times for one in subjects] == [times, times]
    assert_sound(ledger)
    points = sum(points_of(ledger, one) for one in {claim.customer_id for claim in claims})
    assert points == times * POINTS


def points_of(ledger: Ledger, customer_id: str) -> int:
    return ledger.answers.profile(customer_id, Moment(clock.now())).accounts[0].available
