-- What units did, added up over units: for each {key}, side and band in which watching ended.
--
-- A weight stands for each band: fk_sum is a unit's events weighted for its own side, fk_joint with
-- the weights that both sides share. Weights are whole numbers, so that sums are exact, whatever
-- order they are added in.
SELECT
    fk_number, fk_converted, fk_last,
    count(*), sum(fk_events),
    sum(fk_sum), sum(fk_sum * fk_part), sum(fk_sum * fk_sum),
    sum(fk_joint), sum(fk_joint * fk_part), sum(fk_joint * fk_joint)
FROM (
    SELECT
        {key} AS fk_number, fk_unit, fk_converted, fk_last, fk_part,
        sum(fk_times) AS fk_events,
        sum(fk_times * CASE fk_converted
            WHEN 1 THEN CAST({of_converters} AS BIGINT[])[fk_band + 1]
            ELSE CAST({of_drop_offs} AS BIGINT[])[fk_band + 1]
        END) AS fk_sum,
        sum(fk_times * CAST({of_both} AS BIGINT[])[fk_band + 1]) AS fk_joint
    FROM {done}
    WHERE NOT fk_own
    GROUP BY ALL
)
GROUP BY ALL
