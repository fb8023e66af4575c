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
from reference_program import (
    Calendar,
    Earning,
    Item,
    Limits,
    Standing,
    check_keys,
    holds,
    points_of,
)
from reference_sales import Line, Sale, UnsupportedError, read_sales, records
from rich.console import Console
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
        patient = {earning.group or earning.id for earning, _ in hit if earning.requires}
        self._grant_groups(sale, levels, [h for h in hit if _group(h) not in patient])
        # What requires progress is judged after the other awards of this sale, and with it all of
        # its group.
        late = [h for h in hit if _group(h) in patient and self._meets(h[0], standing, sale.at)]
        self._grant_groups(sale, levels, late)
        self._promote(sale.customer, standing, sale.at, levels)

    def _meets(self, earning: Earning, standing: Standing, at: datetime) -> bool:
        return not earning.requires or holds(earning.requires, standing, at, self.dates)

    def levels(self, standing: Standing) -> dict[str, str]:
        """Return the level id a customer holds in each system."""
        return {system: self.systems[system][at]["id"] for system, at in standing.place.items()}

    def _grant_groups(self, sale: Sale, levels: dict[str, str], hit: list[Qualified]) -> None:
        """Of each exclusive group, post the best that no limit refuses; of equals the first."""
        groups: dict[str, list[tuple[Earning, dict[str, int]]]] = {}
        for earning, lines in hit:
            points = points_of(earning.outcomes, lines, levels)
            groups.setdefault(_group((earning, lines)), []).append((earning, points))
        for rivals in groups.values():
            best_first = sorted(rivals, key=lambda rival: -sum(rival[1].values()))
            any(self._grant(sale, earning, points) for earning, points in best_first)

    def _grant(self, sale: Sale, earning: Earning, awards: dict[str, int]) -> bool:
        """Post an earning's outcomes, whole or not at all; tell which."""
        customer, at = str(sale.customer), sale.at
        offers = [outcome["issue"] for outcome in earning.outcomes if "issue" in outcome]
        subject, points = f"{earning.kind}:{earning.id}", sum(awards.values())
        if not awards and not offers:
            return False
        if not self.limits.allow(subject, earning.limits, customer, at, points):
            return False
        if not all(self._may_issue(offer, customer, at) for offer in offers):
            return False
        self.limits.count(subject, customer, at, points)
        for offer in offers:
            self.limits.count(f"offer:{offer}", customer, at, 0)
        standing = self.customers[customer]
        for account, n in awards.items():
            standing.earned[account].append((at, n))
        if earning.kind == "campaigns":
            standing.grants[earning.id] += 1
        return True

    def _may_issue(self, offer: str, customer: str, at: datetime) -> bool:
        issuance = dict(self.offers[offer].get("issuance") or {})
        starts, ends = issuance.pop("starts", None), issuance.pop("ends", None)
        if (starts and at < self.dates.moment(starts)) or (ends and at >= self.dates.moment(ends)):
            return False
        return self.limits.allow(f"offer:{offer}", issuance, customer, at, 0)

    def _promote(
        self, customer: str, standing: Standing, at: datetime, before: dict[str, str]
    ) -> None:
        """Move up one level at a time while the next entrance holds, in every system."""
        moved = True
        while moved:
            moved = False
            for system, levels in self.systems.items():
                place = standing.place[system] + 1
                if place < len(levels) and holds(
                    levels[place]["entrance"], standing, at, self.dates
                ):
                    moved = True
                    self._place(standing, system, place, at)
                    if (system, place) not in standing.entered:
                        standing.entered.add((system, place))
                        self._welcome(customer, levels[place], at, before)

    def _welcome(
        self, customer: str, level: dict[str, Any], at: datetime, before: dict[str, str]
    ) -> None:
        """Post what a first entry gives, each outcome by itself; rates go by the levels before."""
        for outcome in level.get("on_entry") or ():
            check_keys("on_entry", outcome, {"award", "issue"})
            for account, points in points_of([outcome], (), before).items():
                self.customers[customer].earned[account].append((at, points))
            offer = outcome.get("issue")
            if offer and self._may_issue(offer, customer, at):
                self.limits.count(f"offer:{offer}", customer, at, 0)

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


def _group(qualified: Qualified) -> str:
    return qualified[0].group or qualified[0].id


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
    sales = islice(read_sales(folder), first)
    # What is printed as JSON must stay JSON when piped.
    for sale in track(sales, "Reference", total=first, console=Console(stderr=True)):
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
