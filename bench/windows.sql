-- For each event, the latest step 1 from which a chain of steps leads to it. Whatever comes later
-- within the window of an earlier one comes within the window of that, too.
WITH events AS (
    SELECT amplitude_id AS user, epoch_us(event_time) // 1000000 AS second, event_type AS step
    FROM read_parquet($files, hive_partitioning = false)
    WHERE event_type IN ('ProductViewed', 'ProductAdded', 'CheckoutStarted', 'OrderCompleted')
),
viewed AS (
    SELECT *, max(CASE WHEN step = 'ProductViewed' THEN second END)
        OVER (PARTITION BY user ORDER BY second) AS since_1
    FROM events
),
added AS (
    SELECT *, max(CASE WHEN step = 'ProductAdded' THEN since_1 END)
        OVER (PARTITION BY user ORDER BY second) AS since_2
    FROM viewed
),
started AS (
    SELECT *, max(CASE WHEN step = 'CheckoutStarted' THEN since_2 END)
        OVER (PARTITION BY user ORDER BY second) AS since_3
    FROM added
),
reached AS (
    SELECT user, max(
        CASE
            WHEN step = 'OrderCompleted' AND second - since_3 <= 604800 THEN 4
            WHEN step = 'CheckoutStarted' AND second - since_2 <= 604800 THEN 3
            WHEN step = 'ProductAdded' AND second - since_1 <= 604800 THEN 2
            WHEN step = 'ProductViewed' THEN 1
        END
    ) AS level
    FROM started
    GROUP BY user
)
SELECT count(*) FILTER (level >= 1), count(*) FILTER (level >= 2),
    count(*) FILTER (level >= 3), count(*) FILTER (level >= 4)
FROM reached
