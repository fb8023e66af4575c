"""Codes of one claim, wrong tries and a total of 500 under eight processes, some of them killed."""

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess

import pytest

from faults.processes import PATIENCE_S, wait_until
from faults.race_process import WON, Claim, claim_for_each
from faults.racing import CONTEXT, PROCESSES, assert_sound, events, racers
from loyalty_ledger import clock
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.streams import limit, tries_of
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.lines import Line
from sample_ledger import ledger_on
from specification import awards, program

TOTAL, CLAIMANTS, KILLS, ROUNDS = 500, 1_000, 6, 20
TEN = {"outcomes": [{"award": awards(10)}]}
CLUB = program(
    promotions=[
        {"id": "total", "name": "T", "kind": "multi_use", "code": "TOTAL", "total": TOTAL, **TEN}
        | {"per_customer": 1},
        {"id": "theirs", "name": "L", "kind": "third_party", **TEN},
    ],
    promo_lockout={"tries": 5, "lasts": "PT1H"},
)
WEEKLY = 3
LIMITED = program(
    promotions=[{"id": "theirs", "name": "L", "kind": "third_party", **TEN}],
    promo_limiter={"week": WEEKLY},
)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        made.administration.publish(CLUB)
        yield made


def customers(ledger: Ledger, count: int) -> list[str]:
    names = [Reference("external", "", f"C{number}") for number in range(count)]
    ledger.administration.enrol([CustomerRecord((name,), None, None, ()) for name in names])
    return [ledger.answers.find(name) for name in names]


def started(url: str, whose: Sequence[str]) -> BaseProcess:
    process = CONTEXT.Process(target=claim_for_each, args=(url, whose, "TOTAL"))
    process.start()
    return process


def test_a_thousand_claims_from_eight_processes_with_kills_get_a_total_of_500_exactly(
    ledger: Ledger, database_url: str
) -> None:
    whose = customers(ledger, CLAIMANTS)
    parts = [whose[number::PROCESSES] for number in range(PROCESSES)]
    processes = [started(database_url, part) for part in parts]
    try:
        for number in range(KILLS):
            goal = ledger.log.head().position + 60
            wait_until(lambda goal=goal: ledger.log.head().position >= goal)  # type: ignore[misc]
            processes[number].kill()
            processes[number].join()
            assert processes[number].exitcode == -signal.SIGKILL
            processes[number] = started(database_url, parts[number])
        for process in processes:
            process.join(PATIENCE_S * 4)
        assert [process.exitcode for process in processes] == [0] * PROCESSES
    finally:
        for process in processes:
            process.kill()
            process.join()
    claims = events(ledger, "PromotionClaimed")
    assert len({one.customer_id for one in claims}) == len(claims) == TOTAL
    assert ledger.states.get([limit("promotion:total")])[limit("promotion:total")].times == TOTAL
    assert_sound(ledger)


def test_a_code_of_one_claim_that_eight_processes_enter_is_claimed_once(
    ledger: Ledger, database_url: str
) -> None:
    whose = customers(ledger, PROCESSES)
    codes = [f"CODE-{number}" for number in range(ROUNDS)]
    lines = [Line(number, code.encode()) for number, code in enumerate(codes)]
    ledger.promo_lists.take_over("theirs", lines, Actor(client_id="app"))
    with racers(database_url) as processes:
        told = processes.run([[Claim(one, code) for one in whose] for code in codes])
    won = [Counter(one.outcome for one in answers)[WON] for answers in told]
    assert max(won) == 1
    used = events(ledger, "PromoCodeUsed")
    assert len({one.digest for one in used}) == len(used) == sum(won)
    assert_sound(ledger)


def test_wrong_tries_of_eight_processes_are_counted_exactly_and_lock_out(
    ledger: Ledger, database_url: str
) -> None:
    whose = customers(ledger, ROUNDS)
    with racers(database_url) as processes:
        told = processes.run([[Claim(one, "NOTHING")] * PROCESSES for one in whose])
    each = {"promotion_not_available": 5, "promo_locked_out": PROCESSES - 5}
    assert [Counter(one.outcome for one in answers) for answers in told] == [each] * ROUNDS
    states = ledger.states.get(map(tries_of, whose))
    assert {(one.in_a_row, one.in_all) for one in states.values()} == {(5, 5)}


def test_of_right_codes_entered_by_eight_processes_at_once_as_many_count_as_the_limiter_allows(
    ledger: Ledger, database_url: str
) -> None:
    ledger.administration.publish(LIMITED)
    whose = customers(ledger, ROUNDS)
    codes = [f"CODE-{number}" for number in range(ROUNDS * PROCESSES)]
    lines = [Line(number, code.encode()) for number, code in enumerate(codes)]
    ledger.promo_lists.take_over("theirs", lines, Actor(client_id="app"))
    rounds = [
        [Claim(one, codes[number * PROCESSES + place]) for place in range(PROCESSES)]
        for number, one in enumerate(whose)
    ]
    with racers(database_url) as processes:
        told = processes.run(rounds)
    each = {WON: WEEKLY, "limit_reached": PROCESSES - WEEKLY}
    assert [Counter(one.outcome for one in answers) for answers in told] == [each] * ROUNDS
    assert len(events(ledger, "PromoCodeUsed")) == ROUNDS * WEEKLY
    assert_sound(ledger)
