"""The promo codes of a customer's profile that were drawn for him: rows, events, and the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import PromoCodeMoved
from loyalty_ledger.domain.events.promotions import (
    PromoCodeDrawn,
    PromoCodeUsed,
    PromoCodeWithdrawn,
)
from loyalty_ledger.domain.promo_code import Draw
from loyalty_projections.projection import Handler, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table


class CodeRow(NamedTuple):
    """A drawn code by its keyed hash, and what it follows from: DRAWN, USED or WITHDRAWN.

    `first_drawn_for` is empty, or somebody who goes on as this customer.
    """

    customer_id: str
    digest: str
    promotion: str
    rule: str
    cause: str
    number: int
    drawn_at: datetime
    state: str
    first_drawn_for: str = ""

    @property
    def draw(self) -> Draw:
        """What it takes to know the code again."""
        whose = self.first_drawn_for or self.customer_id
        return Draw(self.promotion, whose, self.rule, self.cause, self.number)


CODES = Table("profile_code", CodeRow, keys=2)


def _drawn(rows: Rows, event: PromoCodeDrawn, _recorded: Recorded) -> None:
    _put(rows, event, state="DRAWN")


def _put(rows: Rows, event: PromoCodeDrawn | PromoCodeMoved, **more: str) -> None:
    rows.merge(
        CODES,
        (event.customer_id, event.digest),
        promotion=event.promotion,
        rule=event.rule,
        cause=event.cause,
        number=event.number,
        drawn_at=event.drawn_at,
        **more,
    )


def _used(rows: Rows, event: PromoCodeUsed, _recorded: Recorded) -> None:
    if event.drawn_for:
        rows.merge(CODES, (event.drawn_for, event.digest), state="USED")


def _withdrawn(rows: Rows, event: PromoCodeWithdrawn, _recorded: Recorded) -> None:
    rows.merge(CODES, (event.customer_id, event.digest), state="WITHDRAWN")


def _moved(rows: Rows, event: PromoCodeMoved, _recorded: Recorded) -> None:
    rows.delete(CODES, (event.moved_from, event.digest))
    _put(rows, event, state=event.state.upper(), first_drawn_for=event.first_drawn_for)


CODE_HANDLERS: Mapping[type[Event], Handler] = {
    PromoCodeDrawn: _drawn,
    PromoCodeUsed: _used,
    PromoCodeWithdrawn: _withdrawn,
    PromoCodeMoved: _moved,
}


class CodeView(BaseModel):
    """A promo code drawn for the customer: DRAWN, USED or WITHDRAWN.

    `code` is what to enter, as far as who answers knows the key.
    """

    model_config = ConfigDict(frozen=True)

    promotion: str
    code: str | None
    drawn_at: datetime
    state: str


CodeOf = Callable[[Draw], str]
"""The code that follows from a draw."""


def codes(reader: Reader, customer_id: str, code_of: CodeOf | None) -> tuple[CodeView, ...]:
    """The codes drawn for the customer, oldest first."""
    found = reader.select(CODES, customer_id=customer_id)
    return tuple(
        CodeView(
            promotion=row.promotion,
            code=code_of(row.draw) if code_of else None,
            drawn_at=row.drawn_at,
            state=row.state,
        )
        for row in sorted(found, key=lambda row: row.drawn_at)
    )
