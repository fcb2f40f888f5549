-- Amplitude IDs of events that have none (specification A13, rules 1 to 6).
--
-- {people} has: place (the order of arrival), user_id, device_id, given (the amplitude_id, if any,
-- which is negative where it was found here before)
--
-- What each device has seen: its first event with a user, and whether an anonymous one came before.
CREATE TEMP TABLE fk_devices AS
WITH seen AS (
    SELECT
        device_id,
        min(place) FILTER (user_id IS NOT NULL) AS known_at,
        arg_min(user_id, place) FILTER (user_id IS NOT NULL) AS first_user,
        min(place) FILTER (user_id IS NULL) AS anonymous_at,
        min(place) FILTER (user_id IS NULL AND given IS NOT NULL) AS given_at,
        arg_min(given, place) FILTER (user_id IS NULL AND given IS NOT NULL) AS given
    FROM {people}
    WHERE device_id IS NOT NULL
    GROUP BY device_id
)
SELECT
    device_id,
    known_at,
    first_user,
    anonymous_at,
    coalesce(anonymous_at < coalesce(known_at, anonymous_at + 1), false) AS was_anonymous,
    coalesce(given_at < coalesce(known_at, given_at + 1), false) AS is_given,
    -- Rule 1: one id per anonymous device. Amplitude's own are positive, these are negative.
    CASE WHEN is_given THEN given
        ELSE -1 - (md5_number_lower('device ' || device_id) >> 2)::BIGINT
    END AS id
FROM seen;

-- Rule 2: the first user of an anonymous device takes its id over, if he was new on it; rule 3:
-- everybody else has one of his own, on every device.
CREATE TEMP TABLE fk_users AS
WITH seen AS (
    SELECT
        user_id,
        min(place) AS first_at,
        arg_min_null(device_id, place) AS first_device,
        arg_min(given, place) FILTER (given IS NOT NULL) AS given
    FROM {people}
    WHERE user_id IS NOT NULL
    GROUP BY user_id
)
SELECT
    seen.user_id,
    CASE
        WHEN seen.given IS NOT NULL THEN seen.given
        WHEN fk_devices.known_at = seen.first_at AND fk_devices.was_anonymous THEN fk_devices.id
        ELSE -1 - (md5_number_lower('user ' || seen.user_id) >> 2)::BIGINT
    END AS id
FROM seen LEFT JOIN fk_devices ON fk_devices.device_id = seen.first_device;

-- Rule 4: an anonymous event belongs to the last known user of its device.
CREATE TEMP TABLE fk_ids AS
SELECT place, coalesce(fk_users.id, fk_devices.id) AS id
FROM (
    SELECT
        place,
        device_id,
        given,
        coalesce(
            user_id,
            CASE WHEN device_id IS NOT NULL
                THEN last_value(user_id IGNORE NULLS) OVER (PARTITION BY device_id ORDER BY place)
            END
        ) AS known
    FROM {people}
) AS event
    LEFT JOIN fk_users ON fk_users.user_id = event.known
    LEFT JOIN fk_devices ON fk_devices.device_id = event.device_id AND event.known IS NULL
WHERE event.given IS NULL;

-- Rule 5: the id of an anonymous device is merged into that of the known user who appears on it.
-- Two ids that Amplitude gave are merged only where it says so (specification C3); rule 6: user ids
-- are never merged with each other.
CREATE TEMP TABLE fk_joined AS
SELECT fk_devices.id AS amplitude_id, fk_users.id AS merged_amplitude_id
FROM fk_devices JOIN fk_users ON fk_users.user_id = fk_devices.first_user
WHERE was_anonymous
    AND fk_devices.id <> fk_users.id
    AND least(fk_devices.id, fk_users.id) < 0;
