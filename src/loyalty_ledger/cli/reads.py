"""`loyalty profile | history | tiers | timeline`: what is asked about one customer."""

from typing import Annotated, Any

import typer

from loyalty_ledger import clock
from loyalty_ledger.answers import Moment
from loyalty_ledger.cli.arguments import AsOf, Customer, KnownAt, Last, printable
from loyalty_ledger.cli.output import as_json, cell, table, tell
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.domain.values import END_OF_TIME, Reason, Rejected
from loyalty_ledger.identity import parse_reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.moments import read_moment
from loyalty_projections.point_history import Movement
from loyalty_projections.profile import OfferView, Profile
from loyalty_projections.timeline import Happening

OfOffer = Annotated[
    str | None, typer.Option("--offer", callback=printable(), help="Only of this offer.")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (profile, history, tiers, timeline):
        app.command()(command)


def profile(
    context: typer.Context,
    customer: Customer,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """A customer's points, levels and offers."""
    with context.obj.ledger() as ledger:
        answer = ledger.answers.profile(*asked(ledger, customer, as_of, known_at))
    if json:
        as_json(answer)
    else:
        show_profile(answer)


def history(
    context: typer.Context,
    customer: Customer,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    last: Last = None,
    json: Json = False,
) -> None:
    """Every movement of a customer's points, and what caused it."""
    with context.obj.ledger() as ledger:
        rows = ledger.answers.history(*asked(ledger, customer, as_of, known_at, past=True))
    rows = rows[-last:] if last else rows
    if json:
        as_json([row.model_dump(mode="json", exclude={"repaid"}) for row in rows])
    else:
        show_history(rows)


def tiers(
    context: typer.Context,
    customer: Customer,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """A customer's levels, and what the next ones still take."""
    with context.obj.ledger() as ledger:
        answer = ledger.answers.tiers(*asked(ledger, customer, as_of, known_at))
    if json:
        as_json(answer)
    else:
        show_tiers(answer)


def timeline(
    context: typer.Context,
    customer: Customer,
    offer: OfOffer = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    last: Last = None,
    json: Json = False,
) -> None:
    """What happened to a customer besides points: joining, levels, promotions, offers."""
    with context.obj.ledger() as ledger:
        found, moment = asked(ledger, customer, as_of, known_at, past=True)
        rows = ledger.answers.timeline(found, moment, offer)
        if offer is not None and not rows:
            _require_known(ledger, found, offer, moment)
    rows = rows[-last:] if last else rows
    if json:
        as_json(rows)
    else:
        show_timeline(rows)


def _require_known(ledger: Ledger, customer_id: str, offer: str, moment: Moment) -> None:
    """Rejected when the log never tells of this offer and the customer, at whatever moment."""
    ever = Moment(moment.now, known_at=END_OF_TIME)
    if not ledger.answers.timeline(customer_id, ever, offer):
        raise Rejected(
            Reason.OFFER_NOT_FOUND,
            f"this customer has no offer {offer!r}: `loyalty profile` tells those there are",
        )


def asked(
    ledger: Ledger,
    customer: str,
    as_of: str | None,
    known_at: str | None,
    *,
    past: bool = False,
) -> tuple[str, Moment]:
    """Whom a read is about, and for when.

    The id of one who was merged is his own where his `past` is asked for, or as of before.
    """
    zone_name = zone_of(ledger)
    moment = Moment(
        clock.now(),
        None if as_of is None else read_moment(as_of, zone_name),
        None if known_at is None else read_moment(known_at, zone_name),
    )
    return ledger.answers.was(parse_reference(customer), None if past else moment), moment


def zone_of(ledger: Ledger) -> str:
    """The program's time zone, in which times without an offset are read."""
    rulebook = ledger.settlement.rulebook()
    return rulebook.program.time_zone if rulebook else "UTC"


# --- as tables ----------------------------------------------------------------------------------


def show_profile(answer: Profile) -> None:
    """A profile as tables."""
    tell(f"Customer {answer.customer_id}{_names(answer)}")
    _show_standing(answer)
    table(
        "Points",
        ("account", "available", "debt", "lifetime", "next to end", "points"),
        (
            (one.account, one.available, one.debt, one.lifetime, *_next(one.expiries))
            for one in answer.accounts
        ),
        right="available, debt, lifetime, points",
    )
    table(
        "Levels",
        ("system", "level", "since", "until"),
        ((one.system, one.level, one.since, one.until) for one in answer.tiers),
    )
    if answer.offers:
        offers = (
            (o.offer_id, o.definition, _state(o), o.locked_until or o.expires_at)
            for o in answer.offers
        )
        table("Offers", ("offer", "definition", "state", "until"), offers, whole="offer")
    if answer.codes:
        rows = ((one.code, one.promotion, one.state, one.drawn_at) for one in answer.codes)
        table("Promo codes", ("code", "promotion", "state", "drawn"), rows, whole="code")


def _names(answer: Profile) -> str:
    """How he is called, an external id with its type."""
    names = ", ".join(
        f"{one.kind}{f'/{one.type}' if one.type else ''}:{one.value}" for one in answer.identifiers
    )
    return f" ({names})" if names else ""


def _show_standing(answer: Profile) -> None:
    """What is not so with everybody: flags, and tags with their ends."""
    flags = {
        "opted out": not answer.opted_in,
        "suspended": answer.suspended,
        "test account": answer.test,
    }
    if any(flags.values()):
        tell(f"Flags: {', '.join(name for name, is_so in flags.items() if is_so)}")
    if answer.tags:
        table("Tags", ("tag", "until"), ((one.tag, one.expires_at) for one in answer.tags))


def _state(offer: OfferView) -> str:
    return f"{offer.state} by {offer.locked_by}" if offer.locked_by else offer.state


def show_timeline(rows: list[Happening]) -> None:
    """What happened as a table; times are UTC."""
    table(
        "What happened (UTC)",
        ("when", "what", "sale", "details"),
        ((row.at, row.kind, row.transaction, _details(row)) for row in rows),
    )


def _details(row: Happening) -> str:
    """Why, by whom and what of it; offers by the end of their ids, which is what differs."""
    subject = (row.subject or "").rpartition(".")[2]
    by = row.employee_id or row.client_id
    facts = [_fact(*fact) for fact in row.facts.items() if fact[1] not in (None, [])]
    return ", ".join(part for part in (subject, row.why, by and f"by {by}", *facts) if part)


def _fact(name: str, value: Any) -> str:
    """A fact and its name; of a claim, points by account and offers by the end of their ids."""
    match name, value:
        case "awarded", dict():
            value = " and ".join(f"{points:,} {account}" for account, points in value.items())
        case "offers", list():
            value = " ".join(offer.rpartition(".")[2] for offer in value)
        case "claim_id", str():
            value = value.rpartition(".")[2]
    return f"{name} {value}"


def _next(expiries: Any) -> tuple[object, object]:
    return (expiries[0].at, expiries[0].points) if expiries else (None, None)


def show_history(rows: list[Movement]) -> None:
    """Movements as a table; times are UTC, a cause is STORE/SALE@VERSION."""
    table(
        "Movements (UTC)",
        ("when", "account", "points", "kind", "why", "cause"),
        (
            (
                row.at,
                row.account,
                f"{row.points:+,}",
                row.kind,
                row.rule,
                (row.cause or row.transaction or "").removeprefix("sale/"),
            )
            for row in rows
        ),
        right="points",
    )


def show_tiers(answer: list[dict[str, Any]]) -> None:
    """Progress as tables: a row for every requirement of the next level."""
    for system in answer:
        since = f" since {cell(system['since'])}" if system["since"] else ""
        tell(f"{system['system']}: {system['level']}{since}")
        following = system["next"]
        if following is None:
            tell("  This is the highest level.")
            continue
        table(
            f"What {following['level']} takes",
            ("requirement", "present", "target", "missing", "spend needed"),
            _requirements(following["entrance"], 0),
            right="present, target, missing",
        )


def _requirements(node: dict[str, Any], depth: int) -> list[tuple[object, ...]]:
    indent = "  " * depth
    for branch in ("all", "any"):
        if branch in node:
            rows: list[tuple[object, ...]] = [(f"{indent}{branch} of", "", "", "", "")]
            return rows + [row for part in node[branch] for row in _requirements(part, depth + 1)]
    what = node["kind"].replace("_", " ")
    where = f" in {node['account']}" if node.get("account") else ""
    within = f" within {node['within']}" if node.get("within") else ""
    present, target, missing = node["present"], node["target"], node["missing"]
    needed = node.get("spend_needed")
    return [(f"{indent}{what}{where}{within}", present, target, missing, needed)]
