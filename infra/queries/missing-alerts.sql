-- Which nights lack alerts? Of each night that brought any: the files that the archive wrote, those of them without a row
-- and without a verdict of the filters, records that were refused, and Kafka offsets that nobody has seen.
--
-- @from DATE = today-7  first night
-- @to DATE = today  last night
WITH seen AS (
  SELECT night, outcome, object,
    kafka.offset - LAG(kafka.offset) OVER (PARTITION BY kafka.topic, kafka.partition ORDER BY kafka.offset) - 1 AS skipped
  FROM ledger
  WHERE night BETWEEN @from AND @to OR night IS NULL
), files AS (
  SELECT DISTINCT night, object FROM seen WHERE outcome = 'stored'
), counted AS (
  SELECT
    f.night, COUNT(*) AS stored, COUNTIF(r.object IS NULL) AS without_row, COUNTIF(e.object IS NULL) AS without_verdict
  FROM files AS f
  LEFT JOIN (SELECT DISTINCT nightwire.object AS object FROM alerts_stream WHERE night BETWEEN @from AND @to) AS r
    ON r.object = f.object
  LEFT JOIN (SELECT DISTINCT object FROM evaluations WHERE night BETWEEN @from AND @to) AS e
    ON e.object = f.object
  GROUP BY f.night
), offsets AS (
  SELECT night, COUNTIF(outcome = 'rejected') AS rejected, SUM(IF(skipped > 0, skipped, 0)) AS skipped_offsets
  FROM seen
  GROUP BY night
)
SELECT night, stored, without_row, without_verdict, rejected, skipped_offsets
FROM counted JOIN offsets USING (night)
ORDER BY night
