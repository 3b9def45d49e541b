/*
id = "learning-contradicts-trade"
severity = "high"
title = "Learnings tell the opposite of what their trade did"
why = "A learning that tells a gain as a loss, or a loss as a gain, teaches the opposite."
description = """
{{ count }} of {{ row.stated }} learnings that state a result {{ count|plural("has", "have") }} the wrong sign: a gain is told as a loss or a loss as a \
gain. The trades were closed in the last {{ row.days|digits(0) }} days."""
fix = "Which trade's figures is the prompt for a learning filled with? Is it the trade's that the learning is stored for?"
min_rows = 3                # one text may be misread, three are a habit
needs = ["trade.closed_at"]
*/
-- A learning's story is cut at each percent sign: +2.23 is what stands before it.
WITH
part AS (
    SELECT
        learning.rowid AS learning,
        piece.key AS number,
        rtrim(piece.value, '0123456789.') AS before,
        substr(piece.value, length(rtrim(piece.value, '0123456789.')) + 1) AS digits
    FROM learning
    JOIN json_each('[' || replace(json_quote(story), '%', '","') || ']') AS piece
    WHERE trade_id IS NOT NULL AND piece.key < length(story) - length(replace(story, '%', ''))
),
-- The one figure with a sign of its own: 5-10 is a range. Where a story has several, it may compare.
told AS (
    SELECT learning, CAST(max(substr(before, -1) || digits) AS REAL) AS percent
    FROM part
    WHERE substr(before, -1) IN ('+', '-') AND substr(before, -2, 1) NOT BETWEEN '0' AND '9' AND CAST(digits AS REAL) > 0
    GROUP BY learning
    HAVING count(*) = 1
),
stated AS (
    SELECT
        learning.source,
        learning.source_id,
        learning.in_window,
        learning.trade_id,
        trade.instrument,
        told.percent AS told_percent,
        trade.pnl,
        max(168, min(run.hours, 720)) / 24 AS days
    FROM told
    JOIN learning ON learning.rowid = told.learning
    JOIN trade ON trade.is_main AND trade.source_id = trim(learning.trade_id)
    JOIN run
    -- The learnings of a week, of a month at most; one may still come for a younger trade.
    WHERE trade.closed_at > now - 3600 * max(168, min(hours, 720)) AND trade.closed_at <= now - 43200 AND trade.pnl IS NOT NULL
),
counted AS (
    SELECT *, count(*) OVER () AS stated FROM stated
)
SELECT source, source_id, in_window, trade_id, instrument, told_percent, pnl, stated, days
FROM counted
WHERE told_percent * pnl < 0
ORDER BY source_id
