"""What the service's database role may do on PostgreSQL: add to the log, never change it."""

_MAY = {
    "events": "SELECT, INSERT",
    "event_customer": "SELECT, INSERT",
    "requests": "SELECT, INSERT",
    "catalog_item": "SELECT, INSERT",
    "promo_code": "SELECT, INSERT",
    "given_up": "SELECT, INSERT",
    "nonce": "SELECT, INSERT, DELETE",
    "head": "SELECT, UPDATE",
    "key_use": "SELECT, INSERT, UPDATE",
    "tracking": "SELECT, INSERT, UPDATE",
    "snapshots": "SELECT, INSERT, UPDATE, DELETE",
    "personal": "SELECT, INSERT, UPDATE, DELETE",
    "alembic_version": "SELECT",
}


def grants(role: str) -> list[str]:
    """The statements that let a role work with a ledger that another role owns."""
    quoted = '"' + role.replace('"', '""') + '"'
    tables = [f"GRANT {may} ON {table} TO {quoted}" for table, may in _MAY.items()]
    return [*tables, f"GRANT EXECUTE ON FUNCTION append_at_once(jsonb) TO {quoted}"]
