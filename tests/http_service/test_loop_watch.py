"""The loop that serves connections is watched, and nothing hostile keeps it for long."""

import asyncio
import re
import time
from pathlib import Path

import httpx

from http_service.hostile_bodies import BODIES
from http_service.processes import serving
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.loop_watch import LoopWatch
from loyalty_ledger.keys import Terms
from offers.till import shop_on
from sample_ledger import both_databases

LONGEST_S = 0.1
PATHS = [
    "/api/2.0/send_transaction",
    "/api/2.0/lock",
    "/api/2.0/offers/get_user_offers",
    "/api/1.0/user_points/spend_multiple",
    "/priv/v1/apps/KEY/users",
    "/admin/v1/keys",
    "/admin/v1/program/diff",
]


def figure(figures: str, name: str) -> float:
    (found,) = re.findall(rf"^{name} (\S+)$", figures, re.M)
    return float(found)


@both_databases
def test_hostile_bodies_never_keep_the_loop_for_long(backend: str, tmp_path: Path) -> None:
    with shop_on(backend, tmp_path) as shop:
        made = shop.ledger.keys.create(Terms("all", Scope.ADMIN))
        auth = (made.key.key_id, made.secret)
        with (
            serving(shop.url) as (address, _),
            httpx.Client(base_url=address, auth=auth, timeout=30) as http,
        ):
            for path in PATHS:
                for body in BODIES.values():
                    http.post(path.replace("KEY", made.key.key_id), content=body)
            figures = http.get("/metrics").text
    assert figure(figures, "loyalty_loop_late_seconds_count") > 10
    blocked_s = figure(figures, "loyalty_loop_blocked_seconds")
    print(f"the loop was kept for at most {blocked_s * 1000:.0f} ms")
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
