"""What is owed becomes points, offers and levels, within every limit, or says which one cut it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.domain import limits, tier, upkeep, wallet
from loyalty_ledger.domain.counting import count
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import issued as issued_subject
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.settlement import Cut, Grant
from loyalty_ledger.domain.events.tiers import TierEntered
from loyalty_ledger.domain.issuing import Issue, issued, unissuable
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.owed import Owed, Qualifying
from loyalty_ledger.domain.program.earning import Limits
from loyalty_ledger.domain.program.offers import Offer
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import limit, offer, tiers_of, usage_of, wallet_of


class Case(NamedTuple):
    """What a settlement is about: its rulebook, its cause, and the business time of outcomes."""

    rulebook: Rulebook
    programs: Programs
    catalog_version: int
    at: datetime
    cause: str
    transaction: str = ""


class Claim(NamedTuple):
    """What a rule owes a customer, and what that was judged by."""

    customer_id: str
    rule: str
    owed: Owed
    limits: Limits
    counted: bool
    levels: Mapping[str, str]
    taken: Qualifying | None = None
    not_before: datetime | None = None
    measured: list[dict[str, Any]] = []


MOST_POINTS = 10**15
"""Above this a point figure is a mistake of the program, and no database could add it up."""
NO_LIMITS = Limits()


class Granting:
    """Posts claims into a draft and keeps the list of what was granted and what was cut."""

    def __init__(self, case: Case, draft: Draft):
        self.case = case
        self.draft = draft
        self.grants: list[Grant] = []
        self.cuts: list[Cut] = []
        self._issued: dict[tuple[str, str], int] = {}
        self._program = case.rulebook.program

    # --- claims ---------------------------------------------------------------------------------

    def possible(self, claim: Claim) -> bool:
        """Whether no limit refuses the claim; the one that does is noted as a cut."""
        refused = self._refusal(claim)
        if refused is None:
            return True
        points = sum(claim.owed.points.values())
        self.cuts.append(
            Cut(customer_id=claim.customer_id, rule=claim.rule, limit=refused, points=points)
        )
        return False

    def post(self, claim: Claim) -> None:
        """Record the claim as granted: its points, its counts, its offers.

        Limits count what was awarded; a claim of which nothing is left counts as never made.
        """
        awards = [self._award(claim, *to, amount) for to, amount in claim.owed.points.items()]
        awarded = [event for event in awards if event is not None]
        if not awarded and not claim.owed.offers:
            return
        if claim.counted:
            self._count(claim, claim.rule, sum(event.points for event in awarded))
        granted: dict[str, int] = {}
        by_source: dict[str, int] = {}
        for event in awarded:
            granted[event.account] = granted.get(event.account, 0) + event.points
            by_source[event.source] = by_source.get(event.source, 0) + event.points
        for source, points in by_source.items():
            if source in self.case.rulebook.limited_sources:
                self._count(claim, f"source:{source}", points)
        offers = [self._issue(claim, name) for name in claim.owed.offers]
        self.grants.append(
            Grant(
                customer_id=claim.customer_id,
                rule=claim.rule,
                deserved=granted,
                lots=[event.lot for event in awarded],
                offers=offers,
                measured=claim.measured,
            )
        )

    def _refusal(self, claim: Claim) -> str | None:
        owed = claim.owed
        if owed.codes:
            return f"codes:{owed.codes[0]}"  # a code can be drawn once codes were generated
        points = sum(owed.points.values())
        broken = self._broken(claim, claim.rule, claim.limits, 1, points)
        if broken is not None:
            return broken
        if limited := self.case.rulebook.limited_sources:
            for source, amount in _by_source(owed).items():
                if source in limited:
                    allowed = self._program.source(source).limits
                    broken = self._broken(claim, f"source:{source}", allowed, 1, amount)
                    if broken is not None:
                        return f"source:{source}:{broken}"
        for name in dict.fromkeys(owed.offers):
            broken = self._unissuable(claim, self._program.offer(name), owed.offers.count(name))
            if broken is not None:
                return f"offer:{name}:{broken}"
        return None

    def _broken(
        self, claim: Claim, subject: str, allowed: Limits, times: int, points: int
    ) -> str | None:
        if allowed.unlimited:
            return None
        usage: limits.Usage = self.draft.state(usage_of(claim.customer_id))
        return limits.refusal(
            allowed,
            usage.of(subject),
            self.draft.state(limit(subject)),
            self.case.at,
            self._program.time_zone,
            times=times,
            points=points,
        )

    def _unissuable(self, claim: Claim, definition: Offer, times: int) -> str | None:
        subject = issued_subject(definition.id)
        usage: limits.Usage = self.draft.state(usage_of(claim.customer_id))
        everybodys: limits.Count = self.draft.state(limit(subject))
        return unissuable(
            definition,
            self._program,
            self.case.at,
            mine=usage.of(subject).times,
            everybodys=everybodys.times,
            more=times,
        )

    def _at(self, claim: Claim) -> datetime:
        """The business time, or that of the level that gives it, if that is later."""
        return max(self.case.at, claim.not_before or self.case.at)

    def _count(self, claim: Claim, subject: str, points: int) -> None:
        count(
            self.draft,
            claim.customer_id,
            subject,
            at=self._at(claim),
            counted_at=self.case.at,
            points=points,
            cause=self.case.cause,
        )

    def _award(self, claim: Claim, account: str, source: str, points: int) -> PointsAwarded | None:
        """The award as recorded; a balance that may not grow so far cuts it, and says so."""
        stream = wallet_of(claim.customer_id)
        taken = claim.taken
        if points > MOST_POINTS:
            raise OverflowError(f"{claim.rule} awards {points} points, more than {MOST_POINTS}")
        event = wallet.award(
            wallet.Award(
                customer_id=claim.customer_id,
                account=account,
                source=source,
                points=points,
                earned_at=self.case.at,
                not_before=claim.not_before,
                rule=claim.rule,
                program=self._program,
                program_version=self.case.rulebook.version,
                catalog_version=self.case.catalog_version,
                transaction=self.case.transaction,
                amount=taken.amount if taken else None,
                lines=taken.line_ids if taken else [],
                levels=dict(claim.levels),
                cause=self.case.cause,
            ),
            self.draft.state(stream),
        )
        kept = event.points if event else 0
        if kept < points:
            self.cuts.append(
                Cut(
                    customer_id=claim.customer_id,
                    rule=claim.rule,
                    limit=f"maximum_balance:{account}",
                    points=points - kept,
                )
            )
        if event is not None:
            self.draft.emit(stream, event, claim.customer_id)
        return event

    def _issue(self, claim: Claim, name: str) -> str:
        """Issue an offer; its id follows from what issued it, and how many that issued before."""
        issuer = claim.customer_id, claim.rule
        number = self._issued.get(issuer, 0)
        self._issued[issuer] = number + 1
        issue = Issue(
            claim.customer_id,
            self._program.offer(name),
            self._program,
            self.case.rulebook.version,
            claim.rule,
            number,
            self.case.at,
            self.case.cause,
            not_before=claim.not_before,
            catalog_version=self.case.catalog_version,
            transaction=self.case.transaction,
            levels=dict(claim.levels),
            lines=claim.taken.line_ids if claim.taken else [],
            why="earned",
        )
        self._count(claim, issued_subject(name), 0)
        self.draft.emit(offer(issue.offer_id), issued(issue), claim.customer_id)
        return issue.offer_id

    # --- levels ---------------------------------------------------------------------------------

    def advance_levels(self, customer_id: str, levels: Mapping[str, str]) -> None:
        """Move up as long as a next entrance holds, with the outcomes of each first entry."""
        moving = True
        while moving:
            moving = False
            for system in self._program.tier_systems:
                command = tier.Advance(
                    customer_id,
                    system,
                    self.case.at,
                    upkeep.latest(self.draft, customer_id, self.case.at),
                    upkeep.measures_of(self.draft, customer_id, self.case.rulebook),
                    self.case.rulebook.version,
                    self.case.cause,
                )
                event = tier.advance(command, self.draft.state(tiers_of(customer_id)))
                if event is not None:
                    moving = True
                    self._enter(customer_id, event, levels)

    def _enter(self, customer_id: str, event: TierEntered, levels: Mapping[str, str]) -> None:
        self.draft.emit(tiers_of(customer_id), event, customer_id)
        if not event.first_time:
            return
        for claim in self._entry_claims(customer_id, event, levels):
            if self.possible(claim):
                self.post(claim)

    def _entry_claims(
        self, customer_id: str, event: TierEntered, levels: Mapping[str, str]
    ) -> list[Claim]:
        rule = f"tier:{event.system}/{event.level}"
        return [
            Claim(customer_id, rule, owed, NO_LIMITS, False, levels, not_before=event.at)
            for owed in self.case.rulebook.entry_outcomes(event.system, event.level, levels)
        ]


def _by_source(owed: Owed) -> dict[str, int]:
    """Points by point source; a grant counts once for each source it takes from."""
    sums: dict[str, int] = {}
    for (_, source), points in owed.points.items():
        sums[source] = sums.get(source, 0) + points
    return sums
