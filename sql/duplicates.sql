-- Which rows are copies of an earlier one (specification A13): the same uuid; or the same insert_id
-- on the same device of one project, received at most {days} days after the copy before it.
--
-- Candidates are told by a hash first, which needs a tenth of the memory; then exactly.
--
-- {narrow} has: fk_arrival, app, uuid, device, insert_id, received
CREATE TEMP TABLE fk_dropped AS
WITH same_uuid AS (
    SELECT fk_arrival
    FROM {narrow}
    WHERE hash(uuid) IN (
        SELECT hash(uuid) FROM {narrow} WHERE uuid IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    )
    QUALIFY row_number() OVER (PARTITION BY uuid ORDER BY fk_arrival) > 1
),
same_insert_id AS (
    SELECT fk_arrival
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
    QUALIFY received - lag(received) OVER (
        PARTITION BY app, device, insert_id ORDER BY received, fk_arrival
    ) <= INTERVAL {days} DAY
)
FROM same_uuid UNION ALL FROM same_insert_id
