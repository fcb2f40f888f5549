-- What a property value is, and what it is equal to (specification A7).
--
-- A value whose type is known only row by row arrives as JSON. An array stands for its items; a
-- missing value, a JSON null and an empty array have no item at all, which is what (none) means.

-- The items of a JSON value, as JSON.
CREATE OR REPLACE MACRO fk_items(value) AS
    CASE coalesce(json_type(value), 'NULL')
        WHEN 'NULL' THEN []
        WHEN 'ARRAY' THEN list_filter(json_extract(value, '$[*]'), lambda item: json_type(item) <> 'NULL')
        ELSE [value]
    END;

-- The text of a number: whole numbers bear no fraction, and no digit of a long integer is lost.
CREATE OR REPLACE MACRO fk_number_text(digits) AS
    CASE
        WHEN regexp_full_match(digits, '-?[0-9]+') THEN digits
        WHEN TRY_CAST(digits AS DOUBLE) = trunc(TRY_CAST(digits AS DOUBLE)) AND abs(TRY_CAST(digits AS DOUBLE)) < 1e15
            THEN CAST(CAST(TRY_CAST(digits AS DOUBLE) AS BIGINT) AS VARCHAR)
        ELSE CAST(TRY_CAST(digits AS DOUBLE) AS VARCHAR)
    END;

-- The text of one item: of a text itself, of anything else its JSON.
CREATE OR REPLACE MACRO fk_item_text(item) AS
    CASE
        WHEN json_type(item) = 'VARCHAR' THEN json_extract_string(item, '$')
        WHEN json_type(item) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN fk_number_text(CAST(item AS VARCHAR))
        ELSE CAST(item AS VARCHAR)
    END;

CREATE OR REPLACE MACRO fk_texts(value) AS
    list_transform(fk_items(value), lambda item: fk_item_text(item));

-- Equal to one of the wanted values: text to the letter, numbers by value too, booleans in any case.
-- `doubles` are the wanted values that are numbers below 2^53, `truths` those that read true or false.
CREATE OR REPLACE MACRO fk_number_is(value, wanted, doubles) AS
    list_contains(wanted, CAST(value AS VARCHAR)) OR list_contains(doubles, TRY_CAST(value AS DOUBLE));

CREATE OR REPLACE MACRO fk_item_is(item, wanted, doubles, truths) AS
    CASE
        WHEN json_type(item) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')
            THEN fk_number_is(CAST(item AS VARCHAR), wanted, doubles)
        WHEN json_type(item) = 'BOOLEAN' THEN list_contains(truths, CAST(item AS VARCHAR))
        ELSE list_contains(wanted, fk_item_text(item))
    END;

CREATE OR REPLACE MACRO fk_any_is(value, wanted, doubles, truths) AS
    len(list_filter(fk_items(value), lambda item: fk_item_is(item, wanted, doubles, truths))) > 0;

-- The label of a group.
CREATE OR REPLACE MACRO fk_label(value) AS
    CASE
        WHEN coalesce(json_type(value), 'NULL') = 'NULL' THEN NULL
        ELSE fk_item_text(value)
    END;

-- The items of a JSON value that are text.
CREATE OR REPLACE MACRO fk_strings(value) AS
    list_transform(
        list_filter(fk_items(value), lambda item: json_type(item) = 'VARCHAR'),
        lambda item: json_extract_string(item, '$')
    );

-- -1, 0 or 1: how a number compares with a wanted one; NULL where the text is no number. Whole
-- numbers are compared to the last digit, where the wanted one (`whole`) is whole too.
CREATE OR REPLACE MACRO fk_compare(digits, wanted, whole) AS
    CASE
        WHEN whole IS NOT NULL AND regexp_full_match(digits, '-?[0-9]{1,37}')
            THEN sign(CAST(digits AS HUGEINT) - whole)
        WHEN isnan(TRY_CAST(digits AS DOUBLE)) THEN NULL
        ELSE CASE
            WHEN TRY_CAST(digits AS DOUBLE) < wanted THEN -1
            WHEN TRY_CAST(digits AS DOUBLE) > wanted THEN 1
            WHEN TRY_CAST(digits AS DOUBLE) = wanted THEN 0
        END
    END;
