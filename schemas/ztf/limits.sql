-- Each observation once that saw nothing of an object: the entries of the
-- alerts' histories without a magnitude. Observations in one band within ten
-- seconds are one exposure.
SELECT
  objectId, DATE(observed_at) AS night, observed_at, jd - 2400000.5 AS mjd, band, diffmaglim AS mag,
  jd, fid, pid, programid, field, rcid, diffmaglim, magzpsci
FROM (
  SELECT
    a.objectId, p.jd, p.fid, p.pid, p.programid, p.field, p.rcid, p.diffmaglim, p.magzpsci,
    SAFE.TIMESTAMP_MICROS(SAFE_CAST(ROUND((p.jd - 2440587.5) * 86400e6) AS INT64)) AS observed_at,
    CASE p.fid WHEN 1 THEN 'g' WHEN 2 THEN 'r' WHEN 3 THEN 'i' END AS band
  FROM `{dataset}.alerts_stream` AS a, UNNEST(a.prv_candidates) AS p
  WHERE p.magpsf IS NULL AND ABS(p.diffmaglim) < 100
)
WHERE TRUE
QUALIFY IFNULL(TIMESTAMP_DIFF(observed_at, LAG(observed_at) OVER (
  PARTITION BY objectId, band ORDER BY observed_at), MICROSECOND) >= 10000000, TRUE)
