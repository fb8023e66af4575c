"""The level that a customer holds in each tier system, and what the next one takes."""

from typing import NotRequired

from typing_extensions import TypedDict

from loyalty_ledger.client.told.values import Amount, Moment


class Tier(TypedDict):
    """A level, as older integrations read it.

    Points are those to earn in one account; None where it takes something else, or more than that.
    """

    id: str
    name: str
    identifier: str
    tier_system_id: str
    next_tier_id: str | None
    required_points: int | None
    maintenance_required_points: int | None
    multiplier: str
    max_inactive_days: int | None


class Tiers(TypedDict):
    """The levels of every tier system, lowest first."""

    tiers: list[Tier]


class LevelOverview(TypedDict):
    """A level, as the program has it."""

    id: str
    tier_system_id: str
    retailer_id: str | None
    name: str
    rank: int
    status: int


class Constraint(TypedDict):
    """What a rule counts: in which accounts, within what time."""

    id: str
    rule_id: str
    discriminator: int
    is_new: bool
    rank: int
    version: int
    point_accounts: NotRequired[dict[str, str]]
    within: NotRequired[str]


class Rule(TypedDict):
    """A rule, with its target."""

    id: str
    retailer_id: str | None
    parent_id: str | None
    discriminator: int
    target_balance: Amount
    comparison: int
    rank: int
    is_new: bool
    constraints: list[Constraint]


class RuleNode(TypedDict):
    """A rule or a branch of them; `query_result` is where the customer is.

    Of a branch, that is how many of its parts hold, and its target how many have to.
    """

    rule_id: str
    parent_id: str | None
    tree_id: str
    rule_tree_name: str
    rule_passed: bool
    discriminator: int
    query_result: Amount
    rule: Rule


class RuleTree(TypedDict):
    """The rules of entering a level, parents first; `rule_tree_name` is the level's name."""

    rule_tree_id: str
    rules: list[RuleNode]


class HeldLevel(TypedDict):
    """The level a customer holds in a tier system, and how far the next one is."""

    id: str
    tier_system_id: str
    tier_level_id: str
    user_id: str
    join_date: Moment | None
    next_maintenance_eval_date: Moment | None
    tier_overview: LevelOverview
    next_tier_overview: LevelOverview | None
    tier_progress: list[RuleTree]


class Progress(TypedDict):
    """The level in each tier system, and the rules of the next with measure and target."""

    user_id: str
    tier_levels: list[HeldLevel]


class Moved(TypedDict):
    """The level that a customer was put into, and the one that he held before."""

    user_id: str
    tier_system_id: str
    tier_level_id: str
    previous_tier_level_id: str
    moved: bool
