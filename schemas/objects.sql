-- What the detections of each object say together. The mean position is that of
-- unit vectors, which knows no seam at right ascension 0 and no poles. Brightest
-- is the largest positive flux. The colour at peak is g - r of the positive
-- detections nearest to it, both within three days.
SELECT
  objectId, n_detections, n_positive, n_alerts,
  first_mjd, last_mjd, first_observed_at, last_observed_at, known_since_mjd,
  IF(ATAN2(y, x) < 0, 360, 0) + ATAN2(y, x) * 57.29577951308232 AS ra,
  ATAN2(z, SQRT(x * x + y * y)) * 57.29577951308232 AS dec,
  peak.mag AS peak_mag, peak.mag_err AS peak_mag_err, peak.band AS peak_band, peak.mjd AS peak_mjd, peak.candid AS peak_candid,
  g.mag - r.mag AS peak_g_r, SQRT(g.mag_err * g.mag_err + r.mag_err * r.mag_err) AS peak_g_r_err
FROM (
  SELECT
    objectId, COUNT(*) AS n_detections, COUNTIF(positive) AS n_positive, COUNTIF(triggered) AS n_alerts,
    MIN(mjd) AS first_mjd, MAX(mjd) AS last_mjd,
    MIN(observed_at) AS first_observed_at, MAX(observed_at) AS last_observed_at,
    MIN(known_since_mjd) AS known_since_mjd,
    AVG(COS(dec * 0.017453292519943295) * COS(ra * 0.017453292519943295)) AS x,
    AVG(COS(dec * 0.017453292519943295) * SIN(ra * 0.017453292519943295)) AS y,
    AVG(SIN(dec * 0.017453292519943295)) AS z,
    ARRAY_AGG(IF(positive, STRUCT(mag, mag_err, band, mjd, candid), NULL) IGNORE NULLS
      ORDER BY flux_ujy DESC, mjd LIMIT 1)[SAFE_OFFSET(0)] AS peak,
    ARRAY_AGG(IF(positive AND band = 'g' AND ABS(mjd - brightest_mjd) <= 3, STRUCT(mag, mag_err), NULL) IGNORE NULLS
      ORDER BY ABS(mjd - brightest_mjd), mjd LIMIT 1)[SAFE_OFFSET(0)] AS g,
    ARRAY_AGG(IF(positive AND band = 'r' AND ABS(mjd - brightest_mjd) <= 3, STRUCT(mag, mag_err), NULL) IGNORE NULLS
      ORDER BY ABS(mjd - brightest_mjd), mjd LIMIT 1)[SAFE_OFFSET(0)] AS r
  FROM (
    SELECT *, FIRST_VALUE(mjd) OVER (PARTITION BY objectId ORDER BY flux_ujy DESC, mjd) AS brightest_mjd
    FROM `{dataset}.detections`
    WHERE objectId != 'unassociated'
  )
  GROUP BY objectId
)
