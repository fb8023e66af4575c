"""What is allowed but perhaps not meant, when things end, and what must stay between versions."""

from collections.abc import Iterator
from datetime import date

from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.earning import Promotion
from loyalty_ledger.domain.program.offers import Offer
from loyalty_ledger.domain.program.outcomes import IssueOutcome
from loyalty_ledger.domain.program.problems import Problem
from loyalty_ledger.domain.values import MICROSECOND, Reason, Rejected, to_wall

LONGEST_SPOKEN_CODE = 12

_LOOK_ALIKE = set("0O1IL")


def warnings(program: Program, previous: Program | None = None) -> list[Problem]:
    """What a retailer should look at again; `previous` is the version in force, if any."""
    found: list[Problem] = []
    for promotion in program.promotions:
        path = f"promotions[{promotion.id}]"
        if promotion.code is not None:
            found += [Problem(f"{path}.code", text) for text in _about_code(promotion.code)]
        found += [Problem(f"{path}.total", text) for text in _about_total(program, promotion)]
    if previous is not None:
        found += changed_on_sale(program, previous)
    return found


def _about_code(code: str) -> Iterator[str]:
    way_out = "show it as a QR code"
    if len(code) > LONGEST_SPOKEN_CODE:
        yield (
            f"{code!r} has {len(code)} characters; over {LONGEST_SPOKEN_CODE} people mistype it:"
            f" {way_out}"
        )
    if alike := _look_alikes(code):
        yield f"{', '.join(alike)} in {code!r} can be taken for another character: {way_out}"


def _look_alikes(code: str) -> list[str]:
    """Characters easily misread: where letters and digits mix, a letter may be read as a digit."""
    mixed = any(map(str.isdigit, code)) and any(map(str.isalpha, code))
    return sorted(set(code.upper()) & _LOOK_ALIKE) if mixed else []


def _about_total(program: Program, promotion: Promotion) -> Iterator[str]:
    for outcome in promotion.outcomes:
        if not isinstance(outcome, IssueOutcome):
            continue
        offer = program.offer(outcome.issue)
        issued = offer.issuance.total
        if issued is None:
            continue
        if promotion.total is None and promotion.kind == "multi_use":
            yield f"is not set, but {offer.id} can be issued {issued} times only"
        elif promotion.total is not None and promotion.total > issued:
            yield f"{promotion.total} claims, but {offer.id} can be issued {issued} times only"
        elif promotion.kind == "single_use" and promotion.total and promotion.total < issued:
            yield f"{promotion.total} codes, fewer than the {issued} of {offer.id} meant for them"


def changed_on_sale(program: Program, previous: Program) -> Iterator[Problem]:
    """Offers that changed while a reward store sells them, before and after."""
    sold_before = _sold(previous)
    for path, offer in _sold(program).values():
        before = sold_before.get(offer.id)
        if before is not None and before[1] != offer:
            yield Problem(
                f"offers[{offer.id}]",
                f"changed while {path} sells it: take it out of the store, publish, change it,"
                " and put the new version in",
            )


def _sold(program: Program) -> dict[str, tuple[str, Offer]]:
    return {
        sold.offer: (f"reward_stores[{store.id}].offers[{sold.id}]", program.offer(sold.offer))
        for store in program.reward_stores
        for sold in store.offers
    }


def last_valid_days(program: Program) -> list[tuple[str, date]]:
    """The last day on which each thing that ends still holds, in the program's zone.

    Ends are exclusive: what ends on 1 April at midnight was last valid on 31 March.
    """
    return [
        (path, to_wall(program.instant(end) - MICROSECOND, program.time_zone).date())
        for path, end in _ends(program)
        if end is not None
    ]


def _ends(program: Program) -> Iterator[tuple[str, date | None]]:
    for offer in program.offers:
        yield f"offers[{offer.id}].issuance", offer.issuance.ends
        yield f"offers[{offer.id}].redemption", offer.redemption.ends
    for store in program.reward_stores:
        yield f"reward_stores[{store.id}]", store.ends
        for sold in store.offers:
            yield f"reward_stores[{store.id}].offers[{sold.id}]", sold.ends
    for campaign in program.campaigns:
        yield f"campaigns[{campaign.id}]", campaign.ends
    for promotion in program.promotions:
        yield f"promotions[{promotion.id}]", promotion.ends


def check_successor(previous: Program, new: Program) -> None:
    """Rejected when the next version is of another program, currency or time zone."""
    for key in ("program", "currency", "time_zone"):
        before, after = getattr(previous, key), getattr(new, key)
        if before != after:
            raise Rejected(
                Reason.PROGRAM_MISMATCH,
                f"{key} is {before} in the published program and cannot become {after}",
                {"key": key, "published": before, "given": after},
            )


def check_sold(previous: Program, new: Program) -> None:
    """Rejected when the next version changes an offer that a reward store sells all the while."""
    changed = [str(problem) for problem in changed_on_sale(new, previous)]
    if changed:
        raise Rejected(Reason.OFFER_IN_STORE, "; ".join(changed), {"offers": changed})
