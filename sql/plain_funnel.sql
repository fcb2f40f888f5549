-- How many {noun}s get how far: {order} order, counted by uniques, in one statement for {title}.{note}
--
-- `funnelkit report` runs something faster that also knows times. This is the same question
-- answered a second time, in SQL that a person can read, change and run.
--
-- Go through the time of each {noun}, {resolution} by {resolution}, and keep for every step the latest
-- entry from which it has been reached. The latest is enough: the window runs from the entry, so
-- whatever an earlier entry can still reach, a later one can reach too. The count is of {noun}s that
-- got that far at all; which of several ways there is the first makes no difference to it.
--
-- Inside one {resolution} either order is accepted, but an event that would also do for another
-- step filled in it does for neither. So steps i to k are filled in one {resolution} if each of
-- them has an event that fits it and none of the others: that is `fills_i_k`.{interrupted}
WITH
-- The events that may matter, with their time in microseconds.{properties}
funnel_events AS (
    SELECT
{columns}
    FROM {events}{relevant}
),
-- The {resolution} in which each event lies, and the steps that it fits.
labelled AS (
    SELECT
{keys},
        us,
        us - mod(mod(us, {tick}) + {tick}, {tick}) AS tick, -- rounded down, before 1970 too
{labels}
    FROM funnel_events
    WHERE {present}
),{segments}
-- What each {noun} did in each {resolution}. Step 1 happens {period}.
ticks AS (
    SELECT
{segmented_keys},
        tick,
{fills}
    FROM labelled{with_segments}{fits_any}
    GROUP BY {partition}, tick
),
-- start_k: the latest entry from which step k was reached here, at most {window} before.
-- upto_k: the latest such entry {up_to}; before_k: {before}.
step_1 AS (
    SELECT *, CASE WHEN fills_1 THEN tick END AS start_1
    FROM ticks
),
{chain}{reached}steps AS (
{steps}
),
counted AS (
    SELECT
{counts}
    FROM {counted}
)
SELECT {shown}steps.step, steps.event, CASE steps.step {users} END AS {noun}s
FROM counted CROSS JOIN steps
ORDER BY {order_by}
