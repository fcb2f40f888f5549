-- What stands for an id that must not be told: a hash that nobody can undo without the key.
--
-- The inner hash hides the text even from someone who knows many texts and their outer hashes.

CREATE OR REPLACE TEMP MACRO fk_keyed(key, plain) AS
    substr(sha256(key || sha256(key || plain)), 1, 16);

-- The same as a whole number, for ids that are numbers.
CREATE OR REPLACE TEMP MACRO fk_keyed_number(key, plain) AS
    CAST('0x' || substr(fk_keyed(key, plain), 1, 15) AS BIGINT);
