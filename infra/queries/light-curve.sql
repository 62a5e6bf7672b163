-- What was seen of an object, and when was nothing seen?
--
-- @object STRING  name of the object
SELECT mjd, observed_at, band, 'detection' AS kind, mag, mag_err, flux_ujy, flux_err_ujy, candid
FROM detections
WHERE objectId = @object
UNION ALL
SELECT mjd, observed_at, band, 'limit', mag, NULL, NULL, NULL, NULL
FROM limits
WHERE objectId = @object
ORDER BY mjd, band, kind
