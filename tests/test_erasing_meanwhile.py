"""What others do in the instant of an erasure comes before it, and is forgotten, or after it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from loyalty_ledger import mentions
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from receiving import ANN, another, body, opened, send, work
from test_erasing import BOB, EMAIL, HERS, HIS, enrol, kept, nobody

BY_EMAIL = {"additional_user_id": "ann@b.example", "additional_user_id_type": "Email"}
PHONE = Reference("phone", "", "12025550123")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as made:
        yield made


def just_before(ledger: Ledger, happens: Callable[[], object]) -> pytest.MonkeyPatch:
    """It happens once all has been looked through, and before others have to wait."""
    patched, alone = pytest.MonkeyPatch(), ledger.log.append_alone

    def late(decide: Any) -> Any:
        happens()
        return alone(decide)

    patched.setattr(ledger.log, "append_alone", late)
    return patched


def erased_after(ledger: Ledger, customer_id: str, happens: Callable[[], object]) -> None:
    patched = just_before(ledger, happens)
    ledger.erasing.erase(customer_id)
    patched.undo()


def told(ledger: Ledger) -> str:
    """All that stands beside the log, as text."""
    return "\n".join(f"{key} {value}" for key, value in kept(ledger).items())


IMPATIENT = {"sqlite": "PRAGMA busy_timeout = 0", "postgresql": "SET lock_timeout = '1ms'"}


def appends(ledger: Ledger) -> bool:
    """Whether somebody who does not wait can append now."""
    with ledger.log.engine.connect() as connection:
        connection.execute(text(IMPATIENT[ledger.log.engine.name]))
        try:
            connection.execute(text("UPDATE head SET position = position"))
        except OperationalError:
            return False
        finally:
            connection.invalidate()  # nobody else is to be as impatient
    return True


def test_nobody_appends_while_it_is_decided_and_everybody_does_afterwards(ledger: Ledger) -> None:
    ann, other = enrol(ledger, ANN, EMAIL), another(ledger)
    found, personal = list[bool](), ledger.log.personal

    def looking(customer_id: str) -> Any:
        found.append(appends(other))
        return personal(customer_id)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ledger.log, "personal", looking)
        ledger.erasing.erase(ann)
        assert found[0] and not any(found[1:]) and len(found) > 1
        found.clear()
        with pytest.raises(Rejected):
            ledger.erasing.erase("nobody")
    assert appends(other)
    assert send(other, body("T1", payments=[HIS])) == ["accepted"]


@pytest.mark.parametrize("payments", [[HERS], [HIS, HERS], [HERS | BY_EMAIL, {"amount": 1}]])
def test_a_sale_that_comes_in_before_is_forgotten_with_him(
    ledger: Ledger, payments: list[dict[str, Any]]
) -> None:
    ann = enrol(ledger, ANN, EMAIL, first_name="Ann")
    sale = body("T1", payments=payments, custom_data={"note": "for Ann"})
    erased_after(ledger, ann, lambda: send(another(ledger), sale))
    assert "Ann" not in told(ledger) and "ANN" not in told(ledger)
    work(ledger)


def test_a_payment_of_somebody_else_that_comes_in_before_loses_his_id(ledger: Ledger) -> None:
    ann, bob = enrol(ledger, ANN, EMAIL), enrol(ledger, BOB)
    sale = body("T1", payments=[HIS | BY_EMAIL])
    erased_after(ledger, ann, lambda: send(another(ledger), sale))
    assert "ann@" not in told(ledger) and "Bob's card" in told(ledger)
    assert ledger.answers.find(BOB) == bob


def test_a_payment_of_nobody_that_comes_in_before_goes_with_its_sale(ledger: Ledger) -> None:
    crm, web = Reference("external", "CRM", "7"), Reference("external", "WEB", "7")
    ann, bob = enrol(ledger, crm), enrol(ledger, web)
    nobodys = {"amount": 3, "user_id": "7", "cardholder": "Ann's card"}  # or is it Bob's?
    sale = body("T1", payments=[nobodys], custom_data={"note": "for Ann"})
    erased_after(ledger, ann, lambda: send(another(ledger), sale))
    assert {key[0] for key in kept(ledger)} == {bob} and "for Ann" not in told(ledger)


def test_an_identifier_that_is_linked_before_is_released_and_looked_for(ledger: Ledger) -> None:
    ann, bob = enrol(ledger, ANN), enrol(ledger, BOB)
    send(ledger, body("T1", payments=[HIS | BY_EMAIL]))
    erased_after(ledger, ann, lambda: another(ledger).customers.link(ann, EMAIL))
    assert nobody(ledger, EMAIL) and "ann@" not in told(ledger)
    assert ledger.answers.find(BOB) == bob


def test_who_is_merged_into_another_before_is_found_there(ledger: Ledger) -> None:
    ann, bob = enrol(ledger, ANN, EMAIL), enrol(ledger, BOB)
    vic = enrol(ledger, PHONE)
    send(ledger, body("T1", payments=[HIS | BY_EMAIL]))
    erased_after(ledger, ann, lambda: another(ledger).merging.merge(bob, vic))
    assert "ann@" not in told(ledger) and "Bob's card" in told(ledger)


def test_what_came_with_a_sale_of_two_goes_though_the_other_goes_on_as_a_third(
    ledger: Ledger,
) -> None:
    ann, bob, vic = enrol(ledger, ANN), enrol(ledger, BOB), enrol(ledger, PHONE)
    send(ledger, body("T1", payments=[HIS, HERS], custom_data={"note": "for Ann"}))
    assert "for Ann" in told(ledger)
    ledger.merging.merge(bob, vic)
    ledger.erasing.erase(ann)
    assert "for Ann" not in told(ledger) and "Bob's card" in told(ledger)


def test_after_much_all_is_looked_through_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "FEW", 2)
    ann = enrol(ledger, ANN, EMAIL)
    enrol(ledger, BOB)
    sales = [body(f"T{number}", payments=[HIS | BY_EMAIL]) for number in range(3)]
    erased_after(ledger, ann, lambda: send(another(ledger), *sales))
    assert "ann@" not in told(ledger) and told(ledger).count("Bob's card") == 3
