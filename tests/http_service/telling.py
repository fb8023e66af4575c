"""A day in the shop on which every operation of the service is asked once, and granted."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import msgspec

from http_service.serving import SALE, Served
from loyalty_ledger.domain.streams import PROGRAM
from loyalty_ledger.http.app import BY_THEMSELVES, OPERATIONS
from loyalty_ledger.http.operation import Operation
from offers.till import promoting

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
EVERY: Mapping[str, Operation] = {one.name: one for one in (*BY_THEMSELVES, *OPERATIONS)}
NOT_THE_SAME_TWICE = (
    (r"key_[0-9a-f]{16}", "key_8f2d6c0b5a9e4137"),
    (r'"request_id":"[0-9a-f]{16}"', '"request_id":"5e0c7a91d4b82f36"'),
    (r'"request_id":"opening-\d+"', '"request_id":"opening-1"'),
    (r'"secret":"[^"]*"', '"secret":"shown-once"'),
    (r'"job_id":"[^"]*"', '"job_id":"3c5a7e9012b4d6f8"'),
    (r'"digest":"[^"]*"', '"digest":"' + "0f" * 32 + '"'),
    (r"(T\d\d:\d\d):\d\d(?:\.\d+)?", r"\1:00"),
    (r'"(timestamp|created_at)":\d+', r'"\1":1773140400'),
)
"""What is drawn anew or counted by the clock every time, and what stands for it in an example."""


class Asked(NamedTuple):
    """An operation, with its body, and what its path and its query say."""

    name: str
    body: dict[str, Any] | None = None
    query: Mapping[str, str] = {}
    path: Mapping[str, str] = {}


class Day:
    """Asks, and keeps what was asked and answered by the operation's name."""

    def __init__(self, service: Served):
        self._service = service
        self._shop = service.shop
        self.told: dict[str, dict[str, Any]] = {}

    def pass_by(self) -> None:
        """Ask everything."""
        self._shop.publish(promoting())
        for part in (self._till, self._offers, self._points, self._people, self._setup, self._keys):
            for one in part():
                self._ask(one)
                self._shop.work()
        self._work_long()

    def _ask(self, one: Asked) -> Any:
        operation = EVERY[one.name]
        known = {"api_key": self._service.key_id, "user_id": self._shop.id_of(), **one.path}
        path = operation.paths[0].format(**known)
        content = None if one.body is None else msgspec.json.encode(one.body)
        answer = self._service.caller().request(
            operation.method, path, content=content, params=dict(one.query)
        )
        assert answer.status_code == 200, answer.text
        assert not re.match(r'{"status":"(error|ERROR)"', answer.text), answer.text
        self.told[one.name] = {"tells": _lasting(answer)}
        if one.body is not None:
            self.told[one.name]["asks"] = msgspec.json.decode(_same(content or b""))
        return answer.json() if operation.media == "application/json" else None

    def _pos(self, name: str, **payload: Any) -> Asked:
        request_id = UUID if name == "send_transaction" else f"r-{name}"
        envelope = {"store_id": "main", "client_id": "till-1", "request_id": request_id}
        return Asked(name, envelope | {"request_payload": payload})

    def _of_ann(self, name: str, **body: Any) -> Asked:
        return Asked(name, {"user_id": self._shop.id_of()} | body)

    def _till(self) -> Iterator[Asked]:
        offer, other = self._shop.give("euro"), self._shop.give("forever")
        sale = SALE | {"payments": [{"amount": "6.00", "type": "CASH", "user_id": "ANN"}]}
        yield self._pos("lookup", external_customer_id="ANN", transaction=SALE)
        use = {"offer_lookup_type": "UserOfferId", "transaction": sale}
        yield self._pos("lock", offer_lookup_code=offer, **use)
        discount = {"reference_id": offer, "reference_id_type": "UserOfferId", "amount": "1.00"}
        yield self._pos("send_transaction", **sale, discounts=[discount])
        later = use | {"transaction": sale | {"transaction_id": "T2"}}
        yield self._pos("redeem", offer_lookup_code=other, **later)
        back = {"user_offer_id": other, "employee_id": "emma"}
        yield self._pos("reinstate", **back)
        self._shop.lock(other, "T3")
        yield self._pos("unlock", **back)
        yield Asked("get_transaction", {"transaction_id": "T1", "store_id": "main"})
        yield Asked("get_store_transactions", {"store_id": "main", "take": 1})

    def _offers(self) -> Iterator[Asked]:
        tour, gone = self._shop.give("welcome"), self._shop.give("daily")
        yield self._of_ann("get_user_offers", take=2)
        yield Asked("fetch_offers_details", {"offer_ids": ["muffin"]})
        yield self._of_ann("issue_offer", offer_id="muffin", reason="a long wait")
        yield Asked("update_offer", {"user_offer_id": tour, "custom_data": "voucher 17"})
        yield Asked("revoke_offer", {"user_offer_id": gone, "reason": "given by mistake"})
        yield Asked("manual_redeem", {"user_offer_id": tour, "store_id": "main"})
        yield self._of_ann("get_user_reward_stores", include_point_balances=True)
        yield self._of_ann("get_reward_store_offers", reward_store_ids=["rewards"], take=1)
        yield self._of_ann("purchase_offer", reward_store_offer_id="muffin-150")

    def _points(self) -> Iterator[Asked]:
        line = {"point_source_id": "purchases", "point_account_id": "points", "amount": 25}
        yield self._of_ann("deposit", deposit_details=[line])
        yield self._of_ann("spend_multiple", spend_details=[{"amount": 10, "reference_id": "R-1"}])
        yield self._of_ann("all_balances")
        yield self._of_ann("fetch_point_audit_logs", take=2)
        yield self._of_ann("user_progress", ids=["club"])
        yield self._of_ann("move_user", tier_system_id="club", tier_level_id="silver")
        yield self._of_ann("trigger_user_event", event_lookup="review", idempotency_id="review-1")

    def _people(self) -> Iterator[Asked]:
        bob = {"external_id": "B-2", "email": "bob@example.com", "first_name": "Bob"}
        yield Asked("create_user", {"user": bob | {"opted_in": True}})
        yield Asked("search_users", query={"email": "bob@example.com"})
        yield Asked("tag_user", {"tags": ["regular"], "ttl": 86_400})
        yield Asked("update_user", {"user": {"first_name": "Ann", "phone_numbers": []}})
        yield Asked("user_profile", {"user_profile": {"favourite_drink": "espresso"}})
        yield Asked("read_user", query={"expand_incentives": "true"})
        yield Asked("tiers")
        yield Asked("change_points", {"points": 5})
        yield Asked("claim_promotion", {"code": "MUGLOVE"})
        yield Asked("timeline", query={"count": "2"}, path={"view": "NEW_VIEW"})
        for name in ("campaigns", "limiters", "lockout", "user_promotions", "promotions"):
            yield Asked(name)
        for name in ("status", "projections"):
            yield Asked(name)
        yield Asked("metrics")
        yield Asked("export", path={"what": "balances"})

    def _setup(self) -> Iterator[Asked]:
        autumn = {"id": "autumn", "name": "Autumn", "point_account_ids": ["points"]}
        yield Asked("create_or_edit", autumn | {"start_date": "2026-09-01"})
        sold = {"id": "euro-100", "reward_store_id": "autumn", "root_offer_id": "euro"}
        yield Asked("add_or_edit_offer", sold | {"price": 100, "per_customer": 1})
        spring = {"id": "spring", "name": "Spring", "kind": "multi_use", "code": "SPRING"}
        gift = [{"issue": "euro"}]
        yield Asked("edit_promotion", spring | {"global_entry_cap": 500, "outcomes": gift})
        stores = [
            {"store_id": name, "name": name, "time_zone": "Europe/Amsterdam"}
            for name in ("main", "other", "station")
        ]
        yield Asked("load_stores", {"stores": stores})
        items = [{"sku": "TEA", "name": "Tea", "categories": ["drinks", "tea"]}]
        yield Asked("load_catalog", {"for_store": "station", "items": items, "confirmed": True})
        yield Asked("publish_program", self._program())
        yield Asked("diff_program", promoting() | {"name": "Tea shop"}, query={"version": "2"})
        yield Asked("show_program", query={"version": "1"})

    def _program(self) -> dict[str, Any]:
        """The document in force, whichever thread published it."""
        self._shop.ledger.states.drop([PROGRAM])
        rulebook = self._shop.ledger.settlement.rulebook()
        assert rulebook is not None
        return rulebook.program.to_document()

    def _keys(self) -> Iterator[Asked]:
        yield Asked("list_keys")
        made = self._ask(Asked("create_key", {"name": "kiosk", "scope": "pos", "store_id": "main"}))
        path = {"key_id": made["key"]}
        yield Asked("rotate_key", {"former_until": "2026-03-11T12:00:00Z"}, path=path)
        yield Asked("revoke_key", path=path)

    def _work_long(self) -> None:
        self._wait_for(self._ask(Asked("verify"))["job_id"])
        built = self._ask(Asked("rebuild_projection", path={"name": "profile"}))
        self._wait_for(built["job_id"])

    def _wait_for(self, job_id: str) -> None:
        while self._ask(Asked("job", path={"job_id": job_id}))["state"] == "running":
            pass


def _lasting(answer: httpx.Response) -> Any:
    """What was answered, as it is every time; of figures, those of one."""
    text = _same(answer.content)
    if answer.headers["content-type"].startswith("application/json"):
        return msgspec.json.decode(text)
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if "loyalty_" not in line or "log_position" in line)


def _same(text: bytes) -> str:
    shown = text.decode()
    for drawn, stands in NOT_THE_SAME_TWICE:
        shown = re.sub(drawn, stands, shown)
    return shown
