"""Append batches and move their reader in one statement too, on PostgreSQL."""

from alembic import op

revision = "0006_append_batches"
down_revision = "0005_key_uses"

# As before, but for the reader; and all events are inserted by one statement. Whoever moves a
# reader by this holds the lock of all writers, and so finds it where it is left.
_APPEND_AT_ONCE = """
CREATE OR REPLACE FUNCTION append_at_once(
    asked jsonb, OUT outcome text, OUT first_position int8, OUT told_at int8, OUT moved text
) LANGUAGE plpgsql AS $$
DECLARE
    place head%ROWTYPE;
    one jsonb;
    body bytea;
    stream_bytes bytea;
    name_bytes bytea;
    bodies bytea[] := '{}';
    digests bytea[] := '{}';
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
    IF asked ? 'advance' THEN
        IF (asked->'advance'->>1)::int8 <> coalesce(
            (SELECT position FROM tracking WHERE reader = asked->'advance'->>0 FOR UPDATE), 0
        ) THEN
            outcome := 'tracking';
            RETURN;
        END IF;
        INSERT INTO tracking (reader, position)
            VALUES (asked->'advance'->>0, (asked->'advance'->>2)::int8)
            ON CONFLICT (reader) DO UPDATE SET position = excluded.position;
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
        bodies := array_append(bodies, body);
        digests := array_append(digests, place.digest);
    END LOOP;
    INSERT INTO events (position, stream, version, name, recorded_at, digest, body)
        SELECT first_position + e.number - 1, e.told->>0, (e.told->>1)::int8, e.told->>2, told_at,
            e.digest, e.body
        FROM ROWS FROM (jsonb_array_elements(asked->'events'), unnest(bodies), unnest(digests))
            WITH ORDINALITY AS e(told, body, digest, number);
    INSERT INTO event_customer (customer_id, position)
        SELECT customer_id, first_position + e.number - 1
        FROM jsonb_array_elements(asked->'events') WITH ORDINALITY AS e(told, number),
            jsonb_array_elements_text(e.told->4) AS customer_id;
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
    """Replace the function; what calls it as before is answered as before."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_APPEND_AT_ONCE)
