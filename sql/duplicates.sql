-- Which rows are copies of an earlier one (specification A13): the same uuid; or the same insert_id
-- on the same device of one project, received at most {days} days after the last one that is kept.
-- A copy does not prolong the {days} days: so it makes no difference whether it was left out already.
--
-- Candidates are told by a hash first, which needs a tenth of the memory; then exactly.
--
-- {narrow} has: fk_arrival, app, uuid, device, insert_id, received
CREATE OR REPLACE TEMP TABLE fk_dropped AS
WITH RECURSIVE same_uuid AS MATERIALIZED (
    SELECT fk_arrival
    FROM {narrow}
    WHERE hash(uuid) IN (
        SELECT hash(uuid) FROM {narrow} WHERE uuid IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    )
    QUALIFY row_number() OVER (PARTITION BY uuid ORDER BY fk_arrival) > 1
),
same_insert_id AS MATERIALIZED (
    SELECT
        rank() OVER (ORDER BY app, device, insert_id) AS of_one,
        row_number() OVER (PARTITION BY app, device, insert_id ORDER BY received, fk_arrival) AS n,
        fk_arrival,
        received
    FROM {narrow}
    WHERE device IS NOT NULL
        AND hash(insert_id, device) IN (
            SELECT hash(insert_id, device)
            FROM {narrow}
            WHERE insert_id IS NOT NULL AND device IS NOT NULL
            GROUP BY 1
            HAVING count(*) > 1
        )
        AND fk_arrival NOT IN (FROM same_uuid)
),
kept AS (
    SELECT of_one, n, received FROM same_insert_id WHERE n = 1
    UNION ALL
    SELECT of_one, min(each.n), min(each.received)
    FROM kept JOIN same_insert_id AS each USING (of_one)
    WHERE each.received > kept.received + INTERVAL {days} DAY
    GROUP BY of_one
)
FROM same_uuid
UNION ALL
SELECT fk_arrival FROM same_insert_id ANTI JOIN kept USING (of_one, n)
