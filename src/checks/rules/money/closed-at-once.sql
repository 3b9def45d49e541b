/*
id = "closed-at-once"
severity = "medium"
title = "Trades are closed within seconds of their opening"
why = "Trades that are closed seconds after their opening cannot earn anything but fees."
description = """
{{ count }} of {{ of }} trades {{ count|plural("was", "were") }} closed at most {{ threshold }} s after the opening, \
with {{ rows|map(attribute="pnl")|reject("none")|sum|usd }} together: with fees each of them loses."""
fix = "See which exit closes them: is a stop or target on the wrong side of the entry price, or were both times written at once?"
threshold = 10 # seconds: less than any cycle of either generation
min_rows = 5
min_share = 0.05
needs = ["trade.closed_at"]
of = """
SELECT count(*)
FROM trade
WHERE closed_at >= opened_at"""
*/
SELECT
    source,
    source_id,
    instrument,
    coalesce(closed_at_latest, closed_at) - opened_at AS seconds,
    exit_kind,
    pnl
FROM trade
WHERE closed_at - coalesce(opened_at_latest, opened_at) >= 0
    AND coalesce(closed_at_latest, closed_at) - opened_at <= :threshold
ORDER BY closed_at DESC
