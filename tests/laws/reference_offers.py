"""Offers in plain Python. Answers are the refusal, empty when there is none."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

OPENS = datetime(2026, 3, 2, 17, tzinfo=UTC)
SOLO = OPENS + timedelta(minutes=10), OPENS + timedelta(hours=3)
WORTH, MINUTES = dict(cash=100, solo=500, mug=0), dict(cash=30, solo=20, mug=10)  # of a lock
OVER = dict(REDEEMED="offer_already_redeemed", REVOKED="offer_revoked", EXPIRED="offer_expired")


def first(refusals: dict[str, bool]) -> str:
    return next((reason for reason, applies in refusals.items() if applies), "")


@dataclass
class NaiveOffer:
    owner: str
    kind: str
    begins: datetime
    ends: datetime
    state: str = "ISSUED"
    sale: str = ""
    until: datetime = OPENS
    prices: dict[str, int] = field(default_factory=dict)  # by sales that never gave it free

    def seen(self, now: datetime) -> str:
        if self.state == "ISSUED" or (self.state == "LOCKED" and self.until <= now):
            return "EXPIRED" if self.ends <= now else "ISSUED"
        return self.state

    def holder(self, now: datetime) -> str:
        return self.sale if self.seen(now) in ("LOCKED", "REDEEMED") else ""

    def freed(self) -> None:
        self.prices.pop(self.sale, None)
        self.state, self.sale = "ISSUED", ""

    def denied(self, sale: str, who: str, read: datetime, sold: datetime) -> str:
        taken = self.seen(read) in ("LOCKED", "REDEEMED", "REVOKED")
        refusals = {
            "": self.holder(read) == sale,
            OVER.get(self.state, "offer_locked"): taken,
            "offer_not_yours": who not in ("", self.owner) and sale not in self.prices,
            "offer_expired": self.ends <= sold,
            "offer_not_started": sold < self.begins,
        }
        return first(refusals)


class NaiveClub:
    def __init__(self) -> None:
        self.offers: dict[str, NaiveOffer] = {}
        self.shut: set[str] = set()  # sales that were closed, or are voided
        self.bought: list[str] = []

    def give(self, who: str, kind: str, now: datetime) -> str:
        given = [one.owner for one in self.offers.values() if one.kind == kind]
        full = kind == "cash" and (given.count(who) >= 4 or len(given) >= 6)
        return first({"not_available": kind == "solo" and now >= SOLO[1], "limit_reached": full})

    def buy(self, who: str, points: int, now: datetime) -> str:
        full = self.bought.count(who) >= 2 or len(self.bought) >= 3 or self.give(who, "cash", now)
        refusal = first({"limit_reached": bool(full), "insufficient_points": points < 30})
        self.bought += [] if refusal else [who]
        return refusal

    def lock(self, offer: NaiveOffer, sale: str, cents: int, now: datetime, state: str) -> str:
        seen, others = offer.seen(now), (one for one in self.offers.values() if one is not offer)
        held = [one for one in others if one.holder(now) == sale]
        left = max(0, cents - sum(one.prices.get(sale, 0) for one in held))
        refusals = {
            "transaction_closed": sale in self.shut,
            "offer_locked": seen == "LOCKED" and offer.sale != sale,
            OVER.get(seen, "offer_not_started"): seen in OVER or now < offer.begins,
            "offer_not_stackable": bool(held) and "solo" in [one.kind for one in (offer, *held)],
            "offer_not_applicable": (2000 if offer.kind == "solo" else 0) > cents
            or (offer.kind != "mug" and not left),
        }
        if not first(refusals):
            offer.prices[sale] = min(WORTH[offer.kind], left)
            offer.state, offer.sale = state, sale
            offer.until = now + timedelta(minutes=MINUTES[offer.kind])
        return first(refusals)

    def close(self, sale: str, carried: dict[str, int], who: str, *times: datetime) -> set[str]:
        flags = set()
        for name, offer in self.offers.items():
            price = offer.prices.get(sale, carried.get(name))
            if name not in carried:
                if offer.holder(times[0]) == sale and offer.state == "LOCKED":
                    offer.freed()
            elif refused := offer.denied(sale, who, *times):
                flags.add(f"discount_not_honoured:{refused}:{name}")
            else:
                offer.state, offer.sale = "REDEEMED", sale
                if price != carried[name]:
                    flags.add(f"discount_changed:{price}:{carried[name]}:{name}")
        return flags
