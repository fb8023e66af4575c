"""Which lines of a sale a rule takes, and what it owes for them.

A program is compiled once into a `Rulebook`; judging a sale then costs a few look-ups a line.
Campaigns are rules with a period, an audience and limits; both are an `EarningRule` here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import NamedTuple

from loyalty_ledger.domain.basket import NetLine
from loyalty_ledger.domain.events.limits import issued
from loyalty_ledger.domain.levels import levels_match
from loyalty_ledger.domain.owed import NO_LINES, WHOLE, Bundle, Owed, Qualifying
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.earning import Audience, Campaign, Rule, When
from loyalty_ledger.domain.program.outcomes import CodeOutcome, IssueOutcome, Outcome
from loyalty_ledger.domain.program.selectors import ItemNames, ItemSelector
from loyalty_ledger.domain.promo_code import DigestOf


class Item(NamedTuple):
    """What the catalog knows of an item; nothing for one it does not know."""

    categories: tuple[str, ...] = ()
    brand: str | None = None


UNKNOWN_ITEM = Item()


class Basket(NamedTuple):
    """A sale as rules judge it. `wall` is the sale time on the store's clock."""

    store_id: str
    channel: str | None
    sale_time: datetime
    wall: datetime
    payment_types: frozenset[str]
    lines: Sequence[NetLine]
    items: Sequence[Item]


class Member(NamedTuple):
    """A customer as rules judge him."""

    customer_id: str
    levels: Mapping[str, str]
    opted_in: bool
    tags: frozenset[str]


class Matcher:
    """An item selector, ready to be asked."""

    def __init__(self, selector: ItemSelector):
        self._any = not selector.restrictions
        self._wanted = _names(selector)
        self._refused = _names(selector.exclude) if selector.exclude.restrictions else None

    def takes(self, item_id: str, item: Item) -> bool:
        """Whether the item qualifies: lists are OR-ed, an exclude wins."""
        if self._refused and _named(self._refused, item_id, item):
            return False
        return self._any or _named(self._wanted, item_id, item)


class _Names(NamedTuple):
    skus: frozenset[str]
    categories: frozenset[str]
    brands: frozenset[str]


def _names(selector: ItemSelector | ItemNames) -> _Names:
    return _Names(
        frozenset(selector.skus), frozenset(selector.categories), frozenset(selector.brands)
    )


def _named(names: _Names, item_id: str, item: Item) -> bool:
    return (
        item_id in names.skus
        or not names.categories.isdisjoint(item.categories)
        or item.brand in names.brands
    )


_ON_LINES = ("items", "minimum_spend", "quantity", "include_free_items", "requires")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class EarningRule:
    """A rule or campaign, ready to be asked about sales and customers."""

    def __init__(self, index: int, definition: Rule | Campaign, program: Program):
        self.index = index
        self.definition = definition
        self.reference = definition.reference
        self.bundle = Bundle(definition.all_outcomes, program)
        self.matcher = Matcher(definition.when.items)
        self._program = program
        self._audience = definition.audience
        self._when = definition.when
        self._anywhere = definition.when == When(
            **{name: getattr(definition.when, name) for name in _ON_LINES}
        )
        self._always = definition.starts is definition.ends is None and self._anywhere
        self._for_all = definition.audience == Audience()
        self._counts = self.bundle.by_quantity or definition.when.quantity is not None
        self.limited = not definition.limits.unlimited
        minimum = definition.when.minimum_spend
        self._minimum_spend = None if minimum is None else program.minor(minimum)

    def open_to(self, member: Member) -> bool:
        """Whether the rule is for this customer."""
        audience = self._audience
        return self._for_all or (
            levels_match(audience.levels, member.levels)
            and (not audience.tags or not member.tags.isdisjoint(audience.tags))
            and audience.opted_in in (None, member.opted_in)
        )

    def qualifying(self, basket: Basket, taken: Sequence[int]) -> Qualifying | None:
        """The lines it takes of the sale, if all its conditions on the sale hold.

        `taken` holds a bit for each rule that takes the item, line by line.
        """
        if not self._always and not self._happens_in(basket):
            return None
        free, bit = self._when.include_free_items, 1 << self.index
        lines = [
            line
            for line, bits in zip(basket.lines, taken, strict=True)
            if bits & bit and (line.net > 0 or (free and not line.gone and line.quantity > 0))
        ]
        if not lines:
            return None
        amount = sum([line.net for line in lines])
        quantity = sum([line.quantity for line in lines], _NO_QUANTITY) if self._counts else None
        if (self._minimum_spend is not None and amount < self._minimum_spend) or (
            self._when.quantity is not None and (quantity or 0) < self._when.quantity
        ):
            return None
        return Qualifying([line.line_id for line in lines], amount, quantity)

    def runs_at(self, at: datetime, wall: datetime) -> bool:
        """Whether it runs at that instant, with clocks there showing `wall`."""
        when, definition = self._when, self.definition
        return (
            self._program.includes(definition.starts, definition.ends, at)
            and (not when.days or _DAYS[wall.weekday()] in when.days)
            and (when.hours is None or _within(wall.time(), *when.hours))
        )

    def _happens_in(self, basket: Basket) -> bool:
        """The conditions on the sale as a whole."""
        when = self._when
        return (
            self.runs_at(basket.sale_time, basket.wall)
            and (not when.channels or basket.channel in when.channels)
            and (not when.stores or basket.store_id in when.stores)
            and (not when.payment_types or not basket.payment_types.isdisjoint(when.payment_types))
        )


