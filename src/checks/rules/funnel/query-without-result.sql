/*
id = "query-without-result"
severity = "medium"
title = "Requests to the bot's model that nothing follows"
why = "A request to the model that no decision or plan follows costs time and money for nothing."
description = """
After {{ count }} of {{ of }} requests the next row is another request or cycle: the log shows no result and no error."""
fix = "Follow one of these answers through the code and log what it led to."
threshold = 0.2 # share of at least 50 requests: learning and reflection ask too, after each trade or hour
of = "SELECT count(*) FROM event WHERE kind = 'llm_query'"
*/
-- A reason that is logged is another check's; a start asks once to test the connection.
WITH enough AS (
    SELECT sum(n) FILTER (WHERE next_kind IN ('llm_query', 'market_data')) AS lost, sum(n) AS requests
    FROM event_next
    WHERE kind = 'llm_query'
), followed AS (
    SELECT source, source_id, at, kind, lead(kind) OVER (ORDER BY at, rowid) AS followed_by
    FROM event
    WHERE (SELECT requests >= 50 AND lost > :threshold * requests FROM enough)
)
SELECT source, source_id, 1 AS in_window, at, followed_by
FROM followed
WHERE kind = 'llm_query' AND followed_by IN ('llm_query', 'market_data')
ORDER BY at DESC
