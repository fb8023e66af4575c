"""The program document: everything a retailer configures, and quick ways to find it."""

from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, StrictBool
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema

from loyalty_ledger.domain.program.accounts import InactivityExpiry, PointAccount, PointSource
from loyalty_ledger.domain.program.currency import Currency, exponent_of
from loyalty_ledger.domain.program.earning import Campaign, Promotion, Rule
from loyalty_ledger.domain.program.offers import Offer, RewardStore
from loyalty_ledger.domain.program.scalars import Amount, Count, Id, Span, Text
from loyalty_ledger.domain.program.section import Section
from loyalty_ledger.domain.program.tiers import TierSystem
from loyalty_ledger.domain.program.zones import ZoneName
from loyalty_ledger.domain.values import Period, from_wall, midnight, minor_units, utc

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class PromoLockout(Section):
    """What happens to somebody who tries wrong codes."""

    tries: Count = Field(5, description="Wrong tries in a row before the lock-out.")
    lasts: Span = Field(Period(seconds=900), description="How long the lock-out lasts.")


class PromoLimiter(Section):
    """Most codes one customer can claim, by trailing week, month and year."""

    week: Count | None = Field(None, description="Most in a week.")
    month: Count | None = Field(None, description="Most in a month.")
    year: Count | None = Field(None, description="Most in a year.")

    @property
    def periods(self) -> tuple[tuple[str, Period, int | None], ...]:
        """Each trailing period by name, and the most in it if there is one."""
        return (
            ("week", Period(days=7), self.week),
            ("month", Period(months=1), self.month),
            ("year", Period(months=12), self.year),
        )


