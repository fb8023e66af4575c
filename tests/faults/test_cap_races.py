"""Every kind of cap, used by eight processes at once that are killed: exactly what it allows.

Promotions have their own races. Afterwards every sale comes back, and every cap is free again.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from faults.cap_process import GIVEN, SOLD, use_up
from faults.processes import PATIENCE_S, seeded, wait_until
from faults.race_process import STORE
from faults.racing import CONTEXT, PROCESSES, assert_sound, events, tell
from loyalty_ledger import clock
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import limit, usage_of
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import ledger_on
from specification import awards, program, rule

SALES = 1_000 if os.environ.get("LOYALTY_LAWS") == "laws" else 120
CUSTOMERS, SHOPPERS = SALES // 8, 5
KILLS = 8 if SALES == 1_000 else 4
TOTAL, BUDGET, EACH = SALES // 2, SALES // 4 * 2, 2
RULES, SOURCE, SOURCE_POINTS, SOURCE_EACH = SALES // 3, SALES // 5, SALES // 4, 3
OFFERS, OFFERS_EACH, JAR = SALES // 3, 2, 3
INVENTORY, SCARCE = 7, 8


def club() -> Program:
    """A campaign, rule, point source, account, offer and reward store for every kind of cap."""
    sold = [
        {"id": "rare", "offer": "plain", "price": 1, "inventory": INVENTORY},
        {"id": "each", "offer": "plain", "price": 1, "per_customer": EACH},
    ]
    offers = [
        *(offer("treat", total=OFFERS), offer("pair", per_customer=OFFERS_EACH), offer("plain")),
        *(offer("scarce", total=SCARCE), offer("two", per_customer=OFFERS_EACH)),
    ]
    accounts: list[dict[str, Any]] = [
        {"id": "points", "name": "P", "spendable": True, "expiry": {"kind": "never"}},
        {"id": "jar", "name": "J", "maximum_balance": JAR, "expiry": {"kind": "never"}},
    ]
    return program(
        point_accounts=accounts,
        point_sources=sources(),
        rules=[
            rule(),
            rule(id="r-total", limits={"total": RULES}),
            rule(id="r-each", limits={"per_customer": {"times": EACH}}),
            rule(id="r-budget", limits={"points": BUDGET}),
        ],
        campaigns=campaigns(),
        offers=offers,
        reward_stores=[{"id": "s", "name": "S", "point_accounts": ["points"], "offers": sold}],
    )


def sources() -> list[dict[str, Any]]:
    limits: dict[str, dict[str, Any]] = {
        "shop": {},
        "few": {"total": SOURCE},
        "budget": {"points": SOURCE_POINTS},
        "own": {"per_customer": {"times": SOURCE_EACH}},
    }
    return [
        {"id": name, "name": name, "accounts": ["points", "jar"], "limits": one}
        for name, one in limits.items()
    ]


def campaigns() -> list[dict[str, Any]]:
    return [
        campaign("total", award(1), total=TOTAL),
        campaign("budget", award(2), points=BUDGET),
        campaign("each", award(1), per_customer={"times": EACH, "period": "P1D"}),
        campaign("s-few", award(1, source="few")),
        campaign("s-budget", award(1, source="budget")),
        campaign("s-own", award(1, source="own")),
        campaign("treats", {"issue": "treat"}),
        campaign("pairs", {"issue": "pair"}),
        campaign("jar", award(1, "jar")),
    ]


def campaign(name: str, outcome: dict[str, Any], **limits: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "outcomes": [outcome], "limits": limits}


def award(points: int, account: str = "points", source: str = "shop") -> dict[str, Any]:
    return {"award": awards(points, account) | {"source": source}}


def offer(name: str, **issuance: int) -> dict[str, Any]:
    dollar_off = {"kind": "amount_off_check", "amount": "1.00"}
    return {"id": name, "title": name, "discount": dollar_off, "issuance": issuance}


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        made.administration.load_stores([Store(store_id=STORE, name="S", time_zone="UTC")])
        made.administration.publish(club())
        yield made


def sale(number: int, begun: datetime, *, voided: bool = False) -> bytes:
    payload = {
        "transaction_id": str(number),
        "open_time": (begun - timedelta(hours=1)).isoformat(),
        "modified_time": (begun - timedelta(minutes=30 if voided else 60)).isoformat(),
        "is_voided": voided,
        "items": [{"line_id": "1", "item_id": "tea", "subtotal": 1}],
        "payments": [{"amount": 1, "user_id": f"C{number % CUSTOMERS}"}],
    }
    envelope = {"store_id": STORE, "client_id": "till", "request_id": f"{number}{voided}"}
    return msgspec.json.encode(envelope | {"request_payload": payload})


def test_eight_processes_that_are_killed_use_up_every_cap_and_no_more(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [Reference("external", "", f"C{number}") for number in range(CUSTOMERS)]
    ledger.administration.enrol([CustomerRecord((name,), None, None, ()) for name in names])
    whose = [ledger.answers.find(name) for name in names]
    begun, measured = clock.now(), time.perf_counter()
    bodies = [sale(number, begun) for number in range(SALES)]
    killed = run_and_kill(ledger, database_url, bodies, whose[:SHOPPERS])
    tell(capsys, ledger, f"{SALES:,} sales, {killed} processes killed", measured)
    ledger.states.forget()
    assert_used_up(ledger, whose)
    assert_sound(ledger)
    ledger.intake.receive([sale(number, begun, voided=True) for number in range(SALES)])
    ledger.worker.work(clock.now, once=True)
    assert_free(ledger, whose)
    assert_sound(ledger)


def run_and_kill(ledger: Ledger, url: str, bodies: list[bytes], customers: list[str]) -> int:
    """Eight processes on it; now and then one is killed, and another begins its part anew."""
    chance, killed = seeded(), 0
    parts = [bodies[number::PROCESSES] for number in range(PROCESSES)]

    def begin(number: int) -> Any:
        process = CONTEXT.Process(target=use_up, args=(url, parts[number], customers))
        process.start()
        return process

    running = [begin(number) for number in range(PROCESSES)]
    try:
        while killed < KILLS:
            goal = ledger.log.head().position + chance.randrange(SALES // 2, 3 * SALES)
            wait_until(
                lambda: (
                    ledger.log.head().position >= goal  # noqa: B023
                    or not any(one.is_alive() for one in running)
                )
            )
            alive = [number for number, one in enumerate(running) if one.is_alive()]
            if not alive:
                break
            number = chance.choice(alive)
            running[number].kill()
            running[number].join()
            running[number] = begin(number)
            killed += 1
        for one in running:
            one.join(4 * PATIENCE_S)
        assert [one.exitcode for one in running] == [0] * PROCESSES
    finally:
        for one in running:
            one.kill()
            one.join()
    assert killed >= KILLS // 2
    return killed


def assert_used_up(ledger: Ledger, whose: list[str]) -> None:
    awarded = events(ledger, "PointsAwarded")
    times, points = Counter[str](), Counter[str]()
    each = Counter[tuple[str, str]]()
    for one in awarded:
        for name in (one.rule, f"source:{one.source}", f"account:{one.account}"):
            times[name] += 1
            points[name] += one.points
            each[name, one.customer_id] += one.points
    issued = events(ledger, "OfferIssued")
    told = Counter(one.definition for one in issued)
    sold = Counter(one.store_offer for one in issued)
    own = Counter((one.store_offer or one.definition, one.customer_id) for one in issued)
    assert (times["campaign:total"], times["rule:r-total"]) == (TOTAL, RULES)
    assert (points["campaign:budget"], points["rule:r-budget"]) == (BUDGET, BUDGET)
    assert (times["source:few"], points["source:budget"]) == (SOURCE, SOURCE_POINTS)
    assert (told["treat"], told["scarce"], sold["rare"]) == (OFFERS, SCARCE, INVENTORY)
    for customer_id in whose:
        assert each["campaign:each", customer_id] == each["rule:r-each", customer_id] == EACH
        assert each["source:own", customer_id] == SOURCE_EACH
        assert own["pair", customer_id] == OFFERS_EACH
        assert each["account:jar", customer_id] == JAR
    for customer_id in whose[:SHOPPERS]:
        assert (own["each", customer_id], own["two", customer_id]) == (EACH, OFFERS_EACH)
    assert_counted(ledger, whose, {
        "campaign:total": TOTAL, "rule:r-total": RULES, "source:few": SOURCE,
        "offer:treat": OFFERS, "offer:scarce": SCARCE,
        "store-offer:rare": INVENTORY, "store-offer:each": EACH * SHOPPERS,
        "campaign:each": EACH * CUSTOMERS, "source:own": SOURCE_EACH * CUSTOMERS,
        "offer:two": OFFERS_EACH * SHOPPERS, "offer:pair": OFFERS_EACH * CUSTOMERS,
    })  # fmt: skip


def assert_counted(ledger: Ledger, whose: list[str], expected: dict[str, int]) -> None:
    """What everybody's count says, and what the customers' own come to together."""
    usages = ledger.states.get(map(usage_of, whose)).values()
    for subject, times in expected.items():
        in_all = ledger.states.get([limit(subject)])[limit(subject)]
        mine = sum(usage.of(subject).times for usage in usages)
        assert (subject, in_all.times, mine) == (subject, times, times)
        assert in_all.points == sum(usage.of(subject).points for usage in usages)


def assert_free(ledger: Ledger, whose: list[str]) -> None:
    """All that sales used is free; what was bought and given by hand stays so."""
    campaigns = ("total", "budget", "each", "s-few", "s-budget", "s-own", "treats", "pairs", "jar")
    free = [
        *(f"campaign:{name}" for name in campaigns),
        *("rule:r-total", "rule:r-each", "rule:r-budget"),
        *("source:few", "source:budget", "source:own", "offer:treat", "offer:pair"),
    ]
    assert_counted(ledger, whose, dict.fromkeys(free, 0))
    assert_counted(
        ledger, whose, {f"offer:{GIVEN[0]}": SCARCE, f"store-offer:{SOLD[0]}": INVENTORY}
    )
    for customer_id in whose:
        accounts = ledger.answers.profile(customer_id, Moment(clock.now())).accounts
        assert [one.available for one in accounts if one.account == "jar"] in ([], [0])