_NO_QUANTITY = Decimal(0)


def _within(clock: time, start: time, end: time) -> bool:
    """Whether the clock stands within the hours; "24:00" takes in the last instant of the day."""
    return start <= clock and (clock < end or end == time.max)


class Rulebook:
    """A program version, ready to judge. Rules come before campaigns, each in document order.

    `digest_of` knows the codes that outcomes draw.
    """

    def __init__(self, program: Program, version: int, digest_of: DigestOf):
        self.program = program
        self.version = version
        self.digest_of = digest_of
        definitions: list[Rule | Campaign] = [*program.rules, *program.campaigns]
        every = [EarningRule(i, item, program) for i, item in enumerate(definitions)]
        self.on_purchase = [rule for rule in every if rule.definition.event is None]
        self._every = every
        self._counted = {
            rule.reference
            for rule in every
            if rule.limited or rule.reference.startswith("campaign:")
        }
        self._taken: dict[str, tuple[Item, int]] = {}
        self.on_entry = {
            (system.id, level.id): [Bundle([outcome], program) for outcome in level.on_entry]
            for system in program.tier_systems
            for level in system.levels
        }

        self.subjects = _subjects(program)
        self.limited_sources = {one.id for one in program.point_sources if not one.limits.unlimited}

    def counts(self, reference: str) -> bool:
        """Whether grants of the rule are counted: campaigns always, rules when they are limited."""
        return reference in self._counted

    def on_event(self, event: str) -> list[EarningRule]:
        """The rules that a customer event of that name sets off."""
        return [rule for rule in self._every if rule.definition.event == event]

    def entry_outcomes(self, system: str, level: str, levels: Mapping[str, str]) -> list[Owed]:
        """What entering a level gives, outcome by outcome; each stands for itself."""
        entry = self.on_entry[system, level]
        return [bundle.owed(NO_LINES, levels, WHOLE) for bundle in entry]

    def taken(self, basket: Basket) -> list[int]:
        """For each line, a bit for every rule that takes its item."""
        known, bits = self._taken, []
        for line, item in zip(basket.lines, basket.items, strict=True):
            found = known.get(line.item_id)
            if found is None or found[0] is not item:
                found = known[line.item_id] = (item, self._takers(line.item_id, item))
            bits.append(found[1])
        if len(known) > _MOST_ITEMS:
            known.clear()
        return bits

    def _takers(self, item_id: str, item: Item) -> int:
        rules = self.on_purchase
        return sum(1 << rule.index for rule in rules if rule.matcher.takes(item_id, item))


_MOST_ITEMS = 200_000  # what is remembered of items is bounded; a whole catalog fits


def _subjects(program: Program) -> list[str]:
    """Everything that settlements count over all customers."""
    limited = [one.reference for one in program.rules if not one.limits.unlimited]
    limited += [f"source:{one.id}" for one in program.point_sources if not one.limits.unlimited]
    campaigns = [campaign.reference for campaign in program.campaigns]
    return list(dict.fromkeys((*limited, *campaigns, *counted_by(_outcomes(program), program))))


def _outcomes(program: Program) -> Iterator[Outcome]:
    """All that rules, campaigns and levels give."""
    for rule in program.rules_by_reference.values():
        yield from rule.all_outcomes
    for system in program.tier_systems:
        for level in system.levels:
            yield from level.on_entry


def counted_by(outcomes: Iterable[Outcome], program: Program) -> Iterator[str]:
    """What offers issued and codes drawn look at over all customers."""
    for outcome in outcomes:
        match outcome:
            case IssueOutcome():
                yield issued(outcome.issue)
            case CodeOutcome() if program.promotions_by_id[outcome.code].total is not None:
                yield program.promotions_by_id[outcome.code].reference
