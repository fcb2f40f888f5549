-- What a property value is, and what it is equal to (specification A7).
--
-- A value whose type is known only row by row arrives as JSON. An array stands for its items; a
-- missing value, a JSON null and an empty array have no item at all, which is what (none) means.

-- The items of a JSON value, as JSON.
CREATE OR REPLACE TEMP MACRO fk_items(value) AS
    CAST(CASE coalesce(json_type(CAST(value AS JSON)), 'NULL')
        WHEN 'NULL' THEN []
        WHEN 'ARRAY' THEN json_extract(CAST(value AS JSON), '$[*]')
        ELSE [CAST(value AS JSON)]
    END AS JSON[]).list_filter(lambda item: json_type(item) <> 'NULL');

-- The text of a number: whole numbers bear no fraction, and no digit of a long integer is lost.
CREATE OR REPLACE TEMP MACRO fk_number_text(digits) AS
    CASE
        WHEN regexp_full_match(digits, '-?[0-9]+') THEN digits
        WHEN TRY_CAST(digits AS DOUBLE) = trunc(TRY_CAST(digits AS DOUBLE)) AND abs(TRY_CAST(digits AS DOUBLE)) < 1e21
            THEN CAST(CAST(TRY_CAST(digits AS DOUBLE) AS HUGEINT) AS VARCHAR)
        ELSE CAST(TRY_CAST(digits AS DOUBLE) AS VARCHAR)
    END;

-- The text of one item: of a text itself, of anything else its JSON.
CREATE OR REPLACE TEMP MACRO fk_item_text(item) AS
    CASE
        WHEN json_type(item) = 'VARCHAR' THEN json_extract_string(item, '$')
        WHEN json_type(item) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN fk_number_text(CAST(item AS VARCHAR))
        ELSE CAST(item AS VARCHAR)
    END;

CREATE OR REPLACE TEMP MACRO fk_texts(value) AS
    list_transform(fk_items(value), lambda item: fk_item_text(item));

-- A number, NULL where it is none that can be summed.
CREATE OR REPLACE TEMP MACRO fk_finite(number) AS CASE WHEN isfinite(number) THEN number END;

CREATE OR REPLACE TEMP MACRO fk_number(digits) AS
    CASE
        WHEN regexp_full_match(digits, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?')
            THEN fk_finite(TRY_CAST(digits AS DOUBLE))
    END;

-- The list of one text, which is empty where there is none.
CREATE OR REPLACE TEMP MACRO fk_listed(value) AS
    CASE WHEN value IS NULL THEN CAST([] AS VARCHAR[]) ELSE [value] END;

-- Equal to one of the wanted values: text to the letter, numbers by value too, booleans in any case.
-- `doubles` are the wanted values that are numbers, `truths` those that read true or false. A whole
-- number that a DOUBLE cannot tell from its neighbours is compared by its digits alone.
CREATE OR REPLACE TEMP MACRO fk_number_is(digits, wanted, doubles) AS
    list_contains(wanted, digits) OR (
        list_contains(doubles, TRY_CAST(digits AS DOUBLE))
        AND (abs(TRY_CAST(digits AS DOUBLE)) < 9007199254740992 OR NOT regexp_full_match(digits, '-?[0-9]+'))
    );

CREATE OR REPLACE TEMP MACRO fk_item_is(item, wanted, doubles, truths) AS
    CASE
        WHEN json_type(item) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')
            THEN fk_number_is(CAST(item AS VARCHAR), wanted, doubles)
        WHEN json_type(item) = 'BOOLEAN' THEN list_contains(truths, CAST(item AS VARCHAR))
        ELSE list_contains(wanted, fk_item_text(item))
    END;

CREATE OR REPLACE TEMP MACRO fk_any_is(value, wanted, doubles, truths) AS
    len(list_filter(fk_items(value), lambda item: fk_item_is(item, wanted, doubles, truths))) > 0;

-- The label of a group; NULL where there is no item at all.
CREATE OR REPLACE TEMP MACRO fk_label(value) AS
    CASE WHEN len(fk_items(value)) > 0 THEN fk_item_text(value) END;

-- -1, 0 or 1: how a value compares with a wanted one; NULL where it does not. A wanted number
-- compares with numbers, and with text that is one; whole ones to the last digit. A wanted text
-- compares with text, so dates should be ISO 8601. `number` and `whole` are the wanted value as a
-- number; NULL where it is none.
CREATE OR REPLACE TEMP MACRO fk_compare(item, is_text, wanted, number, whole) AS
    CASE
        WHEN number IS NOT NULL THEN CASE
            WHEN NOT regexp_full_match(item, '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') THEN NULL
            WHEN whole IS NOT NULL AND regexp_full_match(item, '-?[0-9]{1,37}')
                THEN sign(TRY_CAST(item AS HUGEINT) - whole)
            WHEN TRY_CAST(item AS DOUBLE) < number THEN -1
            WHEN TRY_CAST(item AS DOUBLE) > number THEN 1
            WHEN TRY_CAST(item AS DOUBLE) = number THEN 0
        END
        WHEN NOT is_text THEN NULL
        WHEN item < wanted THEN -1
        WHEN item > wanted THEN 1
        WHEN item = wanted THEN 0
    END;

CREATE OR REPLACE TEMP MACRO fk_comparisons(value, wanted, number, whole) AS
    list_transform(
        fk_items(value),
        lambda item: fk_compare(fk_item_text(item), json_type(item) = 'VARCHAR', wanted, number, whole)
    );
