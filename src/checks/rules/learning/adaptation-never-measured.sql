/*
id = "adaptation-never-measured"
severity = "medium"
type = "missing_feature"
title = "No change that the bot made to itself was ever measured"
why = "A bot that changes itself and never looks whether it helped cannot get better on purpose."
description = "All {{ count }} changes that are older than {{ threshold }} hours have no measured effect."
fix = "Run the measurement after each reflection, and undo what did not help: without it, what does harm stays."
threshold = 24              # hours: by then an hourly reflection has had many occasions to measure
min_rows = 5
of = "SELECT count(*) FROM adaptation"
*/
-- Where the table has a place for the result, and one change is measured, the feature is there.
SELECT source, source_id, at, action, target
FROM adaptation, run
WHERE
    at <= run.now - 3600.0 * :threshold
    AND EXISTS (SELECT 1 FROM column_profile WHERE table_name = adaptation.source AND column_name = 'effectiveness')
    AND NOT EXISTS (
        SELECT 1
        FROM adaptation AS measured
        WHERE measured.at <= run.now - 3600.0 * :threshold AND (trim(coalesce(measured.effectiveness, '')) <> '' OR measured.measured_at IS NOT NULL)
    )
ORDER BY at DESC
