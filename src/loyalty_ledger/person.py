"""All that the ledger holds on one person, as he may ask for it."""

from typing import Any

import msgspec

from loyalty_ledger.answers import Moment
from loyalty_ledger.beside import beside
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.streams import customer_of, fold
from loyalty_ledger.event_rows import event_row
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.mentions import identifier_of, look
from loyalty_ledger.personal_fields import NOTE, from_kept
from loyalty_ledger.store.log import PersonalValue


def data_of(ledger: Ledger, customer_id: str, moment: Moment) -> dict[str, Any]:
    """Everything on one customer, in one order: what the log holds and what stands beside it."""
    history = list(ledger.log.history(customer_id))
    mentions = look(ledger.log, customer_id).places
    found = beside(ledger.log, customer_id, history, mentions)
    own = [one for one in history if one.stream == customer_of(customer_id)]
    customer: Customer = fold(customer_of(customer_id), (one.event for one in own))
    return {
        "customer_id": customer_id,
        "erased": customer.erased,
        "opted_in": customer.opted_in,
        "tags": list(customer.tags),
        "identifiers": _identifiers(found.own),
        "personal": {one.field: from_kept(one.value) for one in found.own if not one.reference},
        "views": _views(ledger, customer_id, moment) if ledger.settlement.programs else None,
        "with_sales": [_with_sale(one) for one in found.everything if one.field in _OF_SALES],
        "with_offers": {
            one.reference.removeprefix("offer/"): one.value
            for one in found.own
            if one.field == NOTE
        },
        "events": [event_row(one) for one in history],
        "merged_into_him": {
            one: [event_row(each) for each in ledger.log.history(one)] for one in customer.absorbed
        },
    }


_OF_SALES = ("sale", "payment")


def _identifiers(own: list[PersonalValue]) -> list[dict[str, str]]:
    named = (identifier_of(value) for value in own)
    return [one._asdict() for one in named if one is not None]


def _views(ledger: Ledger, customer_id: str, moment: Moment) -> dict[str, Any]:
    """What the other reads tell of him."""
    answers = ledger.answers
    return {
        "profile": answers.profile(customer_id, moment),
        "tiers": answers.tiers(customer_id, moment),
        "history": answers.history(customer_id, moment),
        "timeline": answers.timeline(customer_id, moment),
    }


def _with_sale(value: PersonalValue) -> dict[str, Any]:
    """What a body held besides: of a payment by its place in it, from 0."""
    sale, digest, *place = value.reference.removeprefix("sale/").split("#")
    return {
        "sale": sale,
        "body_digest": digest,
        "payment": int(place[0]) if place else None,
        "held": msgspec.json.decode(value.value),
    }
