-- How many users get how far: this order, counted by uniques, in one statement.
--
-- `funnelkit report` runs something faster that also knows times, groups and segments. This is the
-- same question answered a second time, in SQL that a person can read, change and run.
--
-- Go through each user's time, {resolution} by {resolution}, and keep for every step the latest
-- entry from which it has been reached. The latest is enough: the window runs from the entry, so
-- whatever an earlier entry can still reach, a later one can reach too. The count is of users who
-- got that far at all; which of several ways there is the first makes no difference to it.
--
-- Inside one {resolution} either order is accepted, but an event that would also do for another
-- step filled in it does for neither. So steps i to k are filled in one {resolution} if each of
-- them has an event that fits it and none of the others: that is `fills_i_k`.
WITH
-- The events that may matter, with their time in microseconds and the steps that they fit.
labelled AS (
    SELECT
        {unit} AS unit,
        {us} AS us,
{fits}
    FROM {events}
    WHERE {relevant}
),
-- What each user did in each {resolution}. Step 1 happens {period}.
ticks AS (
    SELECT
        unit,
        (us - (us % {tick} + {tick}) % {tick}) // {tick} AS tick, -- rounded down, before 1970 too
{fills}
    FROM labelled
    WHERE unit IS NOT NULL AND ({fits_any})
    GROUP BY unit, tick
),
-- start_k: the latest entry from which step k was reached here, at most {window} before.
-- upto_k: the latest such entry up to here; before_k: up to the {resolution} before.
step_1 AS (
    SELECT *, CASE WHEN fills_1 THEN tick END AS start_1
    FROM ticks
),
{chain}reached AS (
    SELECT
{reached}
    FROM step_{last}
)
SELECT funnel.step, funnel.event, funnel.users
FROM reached, LATERAL (
    VALUES
{rows}
) AS funnel (step, event, users)
ORDER BY funnel.step;
