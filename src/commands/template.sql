/*
# A check of your own: save it as DIR/large-losses.sql and run with --checks-dir DIR.
# `autonomous-monitor checks test DIR/large-losses.sql` says what it would report.
# `autonomous-monitor sql .schema` prints the tables that it may read.
id = "large-losses"               # a to z, digits and hyphens
severity = "medium"               # info, low, medium, high or critical: high and critical page
title = "Trades lose more than a tenth of what was put in"

# All else may be left out.
type = "pattern"                  # bug (if left out), inefficiency, pattern, performance or missing_feature
why = "A loss of that size means that no stop-loss was executed in time."
fix = "Compare the exit price with the stop-loss of these trades."
description = "{{ count }} of {{ of }} trades of the window lost more than {{ threshold|percent }}, {{ rows|map(attribute='pnl')|sum|usd }} together."
threshold = 0.1                   # share of the money put in: :threshold in the query
min_rows = 2                      # fewer rows are no finding
min_share = 0.05                  # of the rows that `of` counts
of = "SELECT count(*) FROM trade WHERE in_window"
explained_by = ["stop-overshot"]  # rows that these checks report are left to them
# needs = ["trade.pnl"]           # rows in which another check calls this wrong are not seen
# was = ["old-id:"]               # fingerprints under which its findings were stored before
*/
-- One SELECT that returns the faulty rows, one a row. source and source_id say which of the bot's rows it is;
-- subject makes one finding of each of its values; severity makes a row worse or milder than the header says.
-- All other columns are figures, shown as examples.
SELECT source, source_id, instrument, pnl, pnl_fraction, exit_reason
FROM trade
WHERE in_window AND pnl_fraction < -:threshold
ORDER BY pnl_fraction
