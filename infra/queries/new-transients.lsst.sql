-- What is new in the sky? Objects that LSST had never detected before the last hours, brighter than in the template, and
-- no body of the solar system.
--
-- @until TIMESTAMP = now  end of the hours
-- @hours INT64 = 24  how many
-- @detections INT64 = 2  detections at least, by the survey's count
-- @real_bogus FLOAT64 = 0.5  reliability of each at least
SELECT
  diaObject.diaObjectId AS diaObjectId, COUNT(*) AS alerts, MIN(observed_at) AS first_alert, MAX(observed_at) AS last_alert,
  ANY_VALUE(diaSource.ra HAVING MIN observed_at) AS ra, ANY_VALUE(diaSource.dec HAVING MIN observed_at) AS dec,
  23.9 - 2.5 * LOG10(MAX(diaSource.psfFlux) / 1000) AS brightest_mag, MAX(diaSource.reliability) AS real_bogus
FROM alerts
WHERE night BETWEEN DATE(TIMESTAMP_SUB(@until, INTERVAL @hours + 12 HOUR)) AND DATE(@until)
  AND observed_at > TIMESTAMP_SUB(@until, INTERVAL @hours HOUR) AND observed_at <= @until
  AND diaObject.diaObjectId != 0
  AND diaObject.firstDiaSourceMjdTai > (UNIX_MICROS(TIMESTAMP_SUB(@until, INTERVAL @hours HOUR)) + 37e6) / 86400e6 + 40587
  AND diaSource.psfFlux > 0
  AND diaSource.reliability >= @real_bogus
GROUP BY diaObject.diaObjectId
HAVING MAX(diaObject.nDiaSources) >= @detections
ORDER BY first_alert, diaObjectId
