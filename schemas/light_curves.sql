-- The detections of each object in order of time.
SELECT
  objectId, COUNT(*) AS n_points, MIN(mjd) AS first_mjd, MAX(mjd) AS last_mjd,
  ARRAY_AGG(STRUCT(mjd, band, flux_ujy, flux_err_ujy, mag, mag_err, candid) ORDER BY mjd, band, candid) AS points
FROM `{dataset}.detections`
WHERE objectId != 'unassociated'
GROUP BY objectId
