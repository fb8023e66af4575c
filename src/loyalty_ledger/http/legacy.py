"""Routes that newer ones have taken the place of, and that older integrations still ask."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from loyalty_ledger.client import shapes
from loyalty_ledger.depositing import Deposited, DepositLine
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.deposit import Line
from loyalty_ledger.domain.events.points import PointsSpent
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.tiers import All, Level, Node, PointsEarned, TierSystem
from loyalty_ledger.domain.program.tiers import Any as AnyOf
from loyalty_ledger.domain.spending import MOST_POINTS
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http import reasons
from loyalty_ledger.http.connect import caller, program_of, whole
from loyalty_ledger.http.core import ROOT, both, core, customer
from loyalty_ledger.http.operation import Body, Call
from loyalty_ledger.sent import refused

_NO_MULTIPLIER = "1.0"
"""What a level multiplies points by: nothing. Rules tell what each level earns."""
_POINTS = both("/points")
_SECOND = tuple(path.replace("/priv/v1/", "/priv/v2/", 1) for path in _POINTS)
"""Points were documented at any version of the Core family, and asked at these two."""


def _signed(value: object) -> object:
    """Numbers may be written as text, those below 0, too."""
    if isinstance(value, str) and value.startswith("-"):
        above = whole(value.removeprefix("-"))
        return -above if isinstance(above, int) else value
    return whole(value)


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0: above it points are given, below it they are spent")
    return value


_DIGITS = {"type": "string", "pattern": "^-?[0-9]{1,16}$"}
_NUMBER = {"type": "integer", "minimum": -MOST_POINTS, "maximum": MOST_POINTS}


class PointsBody(Body):
    """Points to give, or, below 0, to spend."""

    points: Annotated[
        int,
        Field(strict=True, ge=-MOST_POINTS, le=MOST_POINTS),
        BeforeValidator(_signed),
        AfterValidator(_not_zero),
        WithJsonSchema({"anyOf": [_NUMBER | {"not": {"const": 0}}, _DIGITS]}),
    ]


# --- levels -------------------------------------------------------------------------------------


def _tiers(call: Call) -> dict[str, Any]:
    return {
        "tiers": [
            _as_tier(level, system)
            for system in program_of(call).tier_systems
            for level in system.levels
        ]
    }


def _as_tier(level: Level, system: TierSystem) -> dict[str, Any]:
    above = system.levels[system.rank(level.id) + 1 :]
    entrance, stay = level.entrance, level.maintenance
    return {
        "id": level.id,
        "name": level.name,
        "identifier": level.id,
        "tier_system_id": system.id,
        "next_tier_id": above[0].id if above else None,
        "required_points": 0 if entrance is None else _points(entrance),
        "maintenance_required_points": None if stay is None else _points(stay.requires),
        "multiplier": _NO_MULTIPLIER,
        "max_inactive_days": None,
    }


def _points(node: Node) -> int | None:
    """The points that it takes, where it takes those of one account and nothing else."""
    match node:
        case All(all=(alone,)) | AnyOf(any=(alone,)):
            return _points(alone)
        case PointsEarned():
            return node.points_earned.amount
        case _:
            return None


# --- points -------------------------------------------------------------------------------------


def _change(call: Call) -> Deposited | list[PointsSpent]:
    points: int = call.body.points
    customer_id = customer(call)
    if points < 0:
        return call.ledger.spending.spend(customer_id, -points)
    line = _line(points, program_of(call))
    return call.ledger.depositing.deposit(customer_id, [DepositLine(line)], caller(call))


def _line(points: int, program: Program) -> Line:
    """Where the points come from and go to; Rejected where the program leaves that open."""
    accounts = [one.id for one in program.point_accounts if one.default]
    if len(accounts) != 1:
        raise _left_open(f"the program has {_counted(accounts, 'default point account')}")
    (account,) = accounts
    sources = [one.id for one in program.point_sources if account in one.accounts]
    if len(sources) != 1:
        raise _left_open(f"{account} is fed by {_counted(sources, 'point source')}")
    return Line(sources[0], account, points)


def _counted(names: list[str], what: str) -> str:
    return f"{len(names)} {what}s ({', '.join(names)})" if names else f"no {what}"


def _left_open(why: str) -> Exception:
    return refused([("points", f"can be given so only where it is clear from where and to: {why}")])


def _as_changed(changed: Deposited | list[PointsSpent]) -> dict[str, Any]:
    """What it came to: less than was asked where a limit of the source lets through a part."""
    if isinstance(changed, Deposited):
        changes = [(one.line.gives.account, one.points) for one in changed.lines]
    else:
        changes = [(one.account, -one.points) for one in changed]
    return {
        "points": sum(by for _, by in changes),
        "details": [{"point_account_id": one, "points": by} for one, by in changes],
    }


OPERATIONS = (
    core(
        "tiers", "GET", (f"{ROOT}/tiers",), Scope.MEMBER,
        "Every level of every tier system, lowest first.", _tiers, tells=shapes.Tiers,
    ),
    core(
        "change_points", "POST", (*_POINTS, *_SECOND), Scope.OPERATOR,
        "Give a customer points of the only source, or, below 0, spend some.", _change,
        asks=PointsBody, tell=_as_changed, writes=True, tells=shapes.PointsChange,
        refuses=(*reasons.SPENT_BY_HAND, Reason.NOT_AVAILABLE, Reason.LIMIT_REACHED),
    ),
)  # fmt: skip
