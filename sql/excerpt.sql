-- The events that decide the numbers of some funnels, one line each.
--
--   fk_named   an event that a funnel names: a step, an exclusion, one that a segment counts
--   fk_other   any other event that can lie between steps (exact order)
--   fk_first   the first event of its user, where funnels ask who is new
--   fk_edge    the first or the last event of all, where funnels ask when the data ends
--
-- With `thin` one event in each gap between named ones is enough of those that only lie between.
CREATE OR REPLACE TEMP TABLE fk_excerpt AS
WITH marked AS (
    SELECT *,
        {user} AS fk_who,
        {us} AS fk_when,
        {named} AS fk_named,
        {other} AS fk_other
    FROM {events}
),
known AS (
    SELECT *,
        {first} AS fk_first,
        {edge} AS fk_edge
    FROM marked
    WHERE fk_named OR fk_other{also}
),
placed AS (
    SELECT *,
        fk_named OR fk_first OR fk_edge AS fk_stays,
        bool_or(fk_named) OVER (PARTITION BY fk_who, fk_when // {tick}) AS fk_beside,
        count(*) FILTER (WHERE fk_named) OVER (
            PARTITION BY fk_who ORDER BY fk_when // {tick}, fk_named DESC
        ) AS fk_gap
    FROM known
    WHERE fk_named OR fk_other OR fk_first OR fk_edge
)
SELECT *
FROM placed
QUALIFY fk_stays OR NOT {thin} OR (
    NOT fk_beside
    AND fk_gap > 0
    AND row_number() OVER (PARTITION BY fk_who, fk_gap, fk_stays ORDER BY fk_when, {ties}) = 1
)
