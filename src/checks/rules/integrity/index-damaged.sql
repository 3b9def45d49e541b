/*
id = "index-damaged"
severity = "critical"
title = "Indexes do not hold what their tables hold: the file is damaged"
description = """
{% for row in rows %}{{ row.index_name }} of {{ row.source }} {{ row.what }}{{ "" if loop.last else "; " }}{% endfor %}. The bot sees these tables as SQLite reads them through their indexes, and may miss rows. \
This audit has read them without their indexes."""
why = "An index that does not hold what its table holds hides rows from the bot: it decides without them."
fix = """
Stop the bot, copy the file, run REINDEX and then PRAGMA integrity_check: unless that says ok, restore a backup. \
Is the disk sound, and does only SQLite write the file?"""
*/
SELECT
    table_name AS source,
    index_name,
    what
FROM damaged_index
ORDER BY table_name, index_name
