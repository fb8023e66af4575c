"""Codes of one claim each: the batches they come in, those drawn for a customer, and their use."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, assert_never

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.merging import PromoCodeMoved
from loyalty_ledger.domain.events.promotions import (
    PromoCodeDrawn,
    PromoCodesAdded,
    PromoCodeUsed,
    PromoCodeWithdrawn,
)


class Draw(NamedTuple):
    """What a drawn code follows from, and so what it takes to know the code again."""

    promotion: str
    customer_id: str
    rule: str
    cause: str
    number: int


DigestOf = Callable[[Draw], str]
"""The keyed hash of the code that follows from a draw: only who has the key knows the code."""


def batch_name(promotion: str, content: str) -> str:
    """The id of a batch; `content` is the SHA-256 of its keyed hashes, ascending."""
    return f"{promotion}/{content[:32]}"


class Batch(Struct, frozen=True, array_like=True, gc=False):
    """The promotion that a batch belongs to, and how many codes it has; nothing before."""

    promotion: str = ""
    count: int = 0


def evolve_batch(_batch: Batch, event: PromoCodesAdded) -> Batch:
    """The batch after the event."""
    return Batch(event.promotion, event.count)


class PromoCode(Struct, frozen=True, array_like=True, gc=False):
    """The claim that a code was used for; none before.

    Of a drawn one also the promotion, whom it was drawn for (or who goes on as him), and whether it
    was taken back.
    """

    claim_id: str = ""
    promotion: str = ""
    drawn_for: str = ""
    withdrawn: bool = False

    @property
    def state(self) -> str:
        """What became of it."""
        if self.claim_id:
            return "used"
        return "withdrawn" if self.withdrawn else "drawn"


CodeFact = PromoCodeDrawn | PromoCodeUsed | PromoCodeWithdrawn | PromoCodeMoved


def withdraw(digest: str, code: PromoCode, at: datetime, cause: str) -> list[PromoCodeWithdrawn]:
    """A drawn code is taken back, unless it was used or is gone already."""
    if code.claim_id or code.withdrawn:
        return []
    told = {"customer_id": code.drawn_for, "promotion": code.promotion}
    return [PromoCodeWithdrawn(at=at, digest=digest, cause=cause, **told)]


def evolve(code: PromoCode, event: CodeFact) -> PromoCode:
    """The code after the event."""
    match event:
        case PromoCodeDrawn():
            return replace(code, promotion=event.promotion, drawn_for=event.customer_id)
        case PromoCodeUsed():
            return replace(code, claim_id=event.claim_id)
        case PromoCodeWithdrawn():
            return replace(code, withdrawn=True)
        case PromoCodeMoved():
            return replace(code, drawn_for=event.customer_id)
        case _:
            assert_never(event)
