-- Every event with the number of its session: a new one begins after {timeout} microseconds
-- without an event of the same user (specification A13, sessions).
(
    SELECT *, count(*) FILTER (WHERE opens) OVER (PARTITION BY session_user ORDER BY session_us) AS session_number
    FROM (
        SELECT *,
            session_us - lag(session_us) OVER (PARTITION BY session_user ORDER BY session_us) > {timeout} AS opens
        FROM (SELECT *, {user} AS session_user, {us} AS session_us FROM {events})
    )
)
