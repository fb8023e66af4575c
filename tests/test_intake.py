"""Taking in sales: accepted means committed, each request is answered once."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select

from cli.bad_lines import envelope, item
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.intake import Receipt
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import CatalogItem
from loyalty_ledger.store.schema import event_customer, events, personal
from sample_ledger import GROCER, MovingClock, ledger_at, read_program

NOW = datetime(2017, 6, 1, 12, tzinfo=UTC)
ANN = Reference("external", "", "ANN")
STORE = Store(store_id="319", name="Main Street", time_zone="America/New_York")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    made = ledger_at(database_url, MovingClock(NOW))
    made.administration.load_stores([STORE])
    made.administration.publish(read_program(GROCER))
    yield made
    for one in (made, *OTHERS):
        one.log.engine.dispose()
    OTHERS.clear()


OTHERS: list[Ledger] = []


def another(ledger: Ledger) -> Ledger:
    """A ledger as another process has it, over the same database."""
    OTHERS.append(ledger_at(ledger.log.engine.url, ledger.clock))
    return OTHERS[-1]


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(transaction: str = "T1", request: str = "", **changes: Any) -> bytes:
    whole = envelope(transaction, payments=[{"amount": 10, "user_id": "ANN"}]) | {
        "request_id": request or f"{transaction}-{msgspec.json.encode(changes).hex()[:80]}"
    }
    whole["request_payload"] |= changes
    return msgspec.json.encode(whole)


def send(ledger: Ledger, *bodies: bytes) -> list[str]:
    """The outcomes, a refusal by its code."""
    receipts = ledger.intake.receive(bodies)
    return [one.refusal.code.value if one.refusal else one.outcome for one in receipts]


def only(ledger: Ledger, sent: bytes) -> Receipt:
    return ledger.intake.receive([sent])[0]


def names(ledger: Ledger) -> list[str]:
    """What happened to sales, by name, in order."""
    wanted = ("TransactionReceived", "TransactionVersionIgnored", "SettlementDeferred")
    return [type(one.event).__name__ for one in ledger.log.read(0, 1_000, names=wanted)]


def received(ledger: Ledger) -> list[TransactionReceived]:
    found = [one.event for one in ledger.log.read(0, 1_000, names=["TransactionReceived"])]
    return [event for event in found if isinstance(event, TransactionReceived)]


def work(ledger: Ledger) -> None:
    ledger.worker.work(lambda: NOW, once=True)


def points(ledger: Ledger, reference: Reference = ANN) -> int:
    profile = ledger.answers.profile(ledger.answers.find(reference), Moment(NOW))
    return next(one.lifetime for one in profile.accounts if one.account == "tier-credits")


def test_a_request_sent_again_gets_the_same_answer_and_changes_nothing(ledger: Ledger) -> None:
    first = only(ledger, body())
    head = ledger.log.head()
    assert first.outcome == "accepted"
    assert msgspec.json.decode(first.answer)["transaction_id"] == "T1"
    assert only(ledger, body()) == Receipt("repeated", first.answer)
    assert only(another(ledger), body()) == Receipt("repeated", first.answer)
    assert ledger.log.head() == head


def test_a_request_id_used_for_another_body_is_refused(ledger: Ledger) -> None:
    send(ledger, body("T1", "R"))
    head = ledger.log.head()
    assert send(ledger, body("T1", "R", is_voided=True)) == ["request_conflict"]
    assert send(ledger, body("T2", "R")) == ["request_conflict"]
    assert ledger.log.head() == head


def test_a_request_id_is_known_by_client_and_store_too(ledger: Ledger) -> None:
    other = msgspec.json.decode(body("T2", "R")) | {"client_id": "another till"}
    assert send(ledger, body("T1", "R"), msgspec.json.encode(other)) == ["accepted"] * 2


def test_a_request_that_was_refused_is_judged_anew_when_its_id_is_used_again(
    ledger: Ledger,
) -> None:
    bad, good = body("T1", "R", items=[item("1", subtotal="1.001")]), body("T1", "R")
    assert send(ledger, bad, bad, good, bad) == [
        "validation",
        "validation",
        "accepted",
        "request_conflict",
    ]
    assert send(ledger, bad, good) == ["request_conflict", "repeated"]


def test_the_same_body_under_another_request_id_is_nothing_new(ledger: Ledger) -> None:
    assert send(ledger, body("T1", "R1"), body("T1", "R2")) == ["accepted", "repeated"]
    assert send(ledger, body("T1", "R3"), body("T1", "R2")) == ["repeated", "repeated"]
    assert names(ledger) == ["TransactionReceived"]


@pytest.mark.parametrize("apart", [False, True])
def test_a_version_not_later_than_the_last_is_kept_and_ignored(ledger: Ledger, apart: bool) -> None:
    sent = [body(modified_time=at(0)), body(modified_time=at(-1)), body(modified_time=at(-2))]
    groups = [[one] for one in sent] if apart else [sent]
    assert [one for group in groups for one in send(ledger, *group)] == ["accepted"] * 3
    assert names(ledger) == ["TransactionReceived"] + ["TransactionVersionIgnored"] * 2
    assert send(ledger, body(modified_time=at(-1), request_note=None)) == ["accepted"]


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ({"is_closed": False}, {"is_closed": True}, True),
        ({"is_closed": True}, {"is_closed": False}, False),
        ({"is_closed": True}, {"is_voided": True}, True),
        ({"is_voided": True}, {"is_closed": True}, False),
        ({"is_closed": False}, {"is_closed": False, "is_voided": True}, True),
    ],
)
def test_at_equal_times_a_void_beats_a_close_and_a_close_beats_an_open_one(
    ledger: Ledger, first: dict[str, Any], second: dict[str, Any], counts: bool
) -> None:
    send(ledger, body(**first), body(**second))
    last = "TransactionReceived" if counts else "TransactionVersionIgnored"
    assert names(ledger) == ["TransactionReceived", last]


def test_an_open_sale_grants_nothing_until_it_is_closed(ledger: Ledger) -> None:
    send(ledger, body(is_closed=False, modified_time=at(-2)))
    work(ledger)
    assert points(ledger) == 0
    send(ledger, body(modified_time=at(-1)))
    work(ledger)
    assert points(ledger) == 10


def test_a_sale_that_is_voided_before_it_was_settled_grants_nothing(ledger: Ledger) -> None:
    send(ledger, body(is_closed=False, modified_time=at(-2)), body(is_voided=True))
    work(ledger)
    assert (points(ledger), names(ledger)) == (0, ["TransactionReceived"] * 2)


def test_later_versions_of_a_settled_sale_are_deferred_once_each(ledger: Ledger) -> None:
    send(ledger, body(modified_time=at(-3)))
    work(ledger)
    send(ledger, body(modified_time=at(-2), items=[]), body(modified_time=at(-1), is_voided=True))
    work(ledger)
    work(another(ledger))
    assert names(ledger).count("SettlementDeferred") == 2
    assert points(ledger) == 10


@pytest.mark.parametrize("most", [1, 2, 500])
def test_a_sale_whose_versions_are_settled_in_different_batches_is_settled_once(
    ledger: Ledger, most: int
) -> None:
    send(ledger, body("T1", modified_time=at(-3)), body("T2"), body("T1", modified_time=at(-2)))
    fresh = another(ledger)
    while fresh.settlement.settle_batch(most):
        pass
    assert names(ledger).count("SettlementDeferred") == 1
    assert ledger.log.count(0, ["TransactionSettled"]) == 2


def test_two_payments_naming_one_person_by_two_ids_earn_once(ledger: Ledger) -> None:
    send(ledger, body("T0"))
    customer = ledger.answers.find(ANN)
    payments = [
        {"amount": 4, "user_id": customer, "user_id_type": "SessionM_ID"},
        {"amount": 6, "user_id": "ANN", "user_id_type": "External_ID"},
    ]
    assert send(ledger, body("T1", payments=payments)) == ["accepted"]
    work(ledger)
    assert points(ledger) == 20
    settled = ledger.log.read(0, 100, names=["TransactionSettled"])[-1].event
    assert [one.customer_id for one in settled.customers] == [customer]  # type: ignore[attr-defined]


def test_one_payment_with_two_ids_of_one_person_names_that_person(ledger: Ledger) -> None:
    enrol(ledger, ANN, Reference("email", "", "ann@b.example"))
    payment = {
        "amount": 10,
        "user_id": "unknown card",
        "user_id_type": "card",
        "additional_user_id": " Ann@B.example",
        "additional_user_id_type": "Email",
    }
    send(ledger, body(payments=[payment]))
    work(ledger)
    assert points(ledger) == 10


def enrol(ledger: Ledger, *references: Reference) -> None:
    answers = ledger.administration.enrol([CustomerRecord(references, None, None, ())])
    assert answers == [True]


def test_an_external_id_of_two_types_needs_its_type(ledger: Ledger) -> None:
    enrol(ledger, Reference("external", "CRM", "7"))
    enrol(ledger, Reference("external", "APP", "7"))
    untyped = {"amount": 10, "user_id": "7"}
    head = ledger.log.head()
    assert send(ledger, body("T1", payments=[untyped])) == ["ambiguous_customer"]
    assert ledger.log.head() == head
    assert send(ledger, body("T2", payments=[untyped | {"user_id_type": "CRM"}])) == ["accepted"]
    assert send(ledger, body("T3", payments=[untyped | {"user_id_type": "CRM"}])) == ["accepted"]
    work(ledger)
    assert points(ledger, Reference("external", "CRM", "7")) == 20
    assert points(ledger, Reference("external", "APP", "7")) == 0


def publish(ledger: Ledger, **changes: Any) -> None:
    document = read_program(GROCER).to_document() | changes
    assert ledger.administration.publish(Program.from_document(document)) is not None


def test_without_enrolment_on_sight_an_unknown_id_is_kept_beside_and_unclaimed(
    ledger: Ledger,
) -> None:
    publish(ledger, enrol_on_sight=False)
    assert send(ledger, body("T1")) == ["accepted"]
    work(ledger)
    with pytest.raises(Rejected) as refusal:
        ledger.answers.find(ANN)
    assert refusal.value.code is Reason.UNKNOWN_CUSTOMER
    assert ledger.log.count(0, ["CustomerEnrolled", "PointsAwarded"]) == 0
    with ledger.log.engine.connect() as connection:
        (kept,) = connection.execute(select(personal.c.value)).scalars()
    assert msgspec.json.decode(kept)["unclaimed"] == {"0": {"external": "ANN"}}


SECRETS = {
    "external id": "plain-external-id",
    "custom data of the sale": "custom-of-sale",
    "custom data of a line": "custom-of-line",
    "an unknown field": "unknown-of-sale",
    "an unknown field of a payment": "unknown-of-payment",
    "first name": "Berenike",
    "email": "berenike@b.example",
    "phone": "5550123456",
}


def test_personal_data_stands_beside_the_log_and_never_in_it(ledger: Ledger) -> None:
    secret = SECRETS
    sent = body(
        payments=[
            {
                "amount": 10,
                "user_id": secret["external id"],
                "note": secret["an unknown field of a payment"],
            }
        ],
        items=[item("1", custom_data={"x": secret["custom data of a line"]})],
        custom_data={"deep": [{"er": secret["custom data of the sale"]}]},
        unheard_of=secret["an unknown field"],
    )
    nobody = body("T2", payments=[{"amount": 10, "note": secret["an unknown field"]}])
    assert send(ledger, sent, nobody) == ["accepted"] * 2
    record = CustomerRecord(
        (Reference("email", "", secret["email"]), Reference("phone", "", secret["phone"])),
        None,
        None,
        (("first_name", secret["first name"]),),
    )
    assert ledger.administration.enrol([record]) == [True]
    work(ledger)
    everything = stored(ledger.log.engine)
    for what, value in secret.items():
        assert value.encode() not in everything["log"], what
        assert value.encode() in everything["beside"], what


def stored(engine: Engine) -> dict[str, bytes]:
    with engine.connect() as connection:
        log = [
            row for table in (events, event_customer) for row in connection.execute(select(table))
        ]
        beside = list(connection.execute(select(personal)))
    return {
        name: b"\n".join(
            value if isinstance(value, bytes) else str(value).encode()
            for row in rows
            for value in row
        )
        for name, rows in (("log", log), ("beside", beside))
    }


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2017-03-12T02:30:00", "2017-03-12T07:30:00+00:00"),  # a gap: an hour forward
        ("2016-11-06 01:30:00", "2016-11-06T05:30:00+00:00"),  # a fold: the earlier
        ("2017-01-15T09:00:00", "2017-01-15T14:00:00+00:00"),
    ],
)
def test_a_time_without_zone_is_the_stores_wall_time(
    ledger: Ledger, wall: str, instant: str
) -> None:
    send(ledger, body(open_time=wall, modified_time=wall))
    (event,) = received(ledger)
    assert event.open_time == event.at == datetime.fromisoformat(instant)


def test_each_time_stands_in_for_the_other(ledger: Ledger) -> None:
    send(ledger, body("T1", open_time=None), body("T2", modified_time=None))
    assert {one.open_time for one in received(ledger)} == {NOW}
    assert {one.at for one in received(ledger)} == {NOW}


def test_a_time_24_hours_ahead_is_taken_and_a_later_one_is_not(ledger: Ledger) -> None:
    assert send(ledger, body("T1", modified_time=at(24))) == ["accepted"]
    assert send(ledger, body("T2", modified_time=at(24.1))) == ["time_in_future"]


def test_without_a_program_nothing_is_taken_in(database_url: str) -> None:
    ledger = ledger_at(database_url, MovingClock(NOW))
    ledger.administration.load_stores([STORE])
    head = ledger.log.head()
    assert send(ledger, body()) == ["no_program"]
    assert ledger.log.head() == head
    ledger.log.engine.dispose()


def test_what_another_process_loads_counts_from_then_on(database_url: str) -> None:
    """A refusal is not decided by what this process happens to remember."""
    ledger, operator = (ledger_at(database_url, MovingClock(NOW)) for _ in range(2))
    assert send(ledger, body()) == ["unknown_store"]
    operator.administration.load_stores([STORE])
    assert send(ledger, body()) == ["no_program"]
    operator.administration.publish(read_program(GROCER))
    assert send(ledger, body()) == ["accepted"]
    for one in (ledger, operator):
        one.log.engine.dispose()


def test_each_sale_is_judged_by_the_program_before_it_in_the_log(ledger: Ledger) -> None:
    """A worker that is at work all the time learns of a new version with its first sale."""
    worker = another(ledger)
    send(ledger, body("T1"))
    work(worker)
    rules = read_program(GROCER).to_document()["rules"]
    credits = next(rule for rule in rules if rule["id"] == "credits")
    credits["award"]["points"] = "3"
    publish(ledger, rules=rules)
    send(ledger, body("T2", open_time=at(-24 * 100), modified_time=at(-24 * 100)))
    work(worker)
    assert [one.program_version for one in received(ledger)] == [1, 2]
    assert points(ledger) == 10 + 30


def test_each_sale_is_judged_by_the_catalog_before_it_in_the_log(ledger: Ledger) -> None:
    worker = another(ledger)
    bananas: dict[str, Any] = {"open_time": at(-1), "items": [item("1", item_id="BANANA")]}
    for number, categories in enumerate([("FUEL",), ("FRUIT",)]):
        catalog = [CatalogItem("BANANA", "A banana", None, categories)]
        ledger.administration.load_catalog(lambda: catalog)  # noqa: B023
        send(ledger, body(f"T{number}", **bananas))
        work(worker)
    assert [one.catalog_version for one in received(ledger)] == [1, 2]
    awarded = ledger.log.read(0, 100, names=["PointsAwarded"])
    by_sale = [one.event.transaction for one in awarded if one.event.rule == "rule:base"]  # type: ignore[attr-defined]
    assert by_sale == ["319/T1"]


def test_a_group_that_meets_a_conflict_is_decided_again(ledger: Ledger) -> None:
    other = another(ledger)
    first = [body(f"A{number}") for number in range(5)]
    second = [body(f"B{number}") for number in range(5)]
    send(ledger, body("A"))
    send(other, body("B"))
    for mine, theirs in zip(first, second, strict=True):
        assert send(ledger, mine, body("S")) in (["accepted"] * 2, ["accepted", "repeated"])
        assert send(other, theirs, mine) == ["accepted", "repeated"]
    assert names(ledger) == ["TransactionReceived"] * 13


def first_sale(url: str, number: int) -> None:
    ledger = ledger_at(url, lambda: datetime.now(UTC))
    assert send(ledger, body(f"T{number}")) == ["accepted"]
    ledger.log.engine.dispose()


def test_eight_processes_with_a_customers_first_sale_enrol_one_customer(
    ledger: Ledger, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["test_intake"])
    processes = [
        context.Process(target=first_sale, args=(database_url, number)) for number in range(8)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 8
    assert names(ledger) == ["TransactionReceived"] * 8
    assert ledger.log.count(0, ["CustomerEnrolled"]) == 1
    work(ledger)
    assert points(ledger) == 80


def test_two_lines_about_one_customer_share_a_commit_and_the_later_counts(ledger: Ledger) -> None:
    records = [
        CustomerRecord((ANN,), None, None, (("first_name", name), ("card", "not an id")))
        for name in ("Ann", "Anna")
    ]
    assert ledger.administration.enrol(records) == [True, True]
    kept = {one.field: one.value for one in ledger.log.personal(ledger.answers.find(ANN))}
    assert kept["first_name"] == "Anna"
    profile = ledger.answers.profile(ledger.answers.find(ANN), Moment(NOW))
    assert [one.kind for one in profile.identifiers] == ["external"]


def test_an_operator_who_is_overtaken_decides_again_by_what_is_there_now(ledger: Ledger) -> None:
    other = another(ledger)
    record = CustomerRecord((ANN,), False, ("vip",), ())
    other.states.get([other.directory.stream_of(ANN)])
    enrol(ledger, ANN)
    assert other.administration.enrol([record]) == [True]
    assert ledger.log.count(0, ["CustomerEnrolled"]) == 1
    assert ledger.log.count(0, ["CustomerChanged"]) == 1
