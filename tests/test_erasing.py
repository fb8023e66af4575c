"""A customer is erased: nobody can be found to be him, and what he did stays as it is."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from loyalty_ledger import verification
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.customers import CustomerErased, IdentifierUnlinked
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.person import data_of
from loyalty_ledger.store.schema import personal
from receiving import ANN, NOW, at, body, opened, points, received, send, work

EMAIL = Reference("email", "", "ann@b.example")
BOB = Reference("external", "", "BOB")
HERS = {"amount": 10, "user_id": "ANN", "cardholder": "Ann's card"}
HIS = {"amount": 5, "user_id": "BOB", "cardholder": "Bob's card"}


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        yield made


def enrol(ledger: Ledger, *references: Reference, **told: Any) -> str:
    record = CustomerRecord(references, None, ("vip",), tuple(told.items()))
    assert ledger.administration.enrol([record]) == [True]
    return ledger.answers.find(references[0])


def kept(ledger: Ledger) -> dict[tuple[str, str, str], str]:
    """Everything that stands beside the log."""
    with ledger.log.engine.connect() as connection:
        return {(r[0], r[1], r[2]): r[3] for r in connection.execute(select(personal))}


def nobody(ledger: Ledger, reference: Reference) -> bool:
    with pytest.raises(Rejected) as refusal:
        ledger.answers.find(reference)
    return refusal.value.code is Reason.UNKNOWN_CUSTOMER


def returned(hours: float = 2, **changes: Any) -> bytes:
    """The sale T1 with nothing left in it."""
    return body("T1", items=[], payments=[HERS], modified_time=at(hours), **changes)


def profile(ledger: Ledger, customer_id: str) -> Any:
    return ledger.answers.profile(customer_id, Moment(NOW))


def test_every_identifier_is_released_and_all_personal_data_is_deleted(ledger: Ledger) -> None:
    typed = Reference("external", "CRM", "A-7")
    ann = enrol(ledger, ANN, EMAIL, typed, first_name="Ann")
    bob = enrol(ledger, BOB, first_name="Bob")
    send(ledger, body("T1", payments=[HERS], custom_data={"note": "for Ann"}))
    send(ledger, body("T2", payments=[HIS], custom_data={"note": "for Bob"}))
    before = kept(ledger)
    erased = ledger.erasing.erase(ann)
    assert erased.identifiers == 4  # a typed external id also goes by its value alone
    assert kept(ledger) == {key: value for key, value in before.items() if key[0] == bob}
    assert erased.values == len(before) - len(kept(ledger))
    for reference in (ANN, EMAIL, typed, Reference("external", "", "A-7")):
        assert nobody(ledger, reference)
    assert ledger.answers.find(BOB) == bob


def test_points_books_and_views_stay_and_every_law_holds(ledger: Ledger) -> None:
    ann = enrol(ledger, ANN, EMAIL)
    send(ledger, body("T1", payments=[HERS]))
    work(ledger)
    before, books = profile(ledger, ann), ledger.projector.digest("books")
    ledger.erasing.erase(ann)
    work(ledger)
    after = profile(ledger, ann)
    assert not after.identifiers and after.accounts == before.accounts
    assert after.tiers == before.tiers
    assert ledger.projector.digest("books") == books
    assert verification.verify(ledger, lambda _done, _goal: None).problems == []
    told = [one.kind for one in ledger.answers.timeline(ann, Moment(NOW))]
    assert told[-1] == "CustomerErased"


def test_who_enrols_again_under_the_same_identifier_is_somebody_new(ledger: Ledger) -> None:
    ann = enrol(ledger, ANN, EMAIL)
    send(ledger, body("T1", payments=[HERS]))
    work(ledger)
    ledger.erasing.erase(ann)
    by_sale = send(ledger, body("T2", payments=[HERS], open_time=at(1), modified_time=at(1)))
    assert by_sale == ["accepted"]
    again = ledger.answers.find(ANN)
    by_email = enrol(ledger, EMAIL)
    work(ledger)
    assert len({ann, again, by_email}) == 3
    assert points(ledger) == 10
    ledger.erasing.erase(again)
    send(ledger, body("T3", payments=[HERS], open_time=at(2), modified_time=at(2)))
    assert ledger.answers.find(ANN) not in (ann, again)


def test_a_return_of_his_old_sale_is_his_and_stores_nothing_personal(ledger: Ledger) -> None:
    ann = enrol(ledger, ANN)
    send(ledger, body("T1", payments=[HERS], custom_data={"note": "for Ann"}))
    work(ledger)
    ledger.erasing.erase(ann)
    send(ledger, body("T2", payments=[HERS], open_time=at(1), modified_time=at(1)))
    work(ledger)
    new = ledger.answers.find(ANN)
    before = kept(ledger)
    assert send(ledger, returned(custom_data={"note": "Ann again"})) == ["accepted"]
    work(ledger)
    assert kept(ledger) == before
    assert [one.customer_id for one in received(ledger)[-1].payments] == [ann]
    assert {one.available for one in profile(ledger, ann).accounts} == {0}
    assert points(ledger) == 10 and ledger.answers.find(ANN) == new


@pytest.mark.parametrize("payments", [[], [{"amount": -10, "cardholder": "Ann's card"}]])
def test_nothing_is_kept_of_a_later_version_that_does_not_name_him(
    ledger: Ledger, payments: list[dict[str, Any]]
) -> None:
    ann = enrol(ledger, ANN)
    send(ledger, body("T1", payments=[HERS]))
    ledger.erasing.erase(ann)
    later = body("T1", payments=payments, modified_time=at(1), custom_data={"note": "Ann"})
    assert send(ledger, later) == ["accepted"]
    assert kept(ledger) == {}


def test_his_internal_id_is_read_and_named_by_nothing_else(ledger: Ledger) -> None:
    ann = enrol(ledger, ANN)
    ledger.erasing.erase(ann)
    assert ledger.answers.find(Reference("id", "", ann)) == ann
    by = Actor(client_id="till", employee_id="e")
    with pytest.raises(Rejected, match="was erased"):
        ledger.promotions.claim(ann, "ANY", by)
    with pytest.raises(Rejected) as refusal:
        ledger.offers.give(ann, "free-muffin", by, "gift")
    assert refusal.value.code is Reason.UNKNOWN_CUSTOMER
    payment = {"amount": 10, "user_id": ann, "user_id_type": "SessionM_ID"}
    assert send(ledger, body("T1", payments=[payment])) == ["accepted"]
    assert [one.customer_id for one in received(ledger)[-1].payments] == [None]


def test_what_came_with_sales_that_name_others_or_nobody_goes_too(ledger: Ledger) -> None:
    early = {"amount": 3, "user_id": "ANN@b.example ", "user_id_type": "Email"}
    strangers = {"amount": 3, "user_id": "x@b.example", "user_id_type": "Email"}
    send(ledger, body("EARLY", payments=[early], custom_data={"note": "Ann, before she joined"}))
    send(ledger, body("OTHER", payments=[strangers], custom_data={"note": "somebody"}))
    ann, bob = enrol(ledger, ANN, EMAIL), enrol(ledger, BOB)
    unnamed = {"amount": 1, "cardholder": "Ann's other card"}
    send(ledger, body("SPLIT", payments=[HIS, HERS, unnamed], custom_data={"note": "both"}))
    second = {"additional_user_id": "ann@b.example", "additional_user_id_type": "Email"}
    send(ledger, body("MIXED", payments=[HIS | second]))
    assert len(ledger.log.personal(bob)) == 4
    ledger.erasing.erase(ann)
    values = [msgspec.json.decode(v) for key, v in kept(ledger).items() if key[1] == "payment"]
    assert {"cardholder": "Bob's card"} in values
    assert {"cardholder": "Bob's card", "user_id": "BOB"} in values  # without her id
    assert {"user_id": "x@b.example", "user_id_type": "Email"} in values and len(values) == 3
    notes = [value for key, value in kept(ledger).items() if key[1] == "sale"]
    assert notes == ['{"custom_data":{"note":"somebody"}}']


def test_erasing_twice_records_once(ledger: Ledger) -> None:
    ann = enrol(ledger, ANN, EMAIL)
    first = ledger.erasing.erase(ann)
    again = ledger.erasing.erase(ann)
    assert (first.identifiers, again.identifiers, again.values) == (2, 0, 0)
    facts = [one.event for one in ledger.log.history(ann)]
    assert [type(one) for one in facts].count(CustomerErased) == 1
    assert [one.why for one in facts if isinstance(one, IdentifierUnlinked)] == ["erased"] * 2
    with pytest.raises(Rejected, match="no customer"):
        ledger.erasing.erase("nobody")


def test_what_is_held_on_a_person_is_told_whole_and_is_what_erasing_deletes(
    ledger: Ledger,
) -> None:
    ann = enrol(ledger, ANN, EMAIL, first_name="Ann")
    send(ledger, body("T1", payments=[HERS], custom_data={"note": "for Ann"}))
    work(ledger)
    held = data_of(ledger, ann, Moment(NOW))
    assert held == data_of(ledger, ann, Moment(NOW))
    assert held["identifiers"] == [
        {"kind": "email", "type": "", "value": "ann@b.example"},
        {"kind": "external", "type": "", "value": "ANN"},
    ]
    assert held["personal"] == {"first_name": "Ann"} and held["tags"] == ["vip"]
    assert [(one["sale"], one["payment"]) for one in held["with_sales"]] == [
        ("319/T1", 0),
        ("319/T1", None),
    ]
    assert held["with_sales"][1]["held"]["custom_data"] == {"note": "for Ann"}
    assert {one["name"] for one in held["events"]} >= {"TransactionReceived", "PointsAwarded"}
    erased = ledger.erasing.erase(ann)
    pieces = [*held["identifiers"], *held["personal"], *held["with_sales"]]
    assert erased.values == len(pieces)
    after = data_of(ledger, ann, Moment(NOW))
    assert after["erased"] and not after["identifiers"] + after["with_sales"] + after["tags"]
    assert after["personal"] == {}
