-- Which rows of {new} are copies of rows of {known}, or come up to {days} days before one with their
-- insert_id: what is known stays, so the rule of duplicates.sql is asked only of what follows it.
--
-- {new} and {known} have: fk_arrival (of what is known, negative), app, uuid, device, insert_id, received
CREATE OR REPLACE TEMP TABLE fk_candidates AS
WITH added AS MATERIALIZED (FROM {new}),
old AS (
    FROM {known}
    WHERE hash(uuid) IN (SELECT hash(uuid) FROM added WHERE uuid IS NOT NULL)
        OR hash(insert_id, device) IN (
            SELECT hash(insert_id, device)
            FROM added
            WHERE insert_id IS NOT NULL AND device IS NOT NULL
        )
)
FROM old
UNION ALL
FROM added WHERE EXISTS (FROM old);

CREATE OR REPLACE TEMP TABLE fk_before_known AS
SELECT fk_arrival
FROM fk_candidates AS added
WHERE fk_arrival > 0
    AND EXISTS (
        FROM fk_candidates AS old
        WHERE old.fk_arrival < 0
            AND old.app IS NOT DISTINCT FROM added.app
            AND old.device = added.device
            AND old.insert_id = added.insert_id
            AND old.received > added.received
            AND old.received <= added.received + INTERVAL {days} DAY
    );
