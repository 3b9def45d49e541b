/*
id = "coin-status-flapping"
severity = "low"
type = "pattern"
title = "Coins change their status to and fro"
why = "A coin whose status goes to and fro is judged by noise at a threshold."
description = "{{ count }} of {{ of }} coins whose status changed in the last 24 hours changed it {{ threshold }} times or more."
fix = "Give the thresholds a dead band: leave a status only when the figure is clearly on the other side."
threshold = 4               # changes in 24 hours: two rounds there and back
of = "SELECT count(DISTINCT instrument) FROM coin_status_change, run WHERE at > run.now - 86400"
*/
SELECT instrument, count(*) AS changes, group_concat(new_status, ', ') AS statuses, 1 AS in_window
FROM (SELECT instrument, new_status FROM coin_status_change, run WHERE at > run.now - 86400 ORDER BY at)
GROUP BY instrument
HAVING count(*) >= :threshold
ORDER BY changes DESC
