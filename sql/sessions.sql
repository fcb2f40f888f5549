-- Every event with the number of its session: a new one begins after {timeout} microseconds
-- without an event of the same user (specification A13, sessions).
(
    SELECT *, count(*) FILTER (WHERE fk_opens) OVER (PARTITION BY fk_user ORDER BY fk_us) AS fk_session
    FROM (
        SELECT *,
            fk_us - lag(fk_us) OVER (PARTITION BY fk_user ORDER BY fk_us) > {timeout} AS fk_opens
        FROM (SELECT *, {user} AS fk_user, {us} AS fk_us FROM {events})
    )
)
