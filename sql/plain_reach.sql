-- How far each {noun} got.
reached AS (
    SELECT
{keys},
        max({reach}) AS reach
    FROM step_{last}
    GROUP BY {partition}
),
