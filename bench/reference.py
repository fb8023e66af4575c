"""What a year of sales must give under a program, worked out without the product.

    python bench/reference.py --data DIR --program F --out G [--first N] [--until T]

DIR holds stores.jsonl, catalog.jsonl and transactions.jsonl (each plain or .gz), G becomes JSON:
`totals`, and for each household its lifetime points by account, levels by system and grants by
campaign. Every part is brute force over plain lists: slow, and easy to check by reading.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from reference_program import Calendar, Earning, Item, Limits, Standing, check_keys, holds, worth
from reference_sales import Line, Sale, UnsupportedError, read_sales, records
from rich.progress import track

PROGRAM_KEYS = {"program", "name", "currency", "time_zone", "point_accounts", "point_sources"}
PROGRAM_KEYS |= {"offers", "reward_stores", "tier_systems", "rules", "campaigns", "promotions"}
PROGRAM_KEYS |= {"return_window", "restored_grace", "customer_ids", "enrol_on_sight"}
PROGRAM_KEYS |= {"promo_lockout", "promo_limiter", "retailer_id"}
HUNDREDTHS = {"USD", "CAD", "EUR", "GBP"}
Qualified = tuple[Earning, list[Line]]


class Replay:
    """All customers of a program, sale by sale in the order received."""

    def __init__(self, program: dict[str, Any], items: dict[str, Item]):
        check_keys("program", program, PROGRAM_KEYS)
        if program["currency"] not in HUNDREDTHS:
            raise UnsupportedError(f"currency {program['currency']}")
        for part in [*program["point_accounts"], *program["point_sources"]]:
            check_keys(
                part["id"], {"limited": part.get("limits") or part.get("maximum_balance")}, set()
            )
        self.accounts = [account["id"] for account in program["point_accounts"]]
        self.items = items
        self.dates = Calendar(program["time_zone"])
        self.limits = Limits(self.dates)
        self.systems = {
            system["id"]: system["levels"] for system in program.get("tier_systems") or ()
        }
        self.offers = {offer["id"]: offer for offer in program.get("offers") or ()}
        self.earnings = [
            Earning(section, kind, self.dates)
            for kind in ("rules", "campaigns")
            for section in program.get(kind) or ()
        ]
        self.customers: dict[str, Standing] = {}

    def settle(self, sale: Sale) -> None:
        """Work out one sale."""
        if sale.customer is None:
            return
        standing = self.customers.setdefault(sale.customer, Standing(self.systems))
        self.keep_time(standing, sale.at)
        levels = self.levels(standing)
        standing.purchases.append((sale.at, sale.total))
        found = [(each, each.qualifying(sale, levels, self.items)) for each in self.earnings]
        hit = [(earning, lines) for earning, lines in found if lines]
        self._grant_all(sale, standing, levels, [h for h in hit if not h[0].requires])
        # What requires progress is judged after the other awards of this sale.
        later = [
            h for h in hit if h[0].requires and holds(h[0].requires, standing, sale.at, self.dates)
        ]
        self._grant_all(sale, standing, levels, later)
        self._promote(sale.customer, standing, sale.at)

    def levels(self, standing: Standing) -> dict[str, str]:
        """Return the level id a customer holds in each system."""
        return {system: self.systems[system][at]["id"] for system, at in standing.place.items()}

    def _grant_all(
        self, sale: Sale, standing: Standing, levels: dict[str, str], hit: list[Qualified]
    ) -> None:
        for earning, lines in _best_of_groups(hit, levels):
            self._grant(sale, standing, levels, (earning, lines))

    def _grant(
        self, sale: Sale, standing: Standing, levels: dict[str, str], qualified: Qualified
    ) -> None:
        """Post an earning's outcomes, whole or not at all."""
        earning, lines = qualified
        customer = str(sale.customer)
        awards = [
            (outcome["award"]["account"], worth(outcome["award"], lines, levels))
            for outcome in earning.outcomes
            if "award" in outcome
        ]
        offers = [outcome["issue"] for outcome in earning.outcomes if "issue" in outcome]
        points = sum(n for _, n in awards)
        subject = f"{earning.kind}:{earning.id}"
        if not points and not offers:
            return
        if not self.limits.allow(subject, earning.limits, customer, sale.at, points):
            return
        if not all(self._may_issue(offer, customer, sale.at) for offer in offers):
            return
        self.limits.count(subject, customer, sale.at, points)
        for offer in offers:
            self.limits.count(f"offer:{offer}", customer, sale.at, 0)
        for account, n in awards:
            standing.earned[account].append((sale.at, n))
        if earning.kind == "campaigns":
            standing.grants[earning.id] += 1

    def _may_issue(self, offer: str, customer: str, at: datetime) -> bool:
        issuance = dict(self.offers[offer].get("issuance") or {})
        starts, ends = issuance.pop("starts", None), issuance.pop("ends", None)
        if (starts and at < self.dates.moment(starts)) or (ends and at >= self.dates.moment(ends)):
            return False
        return self.limits.allow(f"offer:{offer}", issuance, customer, at, 0)

    def _promote(self, customer: str, standing: Standing, at: datetime) -> None:
        """Move up one level at a time while the next entrance holds, in every system."""
        moved = True
        while moved:
            moved = False
            for system, levels in self.systems.items():
                following = standing.place[system] + 1
                if following < len(levels) and holds(
                    levels[following]["entrance"], standing, at, self.dates
                ):
                    moved = True
                    self._enter(customer, standing, system, following, at)

    def _enter(
        self, customer: str, standing: Standing, system: str, place: int, at: datetime
    ) -> None:
        level = self.systems[system][place]
        self._place(standing, system, place, at)
        if (system, level["id"]) in standing.entered:
            return
        standing.entered.add((system, level["id"]))
        for outcome in level.get("on_entry") or ():
            check_keys("on_entry", outcome, {"award", "issue"})
            if "award" in outcome:
                points = worth(outcome["award"], (), self.levels(standing))
                standing.earned[outcome["award"]["account"]].append((at, points))
            elif self._may_issue(outcome["issue"], customer, at):
                self.limits.count(f"offer:{outcome['issue']}", customer, at, 0)

    def _place(self, standing: Standing, system: str, place: int, at: datetime) -> None:
        """Put a customer on a level and note when its maintenance is due."""
        standing.place[system] = place
        maintenance = self.systems[system][place].get("maintenance")
        standing.due.pop(system, None)
        if maintenance:
            standing.due[system] = self.dates.end(at, maintenance["every"])

    def keep_time(self, standing: Standing, until: datetime) -> None:
        """Judge the maintenance that is due by then, earliest first."""
        while standing.due:
            due, system = min((due, system) for system, due in standing.due.items())
            if due > until:
                return
            place = standing.place[system]
            maintenance = self.systems[system][place]["maintenance"]
            if holds(maintenance["requires"], standing, due, self.dates):
                standing.due[system] = self.dates.end(due, maintenance["every"])
            else:
                self._place(standing, system, place - 1, due)

    def result(self) -> dict[str, Any]:
        """Return what every household has, and the totals."""
        households = {
            customer: {
                "lifetime": {name: sum(n for _, n in s.earned[name]) for name in self.accounts},
                "levels": self.levels(s),
                "grants": dict(sorted(s.grants.items())),
            }
            for customer, s in sorted(self.customers.items())
        }
        return {"totals": _totals(households.values()), "households": households}


