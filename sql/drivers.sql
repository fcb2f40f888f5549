-- How often each unit did each event while it was watched after a step.
--
--   fk_unit       who, and with it from the list of those who are watched: fk_converted, whether
--                 the later step was done; fk_start and fk_stop, between which events count; and
--                 fk_last and fk_part, the band in which watching ended and the time inside it
--   fk_event      the event type
--   fk_value      the value of the property by which events are told apart, else an empty text
--   fk_own        whether the event fits one of the steps, or is excluded between them
--   fk_band       the band of time since the step in which it happened
--   fk_times      how often
CREATE TEMP TABLE fk_done AS
SELECT
    fk_unit, fk_converted, fk_last, fk_part, fk_event, fk_value, fk_own, fk_band,
    count(*) AS fk_times
FROM (
    SELECT
        fk_unit, fk_converted, fk_last, fk_part,
        {event} AS fk_event,
        {value} AS fk_value,
        {own} AS fk_own,
        {band} AS fk_band
    FROM (SELECT *, {unit} AS fk_key, {us} AS fk_us FROM {events} WHERE {present} AND {is_event})
    JOIN {watched} ON fk_key = fk_unit AND fk_us >= fk_start AND fk_us < fk_stop
)
GROUP BY ALL
