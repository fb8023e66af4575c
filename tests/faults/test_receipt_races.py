"""Many processes claim one receipt in the same instant, while the goods come back: one has it."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
import pytest

from faults.race_process import WON, Answer, Ask, ClaimReceipt, Send
from faults.racing import PROCESSES, assert_sound, beaten, events, racers, tell
from loyalty_ledger import clock
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.receipts import SaleClaimed
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import ledger_on
from specification import NEW_YORK, awards, program, rule

RECEIPTS = 30
EACH_SALE = 10


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        made.administration.load_stores([Store(store_id="s1", name="S", time_zone=NEW_YORK)])
        made.administration.publish(club())
        yield made


def club() -> Program:
    """A point for every dollar."""
    return program(rules=[rule(award=awards(1, per_amount="1.00"))])


def sale(number: int, *, back: bool = False) -> bytes:
    """A sale of ten dollars to nobody in particular; `back` when half of it came back."""
    amount = EACH_SALE // 2 if back else EACH_SALE
    made = clock.now() - timedelta(hours=2)
    payload = {
        "transaction_id": f"T{number}",
        "open_time": made.isoformat(),
        "modified_time": (made + timedelta(hours=int(back))).isoformat(),
        "receipt_code": f"R{number}",
        "items": [{"line_id": "1", "item_id": "tea", "subtotal": amount}],
        "payments": [{"amount": amount}],
    }
    envelope = {"store_id": "s1", "client_id": "till", "request_id": f"T{number}-{back}"}
    return msgspec.json.encode(envelope | {"request_payload": payload})


def sold(ledger: Ledger) -> None:
    """All the sales, of whom nobody knows whose they are."""
    receipts = ledger.intake.receive([sale(number) for number in range(RECEIPTS)])
    assert {one.outcome for one in receipts} == {"accepted"}


def raced(
    ledger: Ledger, url: str, rounds: Sequence[Sequence[Ask]], capsys: pytest.CaptureFixture[str]
) -> list[list[Answer]]:
    """The answers, by round."""
    begun = time.perf_counter()
    with racers(url) as processes:
        told = processes.run(rounds)
    tell(capsys, ledger, f"{len(rounds)} receipts, {beaten(told)}", begun)
    assert any(one.beaten for answers in told for one in answers)
    return told


def customers(ledger: Ledger) -> list[str]:
    names = [Reference("external", "", f"C{number}") for number in range(PROCESSES)]
    ledger.administration.enrol([CustomerRecord((name,), None, None, ()) for name in names])
    return [ledger.answers.find(name) for name in names]


def test_of_eight_who_claim_a_receipt_one_has_it(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = customers(ledger)
    sold(ledger)
    rounds = [[ClaimReceipt(one, f"R{n}") for one in whose] for n in range(RECEIPTS)]
    told = raced(ledger, database_url, rounds, capsys)
    once = {WON: 1, "receipt_claimed": PROCESSES - 1}
    assert [Counter(one.outcome for one in answers) for answers in told] == [once] * RECEIPTS
    claims: list[SaleClaimed] = events(ledger, "SaleClaimed")
    assert len({one.transaction for one in claims}) == len(claims) == RECEIPTS
    awarded: list[PointsAwarded] = events(ledger, "PointsAwarded")
    assert [one.points for one in awarded] == [EACH_SALE] * RECEIPTS
    assert_sound(ledger)


def test_a_receipt_is_claimed_while_half_of_the_goods_come_back(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = customers(ledger)
    sold(ledger)
    ledger.settlement.settle_all()
    rounds: list[list[Ask]] = [
        [*(ClaimReceipt(one, f"R{n}") for one in whose[1:]), Send(sale(n, back=True))]
        for n in range(RECEIPTS)
    ]
    raced(ledger, database_url, rounds, capsys)
    ledger.settlement.settle_all()
    claims: list[SaleClaimed] = events(ledger, "SaleClaimed")
    assert len({one.transaction for one in claims}) == len(claims) == RECEIPTS
    awarded: list[PointsAwarded] = events(ledger, "PointsAwarded")
    back: list[PointsClawedBack] = events(ledger, "PointsClawedBack")
    left = sum(one.points for one in awarded) - sum(one.points for one in back)
    assert left == RECEIPTS * EACH_SALE // 2
    assert_sound(ledger)
