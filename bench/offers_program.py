"""What the tills of `offers.py` sell under: an offer that looks at every line, and its price."""

from typing import Any

PRICE = 10
PROGRAM: dict[str, Any] = {
    "program": "bench",
    "name": "Bench",
    "currency": "USD",
    "time_zone": "America/New_York",
    "point_accounts": [{"id": "points", "name": "Points"}],
    "point_sources": [{"id": "shop", "name": "Shop", "accounts": ["points"]}],
    "rules": [
        {
            "id": "base",
            "award": {"account": "points", "source": "shop", "points": 1, "per_amount": "1.00"},
        }
    ],
    "offers": [
        {
            "id": "treat",
            "title": "Buy two of one kind and get another half off",
            "minimum_spend": "5.00",
            "discount": {
                "kind": "buy_x_get_y",
                "buy": {"items": {"categories": ["K1", "K2"]}, "quantity": 2},
                "get": {"items": {"categories": ["K3"]}, "quantity": 1, "percent_off": "50"},
            },
        }
    ],
    "reward_stores": [
        {
            "id": "rewards",
            "name": "Rewards",
            "point_accounts": ["points"],
            "offers": [{"id": "treat-10", "offer": "treat", "price": PRICE}],
        }
    ],
}
