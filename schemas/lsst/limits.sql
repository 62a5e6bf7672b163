-- Each observation once that saw nothing of an object, as packets told up to
-- schema 7.4: the 5-sigma limit from the noise in nanojansky. Observations in
-- one band within ten seconds are one exposure.
SELECT
  objectId, DATE(TIMESTAMP_SUB(observed_at, INTERVAL 12 HOUR)) AS night, observed_at, mjd, band, mag,
  midpointMjdTai, ccdVisitId, diaNoise
FROM (
  SELECT *, SAFE.TIMESTAMP_MICROS(SAFE_CAST(ROUND((mjd - 40587) * 86400e6) AS INT64)) AS observed_at
  FROM (
    SELECT
      SPLIT(a.nightwire.object, '/')[SAFE_OFFSET(2)] AS objectId,
      p.midpointMjdTai - 37 / 86400 AS mjd, p.band, 23.9 - 2.5 * LOG10(5 * p.diaNoise / 1000) AS mag,
      p.midpointMjdTai, p.ccdVisitId, p.diaNoise
    FROM `{dataset}.alerts_stream` AS a, UNNEST(a.prvDiaNondetectionLimits) AS p
    WHERE p.diaNoise > 0 AND p.diaNoise < 1e30
  )
)
WHERE TRUE
QUALIFY IFNULL(TIMESTAMP_DIFF(observed_at, LAG(observed_at) OVER (
  PARTITION BY objectId, band ORDER BY observed_at), MICROSECOND) >= 10000000, TRUE)
