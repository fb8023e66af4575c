"""The loop that serves connections is watched, and nothing hostile keeps it for long."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from http_service.hostile_bodies import BODIES, LONGER, VALUES, with_each_value
from http_service.hostile_programs import PROGRAMS
from http_service.hostile_routes import calls_that_set_up, right_calls
from http_service.processes import serving
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.loop_watch import LoopWatch
from loyalty_ledger.keys import Terms
from offers.till import Shop, shop_on
from sample_ledger import both_databases

LONGEST_S = 0.1


def figure(figures: str, name: str) -> float:
    (found,) = re.findall(rf"^{name} (\S+)$", figures, re.M)
    return float(found)


def attacks(shop: Shop, key_id: str) -> Iterator[tuple[str, bytes]]:
    """Every hostile body and program, and every hostile value in every place, with its path."""
    routes = [*right_calls(shop, key_id), *calls_that_set_up(shop, key_id)]
    for route in routes:
        for name, body in BODIES.items():
            yield route.path, LONGER.get(name, body) if "catalog" in route.path else body
    for body in LONGER.values():
        yield "/admin/v1/catalog", body
    for make in PROGRAMS.values():
        for path in ("/admin/v1/program", "/admin/v1/program/diff"):
            yield path, json.dumps(make()).encode()
    for route in routes:
        for value in VALUES.values():
            for body in with_each_value(route.body, value):
                yield route.path, body


@both_databases
def test_nothing_hostile_ever_keeps_the_loop_for_long(backend: str, tmp_path: Path) -> None:
    count = 0
    with shop_on(backend, tmp_path) as shop:
        made = shop.ledger.keys.create(Terms("all", Scope.ADMIN))
        auth = (made.key.key_id, made.secret)
        with (
            serving(shop.url) as (address, _),
            httpx.Client(base_url=address, auth=auth, timeout=30) as http,
        ):
            for path, body in attacks(shop, made.key.key_id):
                answer = http.post(path, content=body)
                assert answer.status_code < 500, (path, body[:100], answer.text[:300])
                count += 1
            figures = http.get("/metrics").text
    assert count > 3_000
    assert figure(figures, "loyalty_loop_late_seconds_count") > 100
    blocked_s = figure(figures, "loyalty_loop_blocked_seconds")
    print(f"{count} attacks kept the loop for at most {blocked_s * 1000:.0f} ms")
    assert blocked_s <= LONGEST_S


def test_work_that_keeps_the_loop_is_noticed() -> None:
    late: list[float] = []

    async def serve() -> LoopWatch:
        watch = LoopWatch(late.append)
        watching = asyncio.create_task(watch.run())
        while not late:
            await asyncio.sleep(0)
        watch.worst_s, ticks = 0.0, len(late)
        until = time.process_time() + 2 * LONGEST_S
        while time.process_time() < until:
            pass
        while len(late) == ticks:
            await asyncio.sleep(0)
        watching.cancel()
        return watch

    assert asyncio.run(serve()).worst_s > LONGEST_S