class Program(Section):
    """A loyalty program."""

    program: Id = Field(description="The program's id; the same in every version.")
    name: Text = Field(description="Name shown to customers.")
    currency: Currency = Field(description="ISO 4217 code; the same in every version.")
    time_zone: ZoneName = Field(description="IANA time zone; the same in every version.")
    retailer_id: Text | None = Field(None, description="Checked against requests when set.")
    customer_ids: Literal["translate", "sor"] = Field(
        "translate",
        description="translate: internal ids are ours; sor: the one external id type is the id.",
    )
    tax_in_earning: StrictBool = Field(False, description="Whether tax counts as spend.")
    return_window: Span = Field(
        Period(months=12), description="How long after a sale a return moves points; P12M at most."
    )
    restored_grace: Span = Field(
        Period(days=30), description="How long restored points live whose lot has expired."
    )
    point_value: Amount = Field(
        Decimal("1.00"),
        description="What one point pays, in major units, where a payment is of type POINTS.",
    )
    enrol_on_sight: StrictBool = Field(
        True, description="Whether an unknown external id on a payment enrols that customer."
    )
    promo_lockout: PromoLockout = Field(PromoLockout(), description="After wrong promo codes.")
    promo_limiter: PromoLimiter = Field(PromoLimiter(), description="Over right promo codes.")
    point_accounts: tuple[PointAccount, ...] = Field((), description="Purses of points.")
    point_sources: tuple[PointSource, ...] = Field((), description="Why points are given.")
    offers: tuple[Offer, ...] = Field((), description="Offer definitions.")
    reward_stores: tuple[RewardStore, ...] = Field((), description="Where points buy offers.")
    tier_systems: tuple[TierSystem, ...] = Field((), description="Levels of customers.")
    rules: tuple[Rule, ...] = Field((), description="Permanent earning.")
    campaigns: tuple[Campaign, ...] = Field((), description="Temporary or targeted earning.")
    promotions: tuple[Promotion, ...] = Field((), description="Promo codes.")

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The program of a recorded document: shapes are validated, references are trusted.

        Raises pydantic's ValidationError. Documents from outside go through `reading`.
        """
        return cls.model_validate(document)

    def to_document(self) -> dict[str, Any]:
        """The normalised document, ready for JSON: every default written out, nulls left out."""
        return self.model_dump(mode="json", exclude_none=True)

    @cached_property
    def accounts_by_id(self) -> dict[str, PointAccount]:
        """Point accounts by id."""
        return {account.id: account for account in self.point_accounts}

    @cached_property
    def has_inactivity(self) -> bool:
        """Whether points of any account end because nobody earns or spends."""
        return any(isinstance(one.expiry, InactivityExpiry) for one in self.point_accounts)

    @cached_property
    def sources_by_id(self) -> dict[str, PointSource]:
        """Point sources by id."""
        return {source.id: source for source in self.point_sources}

    @cached_property
    def offers_by_id(self) -> dict[str, Offer]:
        """Offer definitions by id."""
        return {offer.id: offer for offer in self.offers}

    @cached_property
    def systems_by_id(self) -> dict[str, TierSystem]:
        """Tier systems by id."""
        return {system.id: system for system in self.tier_systems}

    @cached_property
    def promotions_by_id(self) -> dict[str, Promotion]:
        """Promotions by id."""
        return {promotion.id: promotion for promotion in self.promotions}

    @cached_property
    def stores_by_id(self) -> dict[str, RewardStore]:
        """Reward stores by id."""
        return {store.id: store for store in self.reward_stores}

    @cached_property
    def rules_by_reference(self) -> dict[str, Rule | Campaign]:
        """Rules and campaigns by the name events give them, such as `rule:base`."""
        everything: tuple[Rule | Campaign, ...] = (*self.rules, *self.campaigns)
        return {rule.reference: rule for rule in everything}

    def account(self, account_id: str) -> PointAccount:
        """The point account; KeyError when there is none."""
        return self.accounts_by_id[account_id]

    def source(self, source_id: str) -> PointSource:
        """The point source; KeyError when there is none."""
        return self.sources_by_id[source_id]

    def offer(self, offer_id: str) -> Offer:
        """The offer definition; KeyError when there is none."""
        return self.offers_by_id[offer_id]

    def tier_system(self, system_id: str) -> TierSystem:
        """The tier system; KeyError when there is none."""
        return self.systems_by_id[system_id]

    def promotion(self, promotion_id: str) -> Promotion:
        """The promotion; KeyError when there is none."""
        return self.promotions_by_id[promotion_id]

    def reward_store(self, store_id: str) -> RewardStore:
        """The reward store; KeyError when there is none."""
        return self.stores_by_id[store_id]

    @cached_property
    def default_accounts(self) -> tuple[PointAccount, ...]:
        """The accounts that automatic spends take from, in document order."""
        return tuple(account for account in self.point_accounts if account.default)

    @cached_property
    def tender_accounts(self) -> tuple[str, ...]:
        """The accounts that pay for a sale: the spendable default ones, or all spendable ones."""
        spendable = [account.id for account in self.default_accounts if account.spendable]
        every = [account.id for account in self.point_accounts if account.spendable]
        return tuple(spendable or every)

    @cached_property
    def exponent(self) -> int:
        """Decimals of the currency: one major unit is 10 ** exponent minor units."""
        return exponent_of(self.currency)

    def minor(self, amount: Decimal) -> int:
        """The amount in minor units; ValueError when it is finer than one."""
        return minor_units(amount, self.exponent)

    def first_levels(self) -> dict[str, str]:
        """The level everybody starts in, by tier system."""
        return {system.id: system.first_level for system in self.tier_systems}

    @cached_property
    def _instants(self) -> dict[date, datetime]:
        return {}

    def instant(self, moment: date) -> datetime:
        """The UTC instant of a date or time of the document.

        A bare date is its midnight, and a time without offset is wall time, in the program's zone.
        """
        known = self._instants.get(moment)
        if known is None:
            known = self._instants[moment] = resolve(moment, self.time_zone)
        return known

    def includes(self, starts: date | None, ends: date | None, at: datetime) -> bool:
        """Whether the instant lies in the period; its end is exclusive, None is open."""
        return (starts is None or self.instant(starts) <= at) and (
            ends is None or at < self.instant(ends)
        )


class _Written(GenerateJsonSchema):
    """Defaults as they stand in documents."""

    def encode_default(self, dft: Any) -> Any:
        return str(dft) if isinstance(dft, Period) else super().encode_default(dft)


def json_schema(ref_template: str = DEFAULT_REF_TEMPLATE) -> dict[str, Any]:
    """The JSON Schema of program documents: shapes only, not what must fit together."""
    schema = Program.model_json_schema(ref_template=ref_template, schema_generator=_Written)
    return {"$schema": SCHEMA_DIALECT, **schema}


def resolve(moment: date, time_zone: str) -> datetime:
    """The UTC instant of a date (its midnight) or a time (on the wall, unless it has an offset)."""
    if not isinstance(moment, datetime):
        return midnight(moment, time_zone)
    if moment.tzinfo is None:
        return from_wall(moment, time_zone)
    return utc(moment)
