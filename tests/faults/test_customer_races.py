"""Many processes enrol the same person at once: he is enrolled once."""

import os
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from faults.race_process import WON, Enrol
from faults.racing import PROCESSES, assert_sound, beaten, events, racers, tell
from loyalty_ledger import clock
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import ledger_on

ROUNDS = 1_000 if os.environ.get("LOYALTY_LAWS") == "laws" else 200


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        yield made


def test_of_eight_processes_that_enrol_one_address_at_once_one_gets_it(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = [f"ann{number}@b.example" for number in range(ROUNDS)]
    begun = time.perf_counter()
    with racers(database_url) as processes:
        rounds = processes.run([[Enrol(one)] * PROCESSES for one in addresses])
    outcomes = [Counter(one.outcome for one in answers) for answers in rounds]
    in_all = dict(sum(outcomes, Counter()))
    told = f"{PROCESSES} processes enrol one address, {len(rounds):,} rounds: {in_all}"
    tell(capsys, ledger, f"{told}; {beaten(rounds)}", begun)
    assert outcomes == [{WON: 1, "identifier_taken": PROCESSES - 1}] * ROUNDS
    assert any(one.beaten for answers in rounds for one in answers)
    enrolled = [one.customer_id for one in events(ledger, "CustomerEnrolled")]
    found = [ledger.answers.find(Reference("email", "", one)) for one in addresses]
    assert enrolled == found
    assert len(set(found)) == len(events(ledger, "IdentifierLinked")) == ROUNDS
    assert_sound(ledger)
