"""What earns: rules, campaigns and promotions, their conditions and limits."""

from functools import cached_property
from typing import Literal

from pydantic import Field, StrictBool

from loyalty_ledger.domain.program.outcomes import Award, AwardOutcome, Outcome
from loyalty_ledger.domain.program.scalars import (
    Amount,
    Count,
    Id,
    Moment,
    Positive,
    Span,
    Text,
    TimeOfDay,
)
from loyalty_ledger.domain.program.section import Section
from loyalty_ledger.domain.program.selectors import ItemSelector, Levels
from loyalty_ledger.domain.program.tiers import Node
from loyalty_ledger.domain.program.triggers import Trigger

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CustomerLimit(Section):
    """Grants per customer, in any period of that length."""

    times: Count = Field(description="Most grants for one customer.")
    period: Span | None = Field(None, description="Length of the trailing window; left out: ever.")


class Limits(Section):
    """Limits, each optional, all exact."""

    per_customer: CustomerLimit | None = Field(None, description="Most grants per customer.")
    total: Count | None = Field(None, description="Most grants over all customers.")
    points: Count | None = Field(None, description="Most points over all customers.")

    @property
    def unlimited(self) -> bool:
        """No limit is set."""
        return self.per_customer is None and self.total is None and self.points is None


class When(Section):
    """Conditions, each optional; all must hold."""

    items: ItemSelector = Field(ItemSelector(), description="The lines that qualify.")
    minimum_spend: Amount | None = Field(
        None, description="At least this much over the qualifying lines, in major units."
    )
    quantity: Positive | None = Field(
        None, description="At least this quantity over the qualifying lines."
    )
    channels: tuple[Text, ...] = Field((), description="Sales channels; empty: every one.")
    stores: tuple[Text, ...] = Field((), description="Store ids; empty: every one.")
    payment_types: tuple[Text, ...] = Field((), description="Payment types; empty: every one.")
    days: tuple[Day, ...] = Field((), description="Days of the week; empty: every one.")
    hours: tuple[TimeOfDay, TimeOfDay] | None = Field(
        None, description="From the first to before the second time of day, in the store's zone."
    )
    include_free_items: StrictBool = Field(
        False, description="Whether lines that cost nothing qualify."
    )
    requires: Node | None = Field(
        None, description="What the customer must have done, judged after this sale's awards."
    )


class Audience(Section):
    """Whom a campaign is for; empty: everyone."""

    levels: Levels = Field({}, description="Levels by tier system; systems are AND-ed.")
    tags: tuple[Text, ...] = Field((), description="Customers with any of these tags.")
    opted_in: StrictBool | None = Field(
        None, description="Only customers who have (true) or have not (false) opted in."
    )


class Earning(Section):
    """What rules and campaigns have in common."""

    id: Id = Field(description="The id.")
    name: Text = Field(
        default_factory=lambda fields: fields.get("id", ""),
        description="Name in explanations; left out: the id.",
    )
    on: Trigger = Field("purchase", description="What sets it off: a purchase or a customer event.")
    exclusive_group: Text | None = Field(
        None, description="Of those that share a group only the best one counts."
    )
    when: When = Field(When(), description="Conditions.")
    limits: Limits = Field(Limits(), description="Limits.")

    @property
    def event(self) -> str | None:
        """The customer event that sets it off; None: a purchase does."""
        return None if self.on == "purchase" else self.on.event


class Rule(Earning):
    """Permanent earning."""

    levels: Levels = Field({}, description="Levels by tier system; systems are AND-ed.")
    award: Award | None = Field(None, description="Points; either this or `outcomes`.")
    outcomes: tuple[Outcome, ...] | None = Field(
        None, min_length=1, description="Outcomes; either this or `award`."
    )

    @property
    def reference(self) -> str:
        """How events name it."""
        return f"rule:{self.id}"

    @cached_property
    def all_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes, whichever way they are written."""
        if self.award is not None:
            return (AwardOutcome(award=self.award),)
        return self.outcomes or ()

    @cached_property
    def audience(self) -> Audience:
        """Whom it is for."""
        return Audience(levels=self.levels)

    @property
    def starts(self) -> None:
        """A rule has no beginning."""
        return None

    @property
    def ends(self) -> None:
        """A rule has no end."""
        return None


class Campaign(Earning):
    """Temporary or targeted earning."""

    starts: Moment | None = Field(None, description="From this sale time on.")
    ends: Moment | None = Field(None, description="Before this sale time.")
    audience: Audience = Field(Audience(), description="Whom it is for.")
    outcomes: tuple[Outcome, ...] = Field(
        min_length=1, description="One grant: all of these or none."
    )

    @property
    def reference(self) -> str:
        """How events name it."""
        return f"campaign:{self.id}"

    @property
    def all_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes."""
        return self.outcomes


class Promotion(Section):
    """Outcomes for entering a code."""

    id: Id = Field(description="The promotion's id.")
    name: Text = Field(description="Name shown to customers.")
    kind: Literal["single_use", "multi_use", "third_party"] = Field(
        description="Codes of one claim each, one code for many, or a list supplied by others."
    )
    code: Text | None = Field(None, description="The code of a multi-use promotion.")
    starts: Moment | None = Field(None, description="Claims from here on.")
    ends: Moment | None = Field(None, description="Claims before this.")
    per_customer: Count | None = Field(None, description="Most claims for one customer.")
    total: Count | None = Field(None, description="Most claims over all customers.")
    outcomes: tuple[Outcome, ...] = Field(min_length=1, description="What a claim gives.")

    @property
    def reference(self) -> str:
        """How events name it."""
        return f"promotion:{self.id}"
