-- Every event that fits a step, with all that the kernel needs to know of it.
--
-- Nothing is sorted or joined here: the engine keeps the order in which the rows lie and groups
-- them by unit itself, because a sort would cost more than everything else together.
--
--   unit    who: the user, or one session of the user
--   us      when: microseconds since 1970-01-01 00:00 UTC
--   mask    bit k - 1 is set where the event fits step k
--   flags   bit s is set where the event passes segment s; the bit after them, where it has no
--           user_id; left out where there is no bit to set
--   label   the value of the property that the funnel is grouped by, on events that fit step 1;
--           left out where there is none
--
-- Events that fit no step are told by their mask, not by their type: the types would be compared
-- twice, and where they are stored as a dictionary a CASE looks at each of them once.
SELECT
    {unit} AS unit,
    {us} AS us,
    fk_mask AS mask{flags}{label}
FROM (
    SELECT *,
        {mask} AS fk_mask
    FROM {events}
)
WHERE fk_mask > 0 AND {relevant}
