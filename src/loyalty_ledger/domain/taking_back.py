"""Taking back what a sale had granted and no longer deserves: points, offers, counts."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from loyalty_ledger.domain import wallet
from loyalty_ledger.domain.clawing import ClawBack
from loyalty_ledger.domain.counting import Counting, uncount
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.limits import issued as issued_subject
from loyalty_ledger.domain.events.points import PointsAwarded, PointsClawedBack
from loyalty_ledger.domain.events.settlement import NotDone, PostedAward, Taken
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.offer import Offer, OfferState
from loyalty_ledger.domain.offer_commands import Deserve, Recall
from loyalty_ledger.domain.offer_decisions import decide
from loyalty_ledger.domain.promo_code import PromoCode, withdraw
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.sale_record import NEW, Lost, SaleRecord, lost_after
from loyalty_ledger.domain.streams import offer as offer_stream
from loyalty_ledger.domain.streams import promo_code_of, wallet_of
from loyalty_ledger.domain.values import Reason


class Case(NamedTuple):
    """What a settlement is about: its rulebook, its cause, and the business time of outcomes.

    `at` is when the sale was; `dated` when the version that is worked out was made, if it is a
    later one. `record` is what the versions before came to.
    """

    rulebook: Rulebook
    programs: Programs
    catalog_version: int
    at: datetime
    cause: str
    transaction: str = ""
    dated: datetime | None = None
    record: SaleRecord = NEW

    @property
    def now(self) -> datetime:
        """The business time of what is posted."""
        return self.dated or self.at


class TakingBack:
    """Takes back into a draft, and remembers what was taken, from whom, and what could not be."""

    def __init__(self, case: Case, draft: Draft):
        self._case = case
        self._draft = draft
        self._lost = dict(case.record.lost)
        self.taken: list[Taken] = []
        self.not_done: list[NotDone] = []
        self.losers: dict[str, None] = {}

    # --- points ---------------------------------------------------------------------------------

    def points(
        self, customer_id: str, rule: str, award: PostedAward, points: int, own: Collection[int]
    ) -> None:
        """Take back points of an award of this sale, whose own lots are given."""
        lost = self._lost.get((customer_id, award.account), Lost())
        for event in self._claw(customer_id, rule, award, points, own, lost):
            taken = Taken(
                customer_id=customer_id,
                account=award.account,
                out_of=event.account,
                points=event.points,
                written_off=event.written_off,
                already_gone=event.already_gone,
            )
            self._remember(taken)

    def entry_points(self, customer_id: str, rule: str, award: PostedAward) -> None:
        """Take back what entering a level had given.

        Should this sale be what enters it again, it first makes up for what was written off.
        """
        for event in self._claw(customer_id, rule, award, award.points, [award.lot], Lost()):
            if event.written_off:
                taken = Taken(
                    customer_id=customer_id,
                    account=award.account,
                    out_of=award.account,
                    points=event.written_off,
                    written_off=event.written_off,
                )
                self._remember(taken)

    def _claw(
        self,
        customer_id: str,
        rule: str,
        award: PostedAward,
        points: int,
        own: Collection[int],
        lost: Lost,
    ) -> list[PointsClawedBack]:
        case = self._case
        command = ClawBack(
            customer_id=customer_id,
            account=award.account,
            points=points,
            at=case.now,
            own_lots=own,
            gone_before=lost.already_gone,
            taken_before=lost.out_of,
            awarded_at=award.earned_at,
            rule=rule,
            program=case.rulebook.program,
            program_version=case.rulebook.version,
            transaction=case.transaction,
            cause=case.cause,
        )
        stream = wallet_of(customer_id)
        events = wallet.decide(command, self._draft.state(stream))
        clawed = [event for event in events if isinstance(event, PointsClawedBack)]
        self.losers[customer_id] = None
        for event in clawed:
            self._draft.emit(stream, event, customer_id)
            told = (("written_off", event.written_off), ("had_expired", event.already_gone))
            for why, part in told:
                if part:
                    self._not_done(customer_id, f"{rule}:{event.account}", why, part)
        return clawed

    def made_up(self, customer_id: str, account: str, points: int) -> int:
        """How many of these points were lost from nowhere before: they are no new points."""
        lost = self._lost.get((customer_id, account), Lost())
        return min(points, lost.written_off + lost.already_gone)

    def make_up(self, event: PointsAwarded) -> None:
        """What was lost from nowhere was earned again."""
        if not event.made_up:
            return
        lost = self._lost[event.customer_id, event.account]
        written_off = min(event.made_up, lost.written_off)
        taken = Taken(
            customer_id=event.customer_id,
            account=event.account,
            out_of=event.account,
            points=-event.made_up,
            written_off=-written_off,
            already_gone=written_off - event.made_up,
        )
        self._remember(taken)

    def _remember(self, taken: Taken) -> None:
        self.taken.append(taken)
        self._lost = lost_after(self._lost, [taken])

    # --- offers ---------------------------------------------------------------------------------

    def offers(
        self,
        customer_id: str,
        offers: Mapping[str, str],
        counted_at: datetime,
        at: datetime | None = None,
    ) -> dict[str, str]:
        """Take back offers; those in use go when they are free, and are answered."""
        in_use, at = {}, at or self._case.now
        for offer_id, definition in self.held(offers).items():
            stream = offer_stream(offer_id)
            command = Recall(at=at, cause=self._case.cause)
            for event in decide(command, self._draft.state(stream)):
                self._draft.emit(stream, event, customer_id)
            state: Offer = self._draft.state(stream)
            if state.state in (OfferState.LOCKED, OfferState.REDEEMED):
                locked = state.state is OfferState.LOCKED
                why = Reason.OFFER_LOCKED if locked else Reason.OFFER_ALREADY_REDEEMED
                self._not_done(customer_id, f"offer:{offer_id}", why.value)
                in_use[offer_id] = definition
            else:
                subject = issued_subject(definition or state.definition)
                told: Counting = {"at": at, "counted_at": counted_at, "cause": self._case.cause}
                uncount(self._draft, customer_id, subject, **told)
        return in_use

    def held(self, offers: Mapping[str, str]) -> dict[str, str]:
        """These offers, less those that were recalled in use and revoked when they were free."""
        found = {}
        for offer_id, definition in offers.items():
            state: Offer = self._draft.state(offer_stream(offer_id))
            if not (state.state is OfferState.REVOKED and state.returned):
                found[offer_id] = definition
        return found

    def keep_offers(self, offers: Mapping[str, str]) -> None:
        """What was recalled and is deserved again is not taken back."""
        for offer_id in offers:
            stream = offer_stream(offer_id)
            command = Deserve(at=self._case.now, cause=self._case.cause)
            for event in decide(command, self._draft.state(stream)):
                self._draft.emit(stream, event, event.customer_id)

    # --- codes ----------------------------------------------------------------------------------

    def codes(
        self, customer_id: str, codes: Mapping[str, str], at: datetime | None = None
    ) -> dict[str, str]:
        """Take back drawn codes; those that were used stay so, and are answered."""
        used = {}
        for digest, promotion in codes.items():
            stream = promo_code_of(digest)
            code: PromoCode = self._draft.state(stream)
            if code.claim_id:
                self._not_done(customer_id, f"code:{promotion}", "code_already_used")
                used[digest] = promotion
            for event in withdraw(digest, code, at or self._case.now, self._case.cause):
                self._draft.emit(stream, event, customer_id)
        return used

    def _not_done(self, customer_id: str, what: str, why: str, points: int = 0) -> None:
        one = NotDone(customer_id=customer_id, what=what, why=why, points=points)
        self.not_done.append(one)
