"""The table of operations, which both clients have as their methods."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from loyalty_ledger.client import apps, operators, sites, tills
from loyalty_ledger.client.call import Call

P = ParamSpec("P")
T = TypeVar("T")


class Blocking(ABC):
    """Makes calls and waits for their answers."""

    @abstractmethod
    def ask(self, call: Call[T]) -> T:
        """What the call is answered."""


class Awaiting(ABC):
    """Makes calls whose answers are awaited."""

    @abstractmethod
    async def ask(self, call: Call[T]) -> T:
        """What the call is answered."""


class Method(Generic[P, T]):
    """An operation as a method: it takes what makes its call, and tells what that is answered."""

    def __init__(self, build: Callable[P, Call[T]]):
        self._build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, Awaitable[T]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        @functools.wraps(self._build)
        def ask(*args: P.args, **named: P.kwargs) -> Any:
            return client.ask(self._build(*args, **named))

        return ask


class Operations:
    """What the service can be asked."""

    lookup = Method(tills.lookup)
    lock = Method(tills.lock)
    redeem = Method(tills.redeem)
    unlock = Method(tills.unlock)
    reinstate = Method(tills.reinstate)
    send_transaction = Method(tills.send_transaction)

    get_user_offers = Method(apps.get_user_offers)
    fetch_offers_details = Method(apps.fetch_offers_details)
    issue_offer = Method(apps.issue_offer)
    update_offer = Method(apps.update_offer)
    revoke_offer = Method(apps.revoke_offer)
    manual_redeem = Method(apps.manual_redeem)
    get_user_reward_stores = Method(apps.get_user_reward_stores)
    get_reward_store_offers = Method(apps.get_reward_store_offers)
    purchase_offer = Method(apps.purchase_offer)
    create_or_edit = Method(apps.create_or_edit)
    add_or_edit_offer = Method(apps.add_or_edit_offer)
    all_balances = Method(apps.all_balances)
    deposit = Method(apps.deposit)
    spend_multiple = Method(apps.spend_multiple)
    fetch_point_audit_logs = Method(apps.fetch_point_audit_logs)
    user_progress = Method(apps.user_progress)
    move_user = Method(apps.move_user)
    trigger_user_event = Method(apps.trigger_user_event)
    get_transaction = Method(apps.get_transaction)
    get_store_transactions = Method(apps.get_store_transactions)

    create_user = Method(sites.create_user)
    read_user = Method(sites.read_user)
    update_user = Method(sites.update_user)
    search_users = Method(sites.search_users)
    user_profile = Method(sites.user_profile)
    tag_user = Method(sites.tag_user)
    tiers = Method(sites.tiers)
    change_points = Method(sites.change_points)
    timeline = Method(sites.timeline)
    campaigns = Method(sites.campaigns)
    claim_promotion = Method(sites.claim_promotion)
    limiters = Method(sites.limiters)
    lockout = Method(sites.lockout)
    user_promotions = Method(sites.user_promotions)
    promotions = Method(sites.promotions)
    edit_promotion = Method(sites.edit_promotion)

    status = Method(operators.status)
    metrics = Method(operators.metrics)
    export = Method(operators.export)
    show_program = Method(operators.show_program)
    publish_program = Method(operators.publish_program)
    diff_program = Method(operators.diff_program)
    load_stores = Method(operators.load_stores)
    load_catalog = Method(operators.load_catalog)
    list_keys = Method(operators.list_keys)
    create_key = Method(operators.create_key)
    rotate_key = Method(operators.rotate_key)
    revoke_key = Method(operators.revoke_key)
    projections = Method(operators.projections)
    rebuild_projection = Method(operators.rebuild_projection)
    verify = Method(operators.verify)
    job = Method(operators.job)
