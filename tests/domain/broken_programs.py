"""A sound program document, and a table of what can be wrong with it."""

SOUND = """\
program: club
name: Club
currency: USD
time_zone: America/New_York
return_window: P12M
point_accounts:
  - {id: points, name: Points, default: true, expiry: {kind: never}}
  - {id: credits, name: Credits, spendable: false,
     expiry: {kind: rolling, after: P1M, into: points}}
point_sources:
  - {id: purchases, name: Purchases, accounts: [points, credits]}
  - {id: gifts, name: Gifts, accounts: [points]}
offers:
  - id: muffin
    title: Muffin
    discount: {kind: percent_off_item, items: {skus: [M]}, percent: "50"}
    issuance: {starts: 2026-01-01, ends: 2027-01-01}
    redemption: {after_issue: P30D}
  - id: deal
    title: Deal
    discount: {kind: buy_x_get_y, buy: {quantity: 1}, get: {quantity: 1, percent_off: 100}}
reward_stores:
  - id: shop
    name: Shop
    point_accounts: [points]
    offers: [{id: muffin-150, offer: muffin, price: 150}]
tier_systems:
  - id: tiers
    name: Tiers
    levels:
      - {id: low, name: Low}
      - id: high
        name: High
        entrance: {any: [{spend: {amount: "500.00", within: P12M}}]}
        on_entry: [{award: {account: points, source: gifts, points: 5}}]
rules:
  - id: base
    levels: {tiers: [low]}
    when: {items: {skus: [A]}, minimum_spend: "1.00", days: [mon], hours: ["09:00", "17:00"]}
    award:
      account: points
      source: purchases
      points: 1
      per_amount: "1.00"
      by_level: {tiers: {high: 2}}
  - id: sign-in
    on: {event: sign-in}
    outcomes: [{issue: muffin}]
campaigns:
  - id: week
    starts: 2026-03-01
    ends: 2026-03-08
    outcomes: [{issue: muffin}, {code: codes}]
promotions:
  - {id: spring, name: Spring, kind: multi_use, code: SPRING, outcomes: [{issue: muffin}]}
  - {id: codes, name: Codes, kind: single_use, outcomes: [{issue: deal}]}
"""

FIFTY = f"{{skus: [{', '.join(map(str, range(30)))}], exclude: {{brands: [{'B, ' * 19}B]}}}}"

