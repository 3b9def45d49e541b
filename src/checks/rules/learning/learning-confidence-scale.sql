/*
id = "learning-confidence-scale"
severity = "medium"
title = "Confidences of learnings are on two scales"
why = "Confidences on two scales in one column (0.7 beside 70) cannot be compared or averaged."
description = "{{ count }} of {{ of }} confidences are outside of 0 to 1 while the others are inside: an average of the column is wrong."
fix = "Check the model's number before storing it: bring percent to a fraction, and reject the rest."
of = "SELECT count(confidence) FROM learning"
*/
-- A column that is percent throughout is another convention, not a fault.
SELECT source, source_id, created_at, confidence
FROM learning
WHERE
    confidence NOT BETWEEN 0 AND 1
    AND source IN (SELECT source FROM learning WHERE confidence BETWEEN 0 AND 1)
ORDER BY created_at DESC
