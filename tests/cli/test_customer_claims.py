"""`loyalty customer claim`: what it prints, and how it ends."""

import pytest

from cli.asking import refused, said, shown, told
from offers.till import Shop

WHO = ("external:ANN", "R-1")


@pytest.fixture(autouse=True)
def sold(shop: Shop) -> None:
    """A sale that named nobody, with a code on its receipt."""
    assert shop.close("T9", receipt_code="R-1", payments=[{"amount": 10}]) == "accepted"


def test_a_claim_tells_what_it_brought(shop: Shop) -> None:
    claimed = told(shop, "customer", "claim", *WHO, "--employee", "emma", "--client", "app")
    assert (claimed["transaction"], claimed["claimed_before"]) == ("main/T9", False)
    assert claimed["points"]
    row = told(shop, "timeline", "external:ANN")[-1]
    assert (row["kind"], row["transaction"], row["client_id"], row["employee_id"]) == (
        *("SaleClaimed", "main/T9", "app"),
        "emma",
    )
    again = told(shop, "customer", "claim", *WHO)
    assert (again["claimed_before"], again["points"]) == (True, {})


def test_a_claim_speaks_to_people_too(shop: Shop) -> None:
    assert shown(shop, "customer", "claim", *WHO).startswith("Claimed main/T9\n")
    again = shown(shop, "customer", "claim", *WHO)
    assert again == "Claimed main/T9 before: nothing more was done\n"


def test_what_cannot_be_claimed_is_refused(shop: Shop) -> None:
    refused(shop, "receipt_not_found", "customer", "claim", "external:ANN", "R-2")
    refused(shop, "unknown_customer", "customer", "claim", "external:NOBODY", "R-1")
    assert said(shop, "customer", "claim", "external:ANN", " ").code != 0