# What is replaced, by what (`#!` marks the line that must be named), the path, part of the message.
BROKEN = [
    ("program: club", "program: My Club #!", "program", "such as 'my-club'"),
    ("program: club", f"program: {'c' * 65} #!", "program", "at most 64 characters"),
    ("name: Club\n", "name: ' ' #!\n", "name", "must not be blank"),
    ("name: Club\n", 'name: "a\\u0000b" #!\n', "name", "printable"),
    ("currency: USD", "currency: EURO #!", "currency", "did you mean 'EUR'"),
    ("currency: USD", "currency: XAU #!", "currency", "not an ISO 4217 currency"),
    ("America/New_York", "America/NewYork #!", "time_zone", "did you mean 'America/New_York'"),
    ("America/New_York", "localtime #!", "time_zone", "not an IANA time zone"),
    ("return_window: P12M", "return_window: P13M #!", "return_window", "at most P12M, not P13M"),
    ("return_window: P12M", "return_window: P366D #!", "return_window", "at most P12M"),
    ("return_window: P12M", "return_window: 12M #!", "return_window", "such as P12M"),
    ("return_window: P12M", "return_windw: P12M #!",
     "return_windw", "did you mean 'return_window'"),
    ("return_window: P12M", "customer_ids: own #!", "customer_ids", "translate, sor"),
    ("return_window: P12M", "tax_in_earning: yes #!", "tax_in_earning", "true or false, not 'yes'"),
    ("return_window: P12M", "promo_lockout: 5 #!", "promo_lockout", "must be a mapping, not 5"),
    ("return_window: P12M", "name: Again #!", "name", "is there already, on line 2"),
    ("id: credits, name", "id: points, name", "point_accounts[1].id", "'points' is there already"),
    ("after: P1M, into: points", "into: points", "point_accounts[credits].expiry.after", "missing"),
    ("kind: never", "kind: nevr", "point_accounts[points].expiry.kind", "did you mean 'never'"),
    ("{kind: never}", "{after: P1M}", "point_accounts[points].expiry.kind", "is missing"),
    ("{kind: never}", "never", "point_accounts[points].expiry", "a mapping with `kind`"),
    ("{kind: never}", "{kind: never, after: P1M}",
     "point_accounts[points].expiry.after", "not known"),
    ("{kind: never}", "{kind: fixed_date, month: 2, day: 30}",
     "point_accounts[points].expiry.day", "month 2 has no day 30"),
    ("{kind: never}", "{kind: fixed_date, month: 13, day: 1}",
     "point_accounts[points].expiry.month", "1 to 12, not 13"),
    ("{kind: never}", "{kind: inactivity, after: P1M, percent: 101}",
     "point_accounts[points].expiry.percent", "between 0 and 100, not 101"),
    ("{kind: never}", "{kind: rolling, after: P1M, into: credits}",
     "point_accounts[points].expiry.into", "in a circle: points → credits → points"),
    ("into: points", "into: credits", "point_accounts[credits].expiry.into", "credits → credits"),
    ("into: points", "into: pionts",
     "point_accounts[credits].expiry.into", "did you mean 'points'"),
    ("true, expiry", "true, spendable: false, expiry",
     "point_accounts[points].default", "not spend"),
    ("accounts: [points, credits]", "accounts: []", "point_sources[purchases].accounts", "empty"),
    ("[points, credits]", "[points, credit]",
     "point_sources[purchases].accounts[1]", "no point acc"),
    ('percent: "50"', "percent: 12.5", "offers[muffin].discount.percent", 'in quotes, "12.5"'),
    ('percent: "50"', 'percent: "-5"', "offers[muffin].discount.percent", "must not be negative"),
    ("kind: percent_off_item", "kind: percent_of", "offers[muffin].discount.kind", "percent_off"),
    ("    title: Muffin", f"    title: Muffin\n    pos_discount_id: {'D' * 121} #!",
     "offers[muffin].pos_discount_id", "at most 120 characters long, as tills send it, not 121"),
    ("    title: Muffin", f"    title: Muffin\n    pos_discount_id: {10 ** 120} #!",
     "offers[muffin].pos_discount_id", "at most 120 characters long"),
    ("    title: Muffin", "    title: Muffin\n    stack_order: 2147483648 #!",
     "offers[muffin].stack_order", "must be at most 2147483647, as tills send it"),
    ("    title: Muffin", "    title: Muffin\n    stack_order: -1 #!",
     "offers[muffin].stack_order", "must not be negative"),
    ("{skus: [M]}", "{skus: []}", "offers[muffin].discount.items.skus", "would take every item"),
    ("ends: 2027-01-01}", "ends: 2026-01-01}", "offers[muffin].issuance.ends", "after the start"),
    ("ends: 2027-01-01}", "ends: 2026-02-29}", "offers[muffin].issuance.ends", "does not exist"),
    ("after_issue: P30D", "after_issue: P1D, ends: 2027-01-01",
     "offers[muffin].redemption.after_issue", "either"),
    ("percent_off: 100", "quantty: 1",
     "offers[deal].discount.get.quantty", "did you mean 'quantity'"),
    ("percent_off: 100", "percent_off: 100, set_price: 1",
     "offers[deal].discount.get", "there is percent_off and set_price"),
    ("percent_off: 100", 'amount_off: "0.001"',
     "offers[deal].discount.get.amount_off", "finer than the smallest unit of USD, 0.01"),
    ("    point_accounts: [points]", "    point_accounts: [credits] #!",
     "reward_stores[shop].point_accounts", "needs one that is"),
    ("offer: muffin,", "offer: mufin,",
     "reward_stores[shop].offers[muffin-150].offer", "'muffin'?"),
    ("price: 150", "price: 1.5", "reward_stores[shop].offers[muffin-150].price", "whole number"),
    ("{id: low, name: Low}", "{id: low, name: Low, entrance: {spend: {amount: 1}}}",
     "tier_systems[tiers].levels[low].entrance", "no entrance"),
    ("any: [{spend", "any: [{spent",
     "tier_systems[tiers].levels[high].entrance.any[0]", "did you mean 'spend'"),
    ('{any: [{spend: {amount: "500.00", within: P12M}}]}', "{any: []}",
     "tier_systems[tiers].levels[high].entrance.any", "empty list"),
    ('"500.00"', '"500.005"',
     "tier_systems[tiers].levels[high].entrance.any[0].spend.amount", "finer than"),
    ("source: gifts, points: 5", "source: gifts, points: 5, per_amount: 1",
     "tier_systems[tiers].levels[high].on_entry[0].award.per_amount", "no purchase here"),
    ("source: gifts, points: 5", "source: purchase, points: 5",
     "tier_systems[tiers].levels[high].on_entry[0].award.source", "did you mean 'purchases'"),
    ("levels: {tiers: [low]}", "levels: {tears: [low]} #!", "rules[base].levels.tears", "'tiers'?"),
    ("levels: {tiers: [low]}", "levels: {tiers: [lo]}", "rules[base].levels.tiers[0]", "no level"),
    ("levels: {tiers: [low]}", "levels: {tiers: []}", "rules[base].levels.tiers", "nobody"),
    ("{skus: [A]}", "{sku: [A]}", "rules[base].when.items.sku", "did you mean 'skus'"),
    ("{skus: [A]}", "{skus: A}", "rules[base].when.items.skus", "must be a list, not 'A'"),
    ("{skus: [A]}", FIFTY,
     "rules[base].when.items", "base holds 50 catalog restrictions"),
    ('minimum_spend: "1.00"', "minimum_spend: 1.50", "rules[base].when.minimum_spend", "in quotes"),
    ('minimum_spend: "1.00"', 'minimum_spend: "1,50"',
     "rules[base].when.minimum_spend", "'1,50' is not a number"),
    ("days: [mon]", "days: [Monday]", "rules[base].when.days[0]", "mon, tue, wed"),
    ('"09:00", "17:00"', '"17:00", "09:00"', "rules[base].when.hours", "must begin before it ends"),
    ('"09:00", "17:00"', '"9:00", "17:00"', "rules[base].when.hours[0]", 'such as "09:30"'),
    ('["09:00", "17:00"]', '["09:00"]', "rules[base].when.hours[1]", "list of two"),
    ("      account: points\n", "      account: pionts #!\n",
     "rules[base].award.account",
     "no point account 'pionts'; there are: points, credits; did you mean 'points'?"),
    ("      points: 1\n", "      points: -1 #!\n",
     "rules[base].award.points", "must not be negative"),
    ('      per_amount: "1.00"\n', '      per_amount: "1.00"\n      per_quantity: 1 #!\n',
     "rules[base].award.per_quantity", "not by both"),
    ('      per_amount: "1.00"\n', '      per_amount: "0.00" #!\n',
     "rules[base].award.per_amount", "must be above 0"),
    ("{tiers: {high: 2}}", "{tiers: {hi: 2}}",
     "rules[base].award.by_level.tiers.hi", "no level of"),
    ("{tiers: {high: 2}}", "{tier: {high: 2}}",
     "rules[base].award.by_level.tier", "no tier system"),
    ("    levels: {tiers: [low]}", "    levels: {tiers: [low]}\n    outcomes: [{issue: deal}] #!",
     "rules[base].outcomes", "either `award` or `outcomes`, not both"),
    ("  - id: sign-in\n", "  - id: base #!\n", "rules[1].id", "'base' is there already"),
    ("on: {event: sign-in}", "on: sign-in #!", "rules[sign-in].on", "{event: app-sign-in}"),
    ("on: {event: sign-in}", "on: {event: sign-in}\n    when: {stores: [S1]} #!",
     "rules[sign-in].when.stores", "customer event"),
    ("    ends: 2026-03-08", "    ends: 2026-02-08 #!", "campaigns[week].ends", "after the start"),
    ("    ends: 2026-03-08", "    ends: soon #!", "campaigns[week].ends", "such as 2026-03-01"),
    ("{code: codes}", "{code: spring}", "campaigns[week].outcomes[1].code", "single-use"),
    ("{code: codes}", "{code: code}", "campaigns[week].outcomes[1].code", "did you mean 'codes'"),
    ("{code: codes}", "{code: codes, issue: deal}",
     "campaigns[week].outcomes[1]", "item of its own"),
    ("{issue: muffin}, {code: codes}", "{issue: muffins}",
     "campaigns[week].outcomes[0].issue", "no offer 'muffins'"),
    ("kind: single_use", "kind: single_use, code: X", "promotions[codes].code", "many codes"),
    ("kind: single_use", "kind: single, x: 1", "promotions[codes].x", "not known"),
    ("name: Codes, kind: single_use", "name: Codes, kind: multi_use, code: spring",
     "promotions[codes].code", "'spring' is there already"),
]  # fmt: skip

# Paths of twelve problems, in every section, that one document can have together.
TOGETHER = {
    "currency",
    "point_accounts[points].expiry.kind",
    "point_sources[purchases].accounts[1]",
    "offers[muffin].discount.kind",
    "reward_stores[shop].offers[muffin-150].price",
    "tier_systems[tiers].levels[high].entrance.any[0]",
    "rules[base].levels.tiers[0]",
    "rules[base].when.days[0]",
    "rules[base].award.account",
    "campaigns[week].ends",
    "promotions[codes].kind",
    "promotions[codes].x",
}
