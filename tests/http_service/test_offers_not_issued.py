"""An offer that cannot be issued is a line of a good answer, and nothing is issued."""

from http_service.serving import Served
from offers.till import document

ISSUE = "/offers/api/2.0/offers/acquisition/issue"
LIMIT_REACHED, NOT_FOUND = 3, 1


def test_more_offers_than_are_left_are_a_line_that_failed_and_none_is_issued(
    service: Served,
) -> None:
    caller, before = service.caller(), service.events()
    user_id = service.shop.id_of("ANN")
    asked = {"user_id": user_id, "offer_id": "muffin", "quantity": 9, "idempotency_id": "nine"}
    first = caller.post(ISSUE, json=asked)
    told = first.json()
    assert told["status"] == "ok"
    assert told["payload"]["status_list"] == [
        {
            "user_id": user_id,
            "user_offer_id": None,
            "offer_id": "muffin",
            "root_offer_id": "muffin",
            "expiration_date": None,
            "pending_extended_data": False,
            "fail_reason": LIMIT_REACHED,
        }
    ]
    assert service.events() == before
    service.shop.publish(document() | {"name": "Another"})
    assert caller.post(ISSUE, json=asked).content == first.content
    (one, *others) = service.told(ISSUE, offer_id="muffin", quantity=3)["status_list"]
    assert (one["fail_reason"], len(others)) == (0, 2)
    assert service.told(ISSUE, offer_id="muffin")["status_list"][0]["fail_reason"] == LIMIT_REACHED


def test_an_offer_that_is_not_known_is_a_line_and_a_customer_who_is_not_is_a_refusal(
    service: Served,
) -> None:
    (line,) = service.told(ISSUE, offer_id="none")["status_list"]
    assert (line["fail_reason"], line["offer_id"]) == (NOT_FOUND, "none")
    assert service.refusal(ISSUE, None, user_id="nobody", offer_id="muffin") == "user_not_found"
    assert service.refusal(ISSUE, offer_id="muffin", quantity=0) == "validation"


def test_the_definition_in_force_is_issued_whatever_version_is_asked_for(service: Served) -> None:
    for exact in (True, False):
        told = service.told(ISSUE, offer_id="muffin", issue_exact_version=exact)
        assert told["status_list"][0]["offer_id"] == "muffin"
