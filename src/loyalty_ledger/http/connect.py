"""What bodies of the Connect family have in common, and how its values are told."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import Offer as Definition
from loyalty_ledger.domain.spending import MOST_POINTS
from loyalty_ledger.domain.streams import split_sale_name
from loyalty_ledger.http.operation import Body, Call
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.sent import DayOrTime, Text, read_day_or_time, refused
from loyalty_ledger.wire import resolved
from loyalty_projections.profile import Profile

LONGEST_SPAN = timedelta(days=366)
MOST_ROWS, MOST_IDS = 1_000, 100
Skip = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Take = Annotated[int, Field(strict=True, ge=1, le=MOST_ROWS)]
Ids = Annotated[list[Text], Field(max_length=MOST_IDS)]
Number32 = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
_DIGITS = re.compile(r"[0-9]{1,16}(?:\.0{1,9})?")


def whole(value: object) -> object:
    """Numbers may be written as text, and with zeros behind the point, wherever decimals are."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value.partition(".")[0])
    if isinstance(value, Decimal) and value.adjusted() < _MOST_DIGITS and value == int(value):
        return int(value)
    return value


def _whole_number(least: int) -> Any:
    digits = {"type": "string", "pattern": f"^{_DIGITS.pattern}$"}
    number = {"type": "integer", "minimum": least, "maximum": MOST_POINTS}
    return (
        Field(strict=True, ge=least, le=MOST_POINTS),
        BeforeValidator(whole),
        WithJsonSchema({"anyOf": [number, digits]}),
    )


_MOST_DIGITS = 16
Points = Annotated[int, *_whole_number(1)]
Price = Annotated[int, *_whole_number(0)]


class ConnectBody(Body):
    """`retailer_id` is checked where the program sets one; `culture` is no matter."""

    retailer_id: Text | None = None
    culture: Text | None = None


class OfUser(ConnectBody):
    """A body about one customer, by his internal id."""

    user_id: Text


class Spanning(BaseModel):
    """Two dates, between which something is asked about."""

    from_date: DayOrTime | None = None
    to_date: DayOrTime | None = None


def customer(call: Call) -> str:
    """The customer that the body names; Rejected when there is none."""
    return call.ledger.answers.find(Reference("id", "", call.body.user_id))


def span(
    body: Spanning, zone: str, whose: str, usual: timedelta, now: datetime
) -> tuple[datetime, datetime]:
    """From the one date to before the other, which may be left out; Rejected when it is none.

    Without the other it ends a day from now, as far ahead as a till may be. What names no offset is
    wall time in the zone, which is that of whoever is named.
    """

    def read(name: str, text: str | None) -> datetime | None:
        return resolved(None if text is None else read_day_or_time(name, text, whose), zone)

    end = read("to_date", body.to_date) or now + timedelta(days=1)
    first = read("from_date", body.from_date) or end - usual
    if not first <= end <= first + LONGEST_SPAN:
        raise refused([_no_span(body, first, end)])
    return first, end


def _no_span(body: Spanning, first: datetime, end: datetime) -> tuple[str, str]:
    """The date that is wrong, or missing, and what is wrong with it."""
    if body.to_date is not None:
        return "to_date", "must be after from_date, and at most 366 days after it"
    told = f"{end:%Y-%m-%d %H:%M:%S} UTC"
    if first > end:
        return "from_date", f"must be before {told}, where what is asked for ends without a to_date"
    missing = f"is missing: without it what is asked for ends at {told}"
    return "to_date", f"{missing}, more than 366 days after from_date"


def caller(call: Call) -> Actor:
    """The key that calls, as events name it."""
    return Actor(client_id=call.key.key_id)


def check_retailer(retailer_id: str | None, ledger: Ledger) -> None:
    """Rejected when it is not the one the program is of."""
    if retailer_id is None:
        return
    rulebook = ledger.settlement.rulebook()
    expected = rulebook.program.retailer_id if rulebook else None
    if expected is not None and retailer_id != expected:
        raise refused([("retailer_id", "is not the one this program is of")])


def program_of(call: Call) -> Program:
    """The newest program known at the moment that is asked about; Rejected before the first."""
    return call.ledger.answers.definitions(call.moment)[0]


def definition_of(offer: str, call: Call) -> Definition | None:
    """The newest definition of an offer, removed ones included."""
    programs = call.ledger.settlement.programs
    for version in sorted(programs, reverse=True):
        found = next((one for one in programs[version].offers if one.id == offer), None)
        if found is not None:
            return found
    return None


def sale_named(name: str, store_id: str | None, call: Call) -> tuple[str, str]:
    """The store and the id of a sale: of that store, as STORE/ID, or the only one of this id."""
    if store_id is not None:
        return store_id, name
    if "/" in name:
        try:
            return split_sale_name(name)
        except ValueError as error:
            raise refused([("transaction_id", str(error))]) from None
    return call.ledger.sales.store_of(name), name


def page(rows: list[Any], skip: int, take: int) -> list[Any]:
    """The rows of one page."""
    return rows[skip : skip + take]


def spendable(profile: Profile, call: Call) -> int:
    """What a customer can spend."""
    accounts = {one.id for one in program_of(call).point_accounts if one.spendable}
    return sum(one.available for one in profile.accounts if one.account in accounts)
