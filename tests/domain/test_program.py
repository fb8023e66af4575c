"""The program document as a model: what it holds, how it is found, and that nothing is lost."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.domain.program.accounts import RollingExpiry
from loyalty_ledger.domain.program.currency import EXPONENTS, exponent_of
from loyalty_ledger.domain.program.document import Program, json_schema
from loyalty_ledger.domain.program.outcomes import AwardOutcome, CodeOutcome, IssueOutcome
from loyalty_ledger.domain.program.problems import ProgramError
from loyalty_ledger.domain.program.reading import read_document
from loyalty_ledger.domain.program.tiers import All, PointsEarned
from loyalty_ledger.domain.values import Period
from loyalty_ledger.program_file import load_program, parse_program

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FULL = Path(__file__).parent / "documents" / "full.program.yaml"
SECTIONS = (
    "point_accounts",
    "point_sources",
    "offers",
    "reward_stores",
    "tier_systems",
    "rules",
    "campaigns",
    "promotions",
)
HEADER = {"program": "p", "name": "P", "currency": "USD", "time_zone": "America/New_York"}


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("burrito", (2, 2, 1, 0, 1, 2, 1, 0)),
        ("coffee", (2, 2, 2, 1, 0, 1, 0, 2)),
        ("grocer", (2, 2, 0, 0, 1, 3, 1, 0)),
    ],
)
def test_the_examples_load_as_they_are(name: str, counts: tuple[int, ...]) -> None:
    program = load_program(EXAMPLES / f"{name}.program.yaml")
    assert tuple(len(getattr(program, section)) for section in SECTIONS) == counts


def test_an_example_says_what_it_says() -> None:
    burrito = load_program(EXAMPLES / "burrito.program.yaml")
    base, credits = burrito.rules
    assert burrito.time_zone == "America/Chicago"
    assert base.award is not None
    assert base.award.by_level == {"club": {"medium": Decimal("12.5"), "hot": Decimal(15)}}
    assert base.when.items.exclude.categories == ("gift-cards",)
    assert credits.all_outcomes == (AwardOutcome(award=credits.award),)
    hot = burrito.tier_system("club").level("hot")
    assert isinstance(hot.entrance, All)
    (node,) = hot.entrance.all
    assert isinstance(node, PointsEarned)
    assert node.points_earned.amount == 400
    assert node.points_earned.within == Period(months=12)
    assert hot.on_entry == (IssueOutcome(issue="two-dollars-off"),)
    assert burrito.campaigns[0].limits.total == 10_000


def test_every_key_of_the_document_can_be_written() -> None:
    program = load_program(FULL)
    base = program.rules[0]
    assert base.when.hours == (time(11), time.max)
    assert base.when.items.restrictions + base.when.items.exclude.restrictions == 7
    assert base.when.items.skus == ("A-1", "1004906")
    assert program.rules[1].name == "bottles"
    assert program.rules[2].event == "app-sign-in"
    assert program.rules[2].all_outcomes[1] == CodeOutcome(code="bean-gift")
    assert program.offer("two-off").redemption.after_issue is None
    assert program.promo_limiter.month == 10


def test_the_full_document_leaves_no_key_out() -> None:
    written = json.dumps(load_program(FULL).to_document())
    schema = json_schema()
    models = [schema, *schema["$defs"].values()]
    keys = {key for model in models for key in model.get("properties", {})}
    assert [key for key in sorted(keys) if f'"{key}"' not in written] == []


def test_what_is_left_out_has_the_documented_default() -> None:
    program = Program.from_document(
        {
            **HEADER,
            "point_accounts": [{"id": "a", "name": "A"}],
            "offers": [{"id": "o", "title": "O", "discount": {"kind": "manual"}}],
        }
    )
    account, offer = program.account("a"), program.offer("o")
    assert (account.spendable, account.default, account.allow_negative) == (True, False, True)
    assert account.expiry == RollingExpiry(kind="rolling", after=Period(months=12))
    assert offer.redemption.after_issue == Period(days=30)
    assert offer.lock_timeout == Period(seconds=1800)
    assert (program.return_window, program.restored_grace) == (Period(months=12), Period(days=30))
    assert (program.promo_lockout.tries, program.promo_lockout.lasts) == (5, Period(seconds=900))
    assert (program.customer_ids, program.enrol_on_sight) == ("translate", True)


@pytest.mark.parametrize("path", [*sorted(EXAMPLES.glob("*.yaml")), FULL], ids=lambda p: p.stem)
def test_a_recorded_document_gives_the_same_program_back(path: Path) -> None:
    program = load_program(path)
    recorded = json.loads(json.dumps(program.to_document()))
    again = Program.from_document(recorded)
    assert again == program
    assert again.to_document() == recorded
    assert parse_program(json.dumps(recorded).encode()) == program


def test_looking_things_up_changes_nothing() -> None:
    looked_at, fresh = load_program(FULL), load_program(FULL)
    assert looked_at.default_accounts
    assert looked_at.rules[0].audience.levels == {"club": ("bronze", "silver")}
    assert [rule.all_outcomes for rule in looked_at.rules]
    assert looked_at == fresh
    assert looked_at.to_document() == fresh.to_document()


def test_lookups_find_by_id() -> None:
    program = load_program(FULL)
    club = program.tier_system("club")
    assert program.account("escrow").name == "Pending points"
    assert program.source("gifts").accounts == ("points",)
    assert program.promotion("mug-love").code == "MUGLOVE"
    assert program.reward_store("rewards").offers[0].price == 150
    assert (club.rank("bronze"), club.rank("gold")) == (0, 2)
    assert program.first_levels() == {"club": "bronze", "staff": "no-staff"}
    assert [account.id for account in program.default_accounts] == ["points"]
    assert program.rules_by_reference["campaign:burrito-week"] is program.campaigns[0]
    assert program.rules_by_reference["rule:base"] is program.rules[0]
    with pytest.raises(KeyError):
        program.account("nowhere")


@pytest.mark.parametrize(
    ("currency", "amount", "units"),
    [("USD", "12.50", 1250), ("JPY", "12", 12), ("KWD", "1.5", 1500), ("CLF", "0.0001", 1)],
)
def test_money_is_counted_in_the_minor_unit_of_the_currency(
    currency: str, amount: str, units: int
) -> None:
    program = Program.from_document({**HEADER, "currency": currency})
    assert program.minor(Decimal(amount)) == units


def test_currencies_have_the_decimals_of_the_standard_not_of_habit() -> None:
    assert {code: exponent_of(code) for code in ("HUF", "IQD", "ISK", "UYW", "EUR")} == {
        "HUF": 2,
        "IQD": 3,
        "ISK": 0,
        "UYW": 4,
        "EUR": 2,
    }
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)


@pytest.mark.parametrize(
    ("moment", "instant"),
    [
        (date(2026, 3, 1), datetime(2026, 3, 1, 5, tzinfo=UTC)),
        (datetime(2026, 3, 1, 9), datetime(2026, 3, 1, 14, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 11, 1, 1, 30), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # noqa: DTZ001
        (
            datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 3, 1, 7, tzinfo=UTC),
        ),
    ],
    ids=["a bare date", "wall time", "in the gap", "in the fold", "with an offset"],
)
def test_dates_of_the_program_are_judged_in_its_zone(moment: date, instant: datetime) -> None:
    program = Program.from_document(HEADER)
    assert program.instant(moment) == program.instant(moment) == instant


def test_an_end_is_exclusive() -> None:
    program = Program.from_document(HEADER)
    starts, ends = date(2026, 3, 1), date(2026, 4, 1)
    first, after = datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    assert program.includes(starts, ends, first)
    assert not program.includes(starts, ends, first - moment)
    assert program.includes(starts, ends, after - moment)
    assert not program.includes(starts, ends, after)
    assert program.includes(None, None, after)


def test_a_program_cannot_be_changed() -> None:
    program = Program.from_document(HEADER)
    with pytest.raises(ValueError, match="frozen"):
        program.name = "Other"  # type: ignore[misc]


ids = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
amounts = st.decimals(0, 10**9, places=2).map(str)
positives = st.one_of(st.integers(1, 10**9), st.decimals("0.01", 10**6, places=2).map(str))
periods = st.builds(
    lambda months, days, seconds: str(Period(months, days, seconds)),
    *(st.integers(1, 5000),) * 3,
)
moments = st.one_of(
    st.dates(date(1900, 1, 1), date(9000, 12, 31)).map(str),
    st.datetimes(datetime(1900, 1, 1), datetime(9000, 12, 31)).map(datetime.isoformat),  # noqa: DTZ001
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1).filter(
    str.strip
)
leaves = st.one_of(
    st.fixed_dictionaries(
        {"account": ids, "amount": st.integers(1, 10**9)}, optional={"within": periods}
    ).map(lambda node: {"points_earned": node}),
    st.fixed_dictionaries(
        {"count": st.integers(1, 999)}, optional={"minimum_total": amounts, "within": periods}
    ).map(lambda node: {"transactions": node}),
    st.fixed_dictionaries({"amount": positives}, optional={"within": periods}).map(
        lambda node: {"spend": node}
    ),
)
trees = st.recursive(
    leaves,
    lambda below: st.builds(
        lambda key, nodes: {key: nodes},
        st.sampled_from(["all", "any"]),
        st.lists(below, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
names = {key: st.lists(texts, max_size=3) for key in ("skus", "categories", "brands")}
selectors = st.fixed_dictionaries(
    {}, optional={**names, "exclude": st.fixed_dictionaries({}, optional=names)}
)
campaigns = st.fixed_dictionaries(
    {"id": ids, "outcomes": st.lists(ids.map(lambda name: {"issue": name}), min_size=1)},
    optional={
        "name": texts,
        "starts": moments,
        "ends": moments,
        "when": st.fixed_dictionaries(
            {},
            optional={
                "items": selectors,
                "minimum_spend": amounts,
                "quantity": positives,
                "requires": trees,
                "hours": st.just(["09:00", "24:00"]),
            },
        ),
    },
)


@given(st.lists(campaigns, max_size=3))
@settings(deadline=None)
def test_whatever_is_written_comes_back_equal(written: list[dict[str, Any]]) -> None:
    program = Program.from_document({**HEADER, "campaigns": written})
    recorded = json.loads(json.dumps(program.to_document()))
    assert Program.from_document(recorded) == program
    assert Program.from_document(recorded).to_document() == recorded


def test_the_first_problems_can_be_told_alone_and_too_many_are_counted() -> None:
    with pytest.raises(ProgramError) as all_of_them:
        read_document({"rules": [{}] * 1_000})
    with pytest.raises(ProgramError) as first:
        read_document({"rules": [{}] * 1_000}, most=100)
    with pytest.raises(ProgramError, match="is wrong in 20,004 places, too many"):
        read_document({"rules": [{}] * 10_000}, most=100)
    assert len(all_of_them.value.problems) > 2_000
    assert first.value.problems == all_of_them.value.problems[:100]
