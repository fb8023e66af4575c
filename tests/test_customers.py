"""Customers one by one: enrolled, changed, tagged, linked and unlinked, found, suspended."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from loyalty_ledger.domain.customer import Standing
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from receiving import ANN, NOW, another, body, opened, points, publish, send, work
from test_intake_of_customers import stored

EMAIL = Reference("email", "", "ann@b.example")
OTHER_EMAIL = Reference("email", "", "ann@c.example")
PHONE = Reference("phone", "", "5550100")
CARD = Reference("card", "", "77")
CRM = Reference("external", "CRM", "7")
APP = Reference("external", "APP", "7")
UNTYPED = Reference("external", "", "7")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        yield made


def why_not(reason: Reason, act: object, *arguments: object) -> str:
    """Refused, and nothing is changed; the message."""
    assert callable(act)
    with pytest.raises(Rejected) as refusal:
        act(*arguments)
    assert refusal.value.code is reason
    return refusal.value.message


def nobody(ledger: Ledger, reference: Reference) -> None:
    why_not(Reason.UNKNOWN_CUSTOMER, ledger.customers.find, [reference])


def test_a_customer_is_found_by_any_of_his_identifiers(ledger: Ledger) -> None:
    ann = ledger.customers.enrol([EMAIL, PHONE, CARD, CRM])
    for one in (EMAIL, PHONE, CARD, CRM, UNTYPED, Reference("id", "", ann)):
        assert ledger.customers.find([one]) == ann
    assert ledger.customers.find([EMAIL, PHONE]) == ann
    nobody(ledger, APP)


def test_identifiers_of_two_customers_are_an_error_and_never_the_first(ledger: Ledger) -> None:
    ledger.customers.enrol([EMAIL])
    ledger.customers.enrol([PHONE])
    why_not(Reason.AMBIGUOUS_CUSTOMER, ledger.customers.find, [EMAIL, PHONE])


def test_an_identifier_of_somebody_enrols_and_links_nobody_else(ledger: Ledger) -> None:
    ledger.customers.enrol([EMAIL, PHONE])
    bob = ledger.customers.enrol([CARD])
    head = ledger.log.head()
    why_not(Reason.IDENTIFIER_TAKEN, ledger.customers.enrol, [OTHER_EMAIL, PHONE])
    why_not(Reason.IDENTIFIER_TAKEN, ledger.customers.link, bob, PHONE)
    why_not(Reason.IDENTIFIER_TAKEN, ledger.customers.unlink, bob, PHONE)
    assert ledger.log.head() == head
    nobody(ledger, OTHER_EMAIL)


def test_a_customer_has_one_address_and_may_have_another_instead(ledger: Ledger) -> None:
    ann = ledger.customers.enrol([EMAIL])
    assert not ledger.customers.link(ann, EMAIL)
    why_not(Reason.VALIDATION, ledger.customers.link, ann, OTHER_EMAIL)
    assert ledger.customers.unlink(ann, EMAIL)
    assert ledger.customers.link(ann, OTHER_EMAIL)
    nobody(ledger, EMAIL)
    assert ledger.customers.find([OTHER_EMAIL]) == ann
    assert [one.value for one in ledger.log.personal(ann)] == [OTHER_EMAIL.value]


def test_the_last_identifier_can_go_and_is_free_for_somebody_new(ledger: Ledger) -> None:
    ann = ledger.customers.enrol([EMAIL])
    assert ledger.customers.unlink(ann, EMAIL)
    assert not ledger.customers.unlink(ann, EMAIL)
    assert ledger.customers.find([Reference("id", "", ann)]) == ann
    assert ledger.log.personal(ann) == []
    assert ledger.customers.enrol([EMAIL]) != ann


def test_unlinking_one_type_leaves_the_value_to_the_other_type(ledger: Ledger) -> None:
    ann = ledger.customers.enrol([CRM, APP])
    why_not(Reason.VALIDATION, ledger.customers.unlink, ann, UNTYPED)
    assert ledger.customers.unlink(ann, CRM)
    assert ledger.customers.find([UNTYPED]) == ann
    nobody(ledger, CRM)
    work(ledger)
    assert ledger.customers.unlink(ann, APP)
    nobody(ledger, UNTYPED)


def test_unlinking_the_type_leaves_what_was_linked_without_one(ledger: Ledger) -> None:
    ann = ledger.customers.enrol([CRM, UNTYPED])
    assert ledger.customers.unlink(ann, CRM)
    assert ledger.customers.find([UNTYPED]) == ann
    assert ledger.customers.unlink(ann, UNTYPED)
    nobody(ledger, UNTYPED)


@pytest.mark.parametrize("born", ["2003-06-02", "2017-06-02", "2003-02-30", "yesterday"])
def test_a_customer_is_older_than_thirteen(ledger: Ledger, born: str) -> None:
    why_not(Reason.VALIDATION, ledger.customers.enrol, [EMAIL], Standing(), {"dob": born})
    nobody(ledger, EMAIL)


def test_on_his_fourteenth_birthday_he_is(ledger: Ledger) -> None:
    ledger.customers.enrol([EMAIL], personal={"dob": "2003-06-01"})


def test_a_tag_holds_before_its_end_and_no_longer_whoever_records_what(ledger: Ledger) -> None:
    ann = ledger.customers.enrol([ANN])
    assert ledger.customers.tag(ann, "vip", NOW + timedelta(days=1))
    assert not ledger.customers.tag(ann, "vip", NOW + timedelta(days=1))
    assert ledger.customers.tag(ann, "gold")
    why_not(Reason.VALIDATION, ledger.customers.tag, ann, "late", NOW)
    send(ledger, body("T1"))
    work(ledger)
    settled = ledger.log.read(0, 100, names=["TransactionSettled"])[-1].event
    assert settled.customers[0].tags == ["gold", "vip"]  # type: ignore[attr-defined]
    assert ledger.customers.untag(ann, "gold")
    assert not ledger.customers.untag(ann, "gold")


def test_what_is_personal_never_enters_the_log_and_goes_when_unlinked(ledger: Ledger) -> None:
    markers = Reference("email", "", "berenike@b.example"), Reference("card", "", "planted-card")
    ann = ledger.customers.enrol(list(markers), personal={"first_name": "Berenike"})
    assert ledger.customers.change(ann, personal={"city": "Planted Town"})
    assert not ledger.customers.change(ann, personal={"city": "Planted Town"})
    secrets = ["berenike", "planted-card", "Berenike", "Planted Town"]
    kept = stored(ledger.log.engine)
    for secret in secrets:
        assert secret.encode() not in kept["log"], secret
        assert secret.encode() in kept["beside"], secret
    ledger.customers.unlink(ann, markers[1])
    assert b"planted-card" not in stored(ledger.log.engine)["beside"]


def test_who_is_suspended_earns_and_may_ask_for_nothing(ledger: Ledger) -> None:
    ann = ledger.customers.enrol([ANN], Standing(suspended=True))
    send(ledger, body("T1"))
    work(ledger)
    assert points(ledger) == 10
    why_not(Reason.CUSTOMER_SUSPENDED, ledger.spending.spend, ann, 1)
    assert ledger.customers.change(ann, lambda standing, _at: standing._replace(suspended=False))
    assert not ledger.customers.change(ann)


def test_where_external_ids_are_the_internal_ones_there_is_one_type(ledger: Ledger) -> None:
    publish(ledger, customer_ids="sor")
    ann = ledger.customers.enrol([CRM])
    assert ledger.customers.find([Reference("id", "", "7")]) == ann
    assert ledger.customers.find([Reference("id", "", ann)]) == ann
    why_not(Reason.VALIDATION, ledger.customers.link, ann, APP)
    why_not(Reason.VALIDATION, ledger.customers.enrol, [APP])
    paid = {"amount": 10, "user_id": "8", "user_id_type": "APP"}
    assert send(ledger, body("T1", payments=[paid])) == ["accepted"]
    assert ledger.log.count(0, ["CustomerEnrolled"]) == 1


def test_external_ids_of_two_types_cannot_become_the_internal_ones(ledger: Ledger) -> None:
    ledger.customers.enrol([CRM])
    ledger.customers.enrol([APP])
    with pytest.raises(Rejected, match="one type of external ids"):
        publish(ledger, customer_ids="sor")


def test_who_is_overtaken_sees_what_is_there_now(ledger: Ledger) -> None:
    other = another(ledger)
    ann = ledger.customers.enrol([EMAIL])
    why_not(Reason.IDENTIFIER_TAKEN, other.customers.enrol, [EMAIL])
    ledger.customers.unlink(ann, EMAIL)
    assert other.customers.enrol([EMAIL]) != ann