def _best_of_groups(hit: list[Qualified], levels: dict[str, str]) -> Iterable[Qualified]:
    """Leave out all but the best of each exclusive group; of equals the first stays."""
    best: dict[str, tuple[int, Earning]] = {}
    for earning, lines in hit:
        awards = [outcome["award"] for outcome in earning.outcomes if "award" in outcome]
        points = sum(worth(award, lines, levels) for award in awards)
        if earning.group and points > best.get(earning.group, (-1, earning))[0]:
            best[earning.group] = (points, earning)
    return [h for h in hit if not h[0].group or best[h[0].group][1] is h[0]]


def _totals(households: Iterable[dict[str, Any]]) -> dict[str, Any]:
    lifetime: Counter[str] = Counter()
    grants: Counter[str] = Counter()
    levels: dict[str, Counter[str]] = {}
    for household in households:
        lifetime.update(household["lifetime"])
        grants.update(household["grants"])
        for system, level in household["levels"].items():
            levels.setdefault(system, Counter())[level] += 1
    return {"lifetime": dict(lifetime), "levels": levels, "grants": dict(grants)}


def read_items(folder: Path) -> dict[str, Item]:
    """Return the catalog of a folder by SKU."""
    return {
        record["sku"]: Item(record["sku"], record["brand"], frozenset(record["categories"]))
        for record in records(folder / "catalog.jsonl")
    }


def replay(folder: Path, program: Path, first: int | None, until: str | None) -> dict[str, Any]:
    """Work out the first sales of a folder (default all) and keep time up to `until`."""
    run = Replay(yaml.safe_load(program.read_text()), read_items(folder))
    for sale in track(islice(read_sales(folder), first), "Settling", total=first):
        run.settle(sale)
    if until:
        for standing in run.customers.values():
            run.keep_time(standing, run.dates.moment(until))
    return run.result()


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, help="only the first N sales")
    parser.add_argument("--until", help="keep time up to then, e.g. 2018-01-02T06:00:00")
    options = parser.parse_args()
    found = replay(options.data, options.program, options.first, options.until)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found["totals"], indent=1))


if __name__ == "__main__":
    main()
