-- The conversion that counts is the longest, then the first in time; its step-1 event tells the
-- group. So go back through the time of each {noun}, now that its furthest step is known, and keep
-- for every step the earliest moment at which that furthest step is reached from there.
furthest AS (
    SELECT *, max({reach}) OVER (PARTITION BY {partition}) AS reach
    FROM step_{last}
),
-- done_k: when the furthest step is done, if step k is done here and all later ones after it.
back_{last} AS (
    SELECT *, CASE WHEN reach = {last} THEN tick END AS done_{last}
    FROM furthest
),
{chain}-- together: the steps that are filled in the {resolution} of the entry, if it leads that far.
entries AS (
    SELECT {partition}, tick, reach, together, min(tick) OVER (PARTITION BY {partition}) AS entered
    FROM (
        SELECT *, {together} AS together
        FROM back_1
    ) AS possible
    WHERE together IS NOT NULL
),
-- The event that filled step 1: the first that fits it and no other step filled with it.
entrants AS (
    SELECT
{columns},
        row_number() OVER (PARTITION BY {entry_partition} ORDER BY {ties}) AS place
    FROM entries
    JOIN labelled ON {joined}
    WHERE entries.tick = entries.entered AND {fits_entry}
),
reached AS (
    SELECT * FROM entrants WHERE place = 1
),
