/*
id = "numbers-as-text"
severity = "low"
title = "Amounts in {{ subject }} are stored as text"
why = "Amounts stored as text sort and compare as text: 9 is more than 10."
description = """
All values of {{ rows|map(attribute="column_name")|join(", ") }} in {{ row.looked_at }} are text: they sort and compare as text."""
fix = "Declare them REAL or INTEGER; where decimals must be exact, cast in every comparison."
threshold = 20 # rows
*/
SELECT
    table_name AS subject,
    column_name,
    looked_at
FROM column_profile
JOIN table_profile USING (table_name)
WHERE
    type = 'table'
    AND kind = 'text'
    AND filled >= :threshold
    AND numeric_texts = filled
    AND EXISTS (
        SELECT 1
        FROM json_each('["price", "pnl", "usd", "amount", "qty", "quantity", "size", "balance", "pct", "percent",
            "confidence", "score", "volume", "fee"]') AS amount
        WHERE instr(words, ' ' || amount.value || ' ')
    )
ORDER BY table_name, place
