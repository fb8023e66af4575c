"""What is owed becomes points, offers and levels, within every limit, or says which one cut it.

A version of a sale is worked out from scratch; what is posted is the difference to what stands of
the versions before.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from loyalty_ledger.domain import wallet
from loyalty_ledger.domain.claims import NO_LIMITS, Claim, missing, refusal, room_left
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.points import PointsAwarded
from loyalty_ledger.domain.events.settlement import Cut, Grant, PostedAward
from loyalty_ledger.domain.giving import Giving
from loyalty_ledger.domain.owed import Owed
from loyalty_ledger.domain.recounting import recount
from loyalty_ledger.domain.sale_record import CAPPED, Standing
from loyalty_ledger.domain.streams import wallet_of
from loyalty_ledger.domain.taking_back import Case, TakingBack

MOST_POINTS = 10**15
"""Above this a point figure is a mistake of the program, and no database could add it up."""
NOTHING = Standing()


class Granting:
    """Posts claims into a draft and keeps the list of what was granted and what was cut."""

    def __init__(self, case: Case, draft: Draft):
        self.case = case
        self.draft = draft
        self.grants: list[Grant] = []
        self.cuts: list[Cut] = []
        self.gainers: set[str] = set()
        self.back = TakingBack(case, draft)
        self._giving = Giving(case, draft)
        self._repaid: Counter[tuple[str, str]] = Counter()
        self._program = case.rulebook.program

    # --- claims ---------------------------------------------------------------------------------

    def possible(self, claim: Claim) -> bool:
        """Whether no limit refuses the claim; the one that does is noted as a cut.

        What stands already is not refused; what an earlier version was refused stays refused.
        """
        if claim.key in self.case.record.grants:
            return True
        claim = self._beside(claim)
        before, points = self.case.record.refused.get(claim.key), sum(claim.owed.points.values())
        if before is not None and (points > before.room or not before.room):
            self._cut(claim, before.limit, points, before.room)
            return False
        refused = refusal(claim, NOTHING, self.case, self.draft)
        if refused is None:
            return True
        self._cut(claim, refused, points, room_left(refused, claim, self.case, self.draft))
        return False

    def post(self, claim: Claim) -> None:
        """Record the claim as granted: its points, its counts, its offers.

        Limits count what was awarded; a claim of which nothing is left counts as never made.
        """
        claim = self._beside(claim)
        before = self.case.record.grants.get(claim.key, NOTHING)
        if not before.nothing:
            before = replace(before, offers=self.back.held(before.offers))
            claim = self._within_limits(claim, before)
        kept, before = self._without_extras(claim, before)
        awarded = self._award_more(claim, before)
        awards = (*self._take_less(claim, before), *map(_posted, awarded))
        lacking = missing(claim.owed.offers, before.offers)
        undrawn = missing(claim.owed.codes, before.codes)
        if not (awards or lacking or undrawn or not before.nothing):
            return
        granted = bool(awards or claim.owed.offers or claim.owed.codes)
        counted = recount(claim, before, awards, self.case, self.draft, granted=granted)
        self.back.keep_offers(kept)
        issued = {self._giving.issue(claim, name): name for name in lacking}
        drawn = {self._giving.draw(claim, name): name for name in undrawn}
        standing = Standing(awards, {**before.offers, **issued}, counted, {**before.codes, **drawn})
        self._note(claim, before, standing, awarded, list(issued), list(drawn))

    def take_back_rest(self, owed: Collection[tuple[str, str]] = ()) -> None:
        """Take back what stands of the versions before, was not posted again and is not owed."""
        posted = {(grant.customer_id, grant.rule) for grant in self.grants}
        for (customer_id, rule), before in self.case.record.grants.items():
            if (customer_id, rule) in posted or (customer_id, rule) in owed:
                continue
            counts = self.case.rulebook.counts(rule)
            claim = Claim(customer_id, rule, Owed({}, [], []), NO_LIMITS, counts, {})
            claim = self._beside(claim)
            self._take_less(claim, before)
            recount(claim, before, (), self.case, self.draft, granted=False)
            in_use = self.back.offers(customer_id, before.offers, self.case.at)
            used = self.back.codes(customer_id, before.codes)
            self._note(claim, before, Standing((), in_use, codes=used), [], [], [])

    def points_so_far(self, customer_id: str, account: str) -> int:
        """What the sale stands for in the account, of all that was posted so far."""
        own = (one for one in self.grants if one.customer_id == customer_id)
        return sum(a.points for one in own for a in one.awards if a.account == account)

    def points_before(self, customer_id: str, account: str) -> int:
        """What still stands of the versions before, of all that was not posted yet."""
        posted = {(grant.customer_id, grant.rule) for grant in self.grants}
        own = (
            standing
            for key, standing in self.case.record.grants.items()
            if key[0] == customer_id and key not in posted
        )
        return sum(a.points for one in own for a in one.awards if a.account == account)

    def _beside(self, claim: Claim) -> Claim:
        """The claim, with what the sale counts for by what others stand to have of the rule.

        What entering a level gives is each one's own: it is not the sale's, and goes by itself.
        """
        if claim.rule.startswith("tier:"):
            return claim
        standing = {key: one.counted for key, one in self.case.record.grants.items()}
        standing |= {(one.customer_id, one.rule): tuple(one.counted) for one in self.grants}
        others = [
            subjects
            for (customer_id, rule), subjects in standing.items()
            if rule == claim.rule and customer_id != claim.customer_id
        ]
        return claim._replace(beside=tuple({name for subjects in others for name in subjects}))

    # --- differences ----------------------------------------------------------------------------

    def _award_more(self, claim: Claim, before: Standing) -> list[PointsAwarded]:
        """Award what is owed beyond what stands; a balance found full before stays the measure."""
        stands, room = before.points, dict(self.case.record.ceilings.get(claim.key, {}))
        awarded = []
        for (account, source), points in claim.owed.points.items():
            if account in room:
                points = min(points, room[account])
                room[account] -= points
            more = points - stands.get((account, source), 0)
            event = self._award(claim, account, source, more, points) if more > 0 else None
            if event is not None:
                awarded.append(event)
        return awarded

    def _take_less(self, claim: Claim, before: Standing) -> tuple[PostedAward, ...]:
        """Take back what stands beyond what is owed; the awards that are left."""
        room = self.case.record.ceilings.get(claim.key, {})
        less = {}
        for key, points in before.points.items():
            owed = claim.owed.points.get(key, 0)
            less[key] = points - min(owed, room.get(key[0], owed))
        left = []
        for award in reversed(before.awards):
            part = min(award.points, max(0, less[award.account, award.source]))
            less[award.account, award.source] -= part
            if part:
                own = self.case.record.own_lots(claim.customer_id, award.account)
                self.back.points(claim.customer_id, claim.rule, award, part, own)
            if award.points > part:
                left.append(replace(award, points=award.points - part))
        return tuple(reversed(left))

    def _without_extras(self, claim: Claim, before: Standing) -> tuple[dict[str, str], Standing]:
        """The offers that stay deserved, and what stands without those that do not.

        What goes once goes to another from here on: offers and codes that this customer had of it.
        """
        offers, more = _split(before.offers, claim.owed.offers)
        codes, less = _split(before.codes, claim.owed.codes)
        in_use = self.back.offers(claim.customer_id, more, self.case.at) if more else {}
        used = self.back.codes(claim.customer_id, less) if less else {}
        return offers, replace(before, offers={**offers, **in_use}, codes={**codes, **used})

    def _within_limits(self, claim: Claim, before: Standing) -> Claim:
        """The claim, without what a limit keeps it from growing by."""
        capped = self.case.record.capped.get(claim.key)
        if capped is not None and sum(claim.owed.points.values()) > capped.room:
            refused: str | None = capped.limit
        else:
            refused = refusal(claim, before, self.case, self.draft)
        if refused is None:
            return claim
        stands = before.points
        points = {key: min(n, stands.get(key, 0)) for key, n in claim.owed.points.items()}
        more = sum(claim.owed.points.values()) - sum(points.values())
        self._cut(claim, refused, more, sum(points.values()))
        return claim._replace(
            owed=Owed(points, [*before.offers.values()], [*before.codes.values()])
        )

    def _cut(self, claim: Claim, which: str, points: int, kept: int = 0) -> None:
        cut = Cut(
            customer_id=claim.customer_id, rule=claim.rule, limit=which, points=points, kept=kept
        )
        self.cuts.append(cut)

    def _note(
        self,
        claim: Claim,
        before: Standing,
        after: Standing,
        awarded: list[PointsAwarded],
        offers: list[str],
        codes: list[str],
    ) -> None:
        grant = Grant(
            customer_id=claim.customer_id,
            rule=claim.rule,
            deserved=_by_account(after.points),
            granted=_by_account(before.points),
            lots=[event.lot for event in awarded],
            offers=offers,
            measured=claim.measured,
            awards=list(after.awards),
            held=after.offers,
            counted=list(after.counted),
            codes=codes,
            drawn=after.codes,
        )
        self.grants.append(grant)

    def _award(
        self, claim: Claim, account: str, source: str, points: int, owed: int
    ) -> PointsAwarded | None:
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
                not_before=claim.takes_hold(self.case),
                made_up=self.back.made_up(claim.customer_id, account, points),
                repaid_before=self._repaid[claim.customer_id, account],
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
            self._cut(claim, CAPPED + account, points - kept, owed - points + kept)
        if event is not None:
            self.draft.emit(stream, event, claim.customer_id)
            self.back.make_up(event)
            self._repaid[claim.customer_id, account] += event.repaid
            self.gainers.add(claim.customer_id)
        return event


def _split(
    standing: Mapping[str, str], owed: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What stands, by name: as much as is owed, and the rest."""
    left, kept, rest = Counter(owed), dict[str, str](), dict[str, str]()
    for one, name in standing.items():
        (kept if left[name] > 0 else rest)[one] = name
        left[name] -= 1
    return kept, rest


def _by_account(points: Mapping[tuple[str, str], int]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (account, _), amount in points.items():
        sums[account] = sums.get(account, 0) + amount
    return sums


def _posted(event: PointsAwarded) -> PostedAward:
    return PostedAward(
        account=event.account,
        source=event.source,
        lot=event.lot,
        points=event.points,
        earned_at=event.earned_at,
    )
