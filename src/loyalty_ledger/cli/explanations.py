"""`loyalty explain`: why a sale came to what it came to, and what became of it."""

from collections.abc import Iterable, Mapping
from textwrap import TextWrapper
from typing import Annotated, Any

import typer

from loyalty_ledger.cli.arguments import AsOf, KnownAt
from loyalty_ledger.cli.output import as_json, cell, table, tell
from loyalty_ledger.cli.reads import zone_of
from loyalty_ledger.cli.references import explained, sale_named
from loyalty_ledger.cli.setup import Json
from loyalty_ledger.moments import read_moment

_FOLDED = TextWrapper(80, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
Explained = Annotated[str, typer.Argument(metavar="REF", help="transaction:STORE/ID or offer:ID.")]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(explain)


def explain(
    context: typer.Context,
    ref: Explained,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """The whole life of a sale or an offer: each version, what it gave and took, and why."""
    kind, value = explained(ref)
    with context.obj.ledger() as ledger:
        zone_name = zone_of(ledger)
        moments = [
            None if moment is None else read_moment(moment, zone_name)
            for moment in (as_of, known_at)
        ]
        if kind == "transaction":
            answer = ledger.explaining.transaction(*sale_named(value), *moments)
        else:
            answer = ledger.explaining.offer(value, *moments)
    if json:
        as_json(answer)
    elif kind == "transaction":
        show_transaction(answer)
    else:
        tell(f"Offer {answer['offer']}")
        _show_outcomes(answer["outcomes"])


def show_transaction(answer: dict[str, Any]) -> None:
    """A sale as tables; times are UTC."""
    tell(f"Sale {answer['transaction']}")
    if answer["from_transaction_id"]:
        tell(f"  follows from sale {answer['from_transaction_id']}")
    if answer["sale_time"]:
        sold, until = cell(answer["sale_time"]), cell(answer["returnable_until"])
        tell(f"  of {sold}; a return moves points until {until} (UTC)")
    table(
        "Versions (UTC)",
        ("version", "made", "recorded", "state", "lines", "paid"),
        (_version(one) for one in answer["versions"]),
        right="version, lines",
    )
    _show_goods([one for one in answer["versions"] if one["counts"] and one["lines"]][-1:])
    for one in answer["settlements"]:
        _show_settlement(one)
    _show_outcomes(answer["outcomes"])


def _show_goods(versions: list[dict[str, Any]]) -> None:
    for one in versions:
        table(
            f"Goods of version {one['version']}",
            ("line", "item", "name", "quantity", "subtotal"),
            [
                (x["line_id"], x["item_id"], x["name"], x["quantity"], x["subtotal"])
                for x in one["lines"]
            ],
            right="quantity, subtotal",
        )


def _version(one: dict[str, Any]) -> tuple[object, ...]:
    state = one["state"] if one["counts"] else f"{one['state']}, came late"
    paid = ", ".join(
        f"{pay['amount']}{' ' + pay['type'] if pay['type'] else ''}" for pay in one["payments"]
    )
    return (
        one["version"], one["modified_time"], one["recorded_at"], state, len(one["lines"]), paid,
    )  # fmt: skip


def _show_settlement(one: dict[str, Any]) -> None:
    versions = f"program {one['program_version']}, catalog {one['catalog_version']}"
    tell(f"Version {one['version']} came to {one['total']} ({versions})")
    for who in one["judged_by"]:
        levels = ", ".join(f"{system} {level}" for system, level in who["levels"].items())
        share = f"share {_percent(who['share'])}" + (f", was {levels}" if levels else "")
        tell(f"  {who['customer_id']}: {share}")
    for note in _notes(one):
        tell(_FOLDED.fill(f"  {note}"))
    if one["grants"]:
        several = len(one["judged_by"]) > 1
        rows = [
            (
                *([x["customer_id"]] if several else []),
                x["rule"],
                x["account"],
                x["deserved"],
                x["granted"],
                0 if one["outside_return_window"] else f"{x['difference']:+,}",
            )
            for x in one["grants"]
        ]
        table(
            f"What version {one['version']} deserves, and what stood before it",
            (*(["customer"] if several else []), "rule", "account", "deserved", "had", "moved"),
            rows,
            right="deserved, had, moved",
        )  # fmt: skip


def _percent(share: str) -> str:
    paid, _, in_all = share.partition("/")
    return f"{100 * int(paid) // int(in_all)}%"


def _notes(one: dict[str, Any]) -> Iterable[str]:
    """What is told in words: limits, what came back, what could not be, flags of the till."""
    if late := one["because_of_late_version"]:
        yield f"Settled anew: version {late}, made before the last one, came only then."
    if one["outside_return_window"]:
        yield "It was made after the return window: recorded, and nothing moved."
    for cut in one["refused"]:
        points = f"{cell(cut.get('points', 0))} points"
        yield f"{cut['rule']}: {points} cut by {cut['limit']}{_whose(one, cut)}"
    for back in one["given_back"]:
        points = f" {cell(back['points'])} points" if back.get("points") else ""
        told = f"Given back ({back['how']}):{points} {back.get('offer_id', '')}".rstrip()
        yield told + _whose(one, back)
    for left in one["not_done"]:
        points = f" {cell(left['points'])} points" if left.get("points") else ""
        told = f"Not done: {left['what']}{points}: {left['why'].replace('_', ' ')}"
        yield told + _whose(one, left)
    for flag in one["flags"]:
        yield f"Flagged: {flag}"


def _whose(one: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """Whose it is, unless the sale is his alone."""
    whose = part["customer_id"]
    alone = [who["customer_id"] for who in one["judged_by"]] == [whose]
    return "" if alone else f", of {whose}"


def _show_outcomes(outcomes: list[dict[str, Any]]) -> None:
    """What happened, without what only counts; whose it is where it concerns several."""
    told = [one for one in outcomes if one["event"] not in _COUNTS]
    several = len({one["customer_id"] for one in told if one["customer_id"]}) > 1
    table(
        "What followed (UTC)",
        ("when", "what", *(["customer"] if several else []), "details"),
        (
            (
                one["at"],
                one["event"],
                *([one["customer_id"]] if several else []),
                _details(one["facts"]),
            )
            for one in told
        ),
    )


_COUNTS = ("PurchaseCounted", "PurchaseRecounted", "GrantCounted", "GrantUncounted")
_TOLD = (
    *("offer_id", "definition", "account", "points", "repaid", "made_up", "cut"),
    *("debt", "written_off", "already_gone"),
    *("system", "level", "entered", "since", "rule", "subject", "times", "reason", "why"),
)


def _details(facts: dict[str, Any]) -> str:
    told = (f"{name.replace('_', ' ')} {facts[name]}" for name in _TOLD if facts.get(name))
    return ", ".join(told)
