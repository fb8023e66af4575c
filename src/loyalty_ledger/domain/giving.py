"""Giving what is no points: offers are issued, codes are drawn, each once for what it is for."""

from loyalty_ledger.domain.claims import Claim
from loyalty_ledger.domain.counting import count
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import issued as issued_subject
from loyalty_ledger.domain.events.promotions import PromoCodeDrawn
from loyalty_ledger.domain.issuing import Issue, issued
from loyalty_ledger.domain.promo_code import Draw
from loyalty_ledger.domain.streams import offer, promo_code_of
from loyalty_ledger.domain.taking_back import Case


class Giving:
    """Gives into a draft. What is given is named by what gave it and how much that gave before."""

    def __init__(self, case: Case, draft: Draft):
        self._case = case
        self._draft = draft
        self._given: dict[tuple[str, str], int] = {}

    def _number(self, claim: Claim) -> int:
        number = self._given.get(claim.key, 0)
        self._given[claim.key] = number + 1
        return number

    def issue(self, claim: Claim, name: str) -> str:
        """Issue an offer, and count it; its id."""
        case = self._case
        issue = Issue(
            claim.customer_id,
            case.rulebook.program.offer(name),
            case.rulebook.program,
            case.rulebook.version,
            claim.rule,
            self._number(claim),
            case.at,
            case.cause,
            not_before=claim.takes_hold(case),
            catalog_version=case.catalog_version,
            transaction=case.transaction,
            levels=dict(claim.levels),
            lines=claim.taken.line_ids if claim.taken else [],
            why="earned",
        )
        count(
            self._draft,
            claim.customer_id,
            issued_subject(name),
            at=claim.takes_hold(case),
            counted_at=case.at,
            cause=case.cause,
        )
        self._draft.emit(offer(issue.offer_id), issued(issue), claim.customer_id)
        return issue.offer_id

    def draw(self, claim: Claim, promotion: str) -> str:
        """Draw a code of the promotion; its digest."""
        case = self._case
        draw = Draw(promotion, claim.customer_id, claim.rule, case.cause, self._number(claim))
        event = PromoCodeDrawn(
            at=claim.takes_hold(case),
            digest=case.rulebook.digest_of(draw),
            drawn_at=case.at,
            transaction=case.transaction,
            program_version=case.rulebook.version,
            **draw._asdict(),
        )
        self._draft.emit(promo_code_of(event.digest), event, claim.customer_id)
        return event.digest
