"""What `/metrics` tells besides answers: how old the queue is, and how much was committed."""

from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from http_service.middleware import all_at_once
from http_service.serving import Served, served
from loyalty_ledger.http.intake_process import IntakeProcess
from loyalty_ledger.http.names import read_names
from offers.till import shop_on
from sample_ledger import SECRET

AGE, COMMITS = "loyalty_oldest_unsettled_sale_seconds", "loyalty_commits_total"


def figure(service: Served, name: str) -> float:
    """A figure that has no labels."""
    families = text_string_to_metric_families(service.caller().get("/metrics").text)
    (found,) = (x.value for family in families for x in family.samples if x.name == name)
    return float(found)


def sent(service: Served, sale: str) -> None:
    """A sale that is taken in."""
    assert service.send(sale).json()["status"] == "OK"


def test_the_age_of_the_oldest_sale_that_waits_is_told_in_seconds(service: Served) -> None:
    assert figure(service, AGE) == 0
    sent(service, "T1")
    service.later(minutes=2)
    sent(service, "T2")
    service.later(minutes=5)
    assert 299 < figure(service, AGE) <= 300  # the clock runs on a little by itself
    service.shop.work()
    assert figure(service, AGE) == 0


def test_every_commit_of_the_service_is_counted_and_reads_are_none(service: Served) -> None:
    assert figure(service, COMMITS) == 0
    sent(service, "T1")
    service.told("/offers/api/2.0/offers/acquisition/issue", offer_id="euro")
    assert figure(service, COMMITS) == 2
    service.told("/api/1.0/user_points/all_balances")
    assert service.core("GET", f"/users/{service.shop.id_of('ANN')}").status_code == 200
    assert figure(service, COMMITS) == 2


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_the_process_beside_it_takes_in_is_counted_too(backend: str, tmp_path: Path) -> None:
    with shop_on(backend, tmp_path) as shop:
        url = shop.ledger.log.engine.url
        intake = IntakeProcess(url, SECRET.encode(), read_names())
        with closing(intake), served(shop, take=intake) as service:
            sent(service, "T1")
            assert figure(service, COMMITS) == 1
            all_at_once([partial(sent, service, f"T{number}") for number in range(2, 20)])
            assert 2 <= figure(service, COMMITS) <= 19
