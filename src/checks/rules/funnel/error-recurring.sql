/*
id = "error-recurring"
severity = "low"
title = """
{% if row.is_exception %}Exception in the bot's cycle: {{ subject }}\
{% elif row.outage_minutes %}A service fails at every attempt: {{ subject }}\
{% elif row.is_frequent %}A service fails often: {{ subject }}\
{% else %}A service failed for a while: {{ subject }}{% endif %}"""
why = "An exception that comes back is a bug with an address, and a service that fails often starves the bot."
description = """
{% if row.is_exception %}Rows of this exception in the window: {{ row.n }}, in {{ row.of }} cycles ({{ row.share|percent }}), the newest \
at {{ row.newest_at|time }}.\
{% if row.severity == "critical" %} No trade was opened in the window: {{ row.buys_stopped }} of {{ row.buys }} decisions to buy were \
followed by this error, {{ row.buys_rejected }} by a rejection, {{ row.buys_failed }} by another error.\
{% elif row.is_fatal %} The newest was logged as fatal.{% endif %}\
{% else %}Errors of this kind in the window: {{ row.n }}, in {{ row.of }} attempts at a cycle ({{ row.share|percent }}). \
{% if row.outage_minutes %}The newest series began {{ row.outage_minutes }} minutes before the newest row, without a success since.\
{% else %}Episodes, ten minutes or more apart: {{ row.episodes }}.{% endif %}{% endif %}"""
fix = """
{% if row.is_schema %}Bring the file's tables up to what the code expects (run the missing migration), at the bot's start.\
{% elif row.is_exception %}Look up the message in the code, handle that value, and log the traceback with it.\
{% elif "llm" in subject %}Wait longer after each failure, up to a limit. Are stop-loss and take-profit of open positions watched while \
the model does not answer?\
{% elif "rate limit" in subject %}Wait longer after each failure, up to a limit, ask less often or in one request, and keep a second \
source for what open positions need.\
{% else %}Wait longer after each failure, up to a limit, and keep a second source for what open positions need.{% endif %}"""
threshold = 3 # exceptions of one text in the window, from which on it is no accident; errors of services count by share
*/
WITH cycles AS (
    SELECT
        coalesce(sum(n) FILTER (WHERE kind IN ('market_data', 'strategist')), 0) AS begun,
        coalesce(
            sum(n) FILTER (
                WHERE kind IN ('error', 'warning') AND error IN ('market_data_rate_limited', 'market_data_failed')
            ),
            0
        ) AS failed,
        coalesce(sum(n) FILTER (WHERE kind = 'trade_opened'), 0) AS opened,
        max(last_at) AS newest,
        max(last_at) FILTER (WHERE kind IN ('llm_query', 'strategist')) AS answered,
        max(last_at) FILTER (WHERE kind = 'market_data') AS fetched
    FROM event_pattern
), named AS (
    -- Exceptions by the text behind "error: ", errors of services by their kind.
    SELECT
        *,
        kind GLOB '*_error' AS is_exception,
        CASE
            WHEN kind GLOB '*_error'
                THEN trim(substr(pattern, iif(pattern LIKE '%error: %', instr(lower(pattern), 'error: ') + 7, 1), 90))
            ELSE replace(error, '_', ' ')
        END AS name
    FROM event_pattern
    WHERE error IS NOT NULL AND n > 0 AND kind NOT GLOB '*_failed'
), grouped AS (
    SELECT
        source,
        name,
        error,
        max(is_exception) AS is_exception,
        sum(n) AS rows,
        max(last_at) AS newest_at,
        kind AS newest_kind,
        example_id,
        example
    FROM named
    GROUP BY name
), stopped AS (
    SELECT
        named.name,
        count(*) AS buys
    FROM decision
    JOIN named ON named.pattern_id = decision.outcome_pattern_id
    WHERE upper(trim(decision.action)) = 'BUY' AND decision.is_over
    GROUP BY named.name
), bought AS (
    SELECT
        count(*) AS buys,
        count(*) FILTER (WHERE outcome GLOB '*_rejected') AS rejected,
        count(*) FILTER (WHERE outcome GLOB '*_error') AS failed
    FROM decision
    WHERE upper(trim(action)) = 'BUY' AND is_over
), failing AS (
    -- Since the last success of the service.
    SELECT
        error,
        sum(n) AS rows,
        CAST((cycles.newest - min(max(from_at, success))) / 60 AS INTEGER) AS minutes
    FROM (
        SELECT
            error_episode.*,
            coalesce(iif(error LIKE '%llm%', answered, fetched), 0) AS success
        FROM error_episode, cycles
        WHERE error LIKE '%llm%' OR error IN ('market_data_rate_limited', 'market_data_failed')
    ), cycles
    WHERE until_at > success
    GROUP BY error
    HAVING rows >= 5 AND minutes >= 30
), judged AS (
    SELECT
        grouped.*,
        max(rows, cycles.begun + iif(is_exception, 0, cycles.failed)) AS attempts,
        is_exception AND newest_kind = 'bot_error' AS is_fatal,
        is_exception
            AND (
                name LIKE '%no column named%' OR name LIKE '%has no column%' OR name LIKE '%no such column%'
                OR name LIKE '%no such table%' OR name LIKE '%constraint failed%' OR name LIKE '%datatype mismatch%'
            ) AS is_schema,
        iif(is_exception, NULL, (SELECT minutes FROM failing WHERE failing.error = grouped.error)) AS outage_minutes,
        coalesce((SELECT buys FROM stopped WHERE stopped.name = grouped.name), 0) AS buys_stopped,
        cycles.opened
    FROM grouped, cycles
), weighed AS (
    SELECT
        *,
        1.0 * rows / attempts AS share,
        CASE
            WHEN is_exception AND is_schema AND rows >= :threshold AND opened = 0 AND buys_stopped > 0 THEN 'critical'
            WHEN is_exception AND (is_fatal OR (rows >= :threshold AND (is_schema OR rows > 0.3 * attempts))) THEN 'high'
            WHEN is_exception AND rows >= :threshold THEN 'medium'
            WHEN is_exception THEN 'low'
            WHEN outage_minutes IS NOT NULL OR rows > 0.5 * attempts THEN 'high'
            WHEN rows > 0.1 * attempts AND rows >= 20 THEN 'medium'
            WHEN rows >= 20 THEN 'low'
        END AS severity
    FROM judged
)
SELECT
    source,
    example_id AS source_id,
    1 AS in_window,
    name AS subject,
    severity,
    rows AS n,
    attempts AS of,
    newest_at,
    substr(quotable(example), 1, 100) AS text,
    share,
    share > 0.1 AS is_frequent,
    is_exception,
    is_schema,
    is_fatal,
    outage_minutes,
    (SELECT count(*) FROM error_episode AS one WHERE one.in_window AND one.error = weighed.error) AS episodes,
    buys_stopped,
    bought.buys,
    bought.rejected AS buys_rejected,
    bought.failed - buys_stopped AS buys_failed
FROM weighed, bought
WHERE severity IS NOT NULL
ORDER BY rows DESC
