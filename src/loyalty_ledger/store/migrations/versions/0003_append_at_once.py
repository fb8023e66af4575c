"""On PostgreSQL a small commit is one call: the lock of all writers is held for no trip."""

import sqlalchemy as sa
from alembic import op

revision = "0003_append_at_once"
down_revision = "0002_promo_codes"

# Every statement of a volatile function sees what was committed when it begins: what follows the
# lock of the head sees all that came before it. A digest covers what `store.chain` says.
_APPEND_AT_ONCE = """
CREATE FUNCTION append_at_once(
    asked jsonb, OUT outcome text, OUT first_position int8, OUT told_at int8, OUT moved text
) LANGUAGE plpgsql AS $$
DECLARE
    place head%ROWTYPE;
    one jsonb;
    body bytea;
    stream_bytes bytea;
    name_bytes bytea;
BEGIN
    moved := '{}';  -- JSON
    SELECT * INTO STRICT place FROM head WHERE id = 1 FOR UPDATE;
    IF EXISTS (SELECT FROM given_up WHERE mark = (asked->>'mark')::int8) THEN
        outcome := 'given up';
        RETURN;
    END IF;
    first_position := place.position + 1;
    IF place.position < (asked->>'read_at')::int8 THEN
        outcome := 'ahead';
        RETURN;
    END IF;
    IF place.position > (asked->>'read_at')::int8 THEN
        SELECT coalesce(jsonb_object_agg(since.stream, since.version), '{}')::text INTO moved FROM (
            SELECT e.stream, max(e.version) AS version FROM events AS e
            WHERE e.position > (asked->>'read_at')::int8 AND e.position <= place.position
            GROUP BY e.stream
        ) AS since;
        IF EXISTS (
            SELECT FROM jsonb_each(moved::jsonb) AS m JOIN jsonb_each(asked->'expected') AS e
                ON e.key = m.key WHERE e.value <> m.value
        ) THEN
            outcome := 'streams';
            RETURN;
        END IF;
    END IF;
    IF asked ? 'quiet' THEN
        IF EXISTS (
            SELECT FROM jsonb_each_text(asked->'quiet') AS q JOIN event_customer AS c
                ON c.customer_id = q.key AND c.position > q.value::int8
        ) THEN
            outcome := 'quiet';
            RETURN;
        END IF;
    END IF;
    IF asked ? 'answers' THEN
        IF EXISTS (
            SELECT FROM jsonb_array_elements(asked->'answers') AS a JOIN requests AS r
                ON r.client_id = a->>0 AND r.store_id = a->>1 AND r.request_id = a->>2
        ) THEN
            outcome := 'answers';
            RETURN;
        END IF;
    END IF;
    told_at := greatest((asked->>'now')::int8, place.recorded_at);
    FOR one IN SELECT value FROM jsonb_array_elements(asked->'events') LOOP
        place.position := place.position + 1;
        body := decode(one->>3, 'base64');
        stream_bytes := convert_to(one->>0, 'UTF8');
        name_bytes := convert_to(one->>2, 'UTF8');
        place.digest := sha256(
            place.digest || int8send(place.position) || int8send((one->>1)::int8)
            || int8send(told_at) || int4send(length(stream_bytes)) || int4send(length(name_bytes))
            || int8send(length(body)) || stream_bytes || name_bytes || body
        );
        INSERT INTO events (position, stream, version, name, recorded_at, digest, body) VALUES (
            place.position, one->>0, (one->>1)::int8, one->>2, told_at, place.digest, body
        );
        INSERT INTO event_customer (customer_id, position)
            SELECT value, place.position FROM jsonb_array_elements_text(one->4);
    END LOOP;
    UPDATE head SET position = place.position, digest = place.digest, recorded_at = told_at
        WHERE id = 1;
    IF asked ? 'answers' THEN
        INSERT INTO requests (client_id, store_id, request_id, fingerprint, body, position)
            SELECT a->>0, a->>1, a->>2, a->>3, decode(a->>4, 'base64'), place.position
            FROM jsonb_array_elements(asked->'answers') AS a;
    END IF;
    IF asked ? 'personal' THEN
        INSERT INTO personal (customer_id, field, reference, value)
            SELECT p->>0, p->>1, p->>2, p->>3 FROM jsonb_array_elements(asked->'personal') AS p
            ON CONFLICT (customer_id, field, reference) DO UPDATE SET value = excluded.value;
    END IF;
    IF asked ? 'snapshots' THEN
        INSERT INTO snapshots (stream, version, state_version, body)
            SELECT s->>0, (s->>1)::int8, s->>2, decode(s->>3, 'base64')
            FROM jsonb_array_elements(asked->'snapshots') AS s
            ON CONFLICT (stream) DO UPDATE SET version = excluded.version,
                state_version = excluded.state_version, body = excluded.body;
    END IF;
    outcome := 'written';
END $$
"""


def upgrade() -> None:
    """Create the function, and the table of the commits that it must not write any more."""
    op.create_table(
        "given_up",
        sa.Column("mark", sa.BigInteger, primary_key=True, autoincrement=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_APPEND_AT_ONCE)
