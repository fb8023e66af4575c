"""Whom a sale names, and that nothing personal enters the log."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, select

from cli.bad_lines import item
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.schema import event_customer, events, personal
from receiving import (
    ANN,
    NOW,
    another,
    body,
    names,
    opened,
    points,
    publish,
    send,
    work,
)
from sample_ledger import ledger_at


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        yield made


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


def test_an_external_id_of_two_types_names_nobody_without_its_type(ledger: Ledger) -> None:
    enrol(ledger, Reference("external", "CRM", "7"))
    enrol(ledger, Reference("external", "APP", "7"))
    untyped = {"amount": 10, "user_id": "7"}
    with pytest.raises(Rejected) as refusal:
        ledger.answers.find(Reference("external", "", "7"))
    assert refusal.value.code is Reason.AMBIGUOUS_CUSTOMER
    assert send(ledger, body("T1", payments=[untyped])) == ["accepted"]
    assert kept_beside(ledger)[-1] == {"user_id": "7"}
    assert send(ledger, body("T2", payments=[untyped | {"user_id_type": "CRM"}])) == ["accepted"]
    assert send(ledger, body("T3", payments=[untyped | {"user_id_type": "CRM"}])) == ["accepted"]
    work(ledger)
    assert points(ledger, Reference("external", "CRM", "7")) == 20
    assert points(ledger, Reference("external", "APP", "7")) == 0


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
    assert kept_beside(ledger) == [{"user_id": "ANN"}]


def kept_beside(ledger: Ledger) -> list[object]:
    """What is kept of payments, beside the log."""
    of_payments = select(personal.c.value).where(personal.c.field == "payment")
    with ledger.log.engine.connect() as connection:
        return [msgspec.json.decode(value) for value in connection.execute(of_payments).scalars()]


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


def first_sale(url: str, number: int) -> None:
    ledger = ledger_at(url, lambda: datetime.now(UTC))
    assert send(ledger, body(f"T{number}")) == ["accepted"]
    ledger.log.engine.dispose()


def test_eight_processes_with_a_customers_first_sale_enrol_one_customer(
    ledger: Ledger, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["test_intake_of_customers"])
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
