-- How many alerts each filter was notified of since a time, replays apart, and
-- since it was last paused: two rows of one alert are one notification.
WITH live AS (
  SELECT candid, evaluated_at, notified, paused
  FROM evaluations
  WHERE night >= CAST(@night AS DATE) AND evaluated_at >= @since AND NOT replay
), told AS (
  SELECT SPLIT(id, '@')[OFFSET(0)] AS filter, candid, MIN(evaluated_at) AS at
  FROM live, UNNEST(notified) AS id
  GROUP BY filter, candid
), held AS (
  SELECT name AS filter, MAX(evaluated_at) AS at
  FROM live, UNNEST(paused) AS name
  GROUP BY filter
)
SELECT told.filter, COUNT(*) AS n
FROM told LEFT JOIN held ON held.filter = told.filter
WHERE held.at IS NULL OR told.at > held.at
GROUP BY told.filter
