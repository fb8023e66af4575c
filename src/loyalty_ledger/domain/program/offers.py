"""Offer definitions and the reward stores that sell them."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, StrictBool

from loyalty_ledger.domain.program.discounts import Discount
from loyalty_ledger.domain.program.scalars import (
    Amount,
    Code,
    Count,
    Id,
    Moment,
    Order,
    Span,
    Text,
    Whole,
)
from loyalty_ledger.domain.program.section import Section
from loyalty_ledger.domain.program.selectors import Levels, StoreSelector
from loyalty_ledger.domain.values import Period


class Issuance(Section):
    """When and how often an offer is given out."""

    starts: Moment | None = Field(None, description="Given out from here on.")
    ends: Moment | None = Field(None, description="Given out before this.")
    per_customer: Count | None = Field(None, description="Most for one customer.")
    total: Count | None = Field(None, description="Most over all customers.")


class Redemption(Section):
    """When an issued offer can be used: for a time after issue, in a period, or for ever."""

    after_issue: Span | None = Field(None, description="For this long after it was issued.")
    starts: Moment | None = Field(None, description="From here on.")
    ends: Moment | None = Field(None, description="Before this.")


class Offer(Section):
    """What an offer is; customers hold issued ones."""

    id: Id = Field(description="The offer's id.")
    title: Text = Field(description="Title shown to customers.")
    pos_discount_id: Code | None = Field(None, description="Handed to the point of sale by lock.")
    discount: Discount = Field(description="What it takes off.")
    issuance: Issuance = Field(Issuance(), description="When and how often it is given out.")
    redemption: Redemption = Field(
        Redemption(after_issue=Period(days=30)),
        description="When an issued one can be used; {} means for ever.",
    )
    stores: StoreSelector = Field(StoreSelector(), description="Where it can be used.")
    minimum_spend: Amount = Field(
        Decimal("0.00"), description="At least this much over the check, in major units."
    )
    applications_per_check: Count = Field(1, description="How often it applies to one check.")
    stackable: StrictBool = Field(True, description="Whether it goes together with other offers.")
    stack_order: Order = Field(1, description="Lower ones apply first.")
    lock_timeout: Span = Field(Period(seconds=1800), description="How long a lock holds.")
    on_return: Literal["reinstate", "restore_points", "none"] = Field(
        "reinstate", description="What becomes of a used one when all its goods come back."
    )


class StoreOffer(Section):
    """An offer at a price in points."""

    id: Id = Field(description="Its id, unique over all reward stores.")
    offer: Id = Field(description="The offer it sells.")
    price: Whole = Field(description="Price in points.")
    starts: Moment | None = Field(None, description="Sold from here on.")
    ends: Moment | None = Field(None, description="Sold before this.")
    per_customer: Count | None = Field(None, description="Most for one customer.")
    inventory: Whole | None = Field(None, description="How many there are.")


class RewardStore(Section):
    """A place to spend points on offers."""

    id: Id = Field(description="The reward store's id.")
    name: Text = Field(description="Name shown to customers.")
    point_accounts: tuple[Id, ...] = Field(min_length=1, description="Accounts it takes.")
    starts: Moment | None = Field(None, description="Open from here on.")
    ends: Moment | None = Field(None, description="Open before this; left out: evergreen.")
    levels: Levels = Field({}, description="Levels by tier system; systems are AND-ed.")
    tags: tuple[Text, ...] = Field((), description="By invitation: any of these tags.")
    offers: tuple[StoreOffer, ...] = Field((), description="What it sells.")
