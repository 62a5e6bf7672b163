-- What is new in the sky? Objects that ZTF had never detected before the last hours, brighter than in the template, no
-- known body of the solar system, and at no star.
--
-- @until TIMESTAMP = now  end of the hours
-- @hours INT64 = 24  how many
-- @detections INT64 = 2  detections at least, by the survey's count
-- @real_bogus FLOAT64 = 0.65  score of each at least: drb, or rb where there is none
SELECT
  objectId, COUNT(*) AS alerts, MIN(observed_at) AS first_alert, MAX(observed_at) AS last_alert,
  ANY_VALUE(candidate.ra HAVING MIN observed_at) AS ra, ANY_VALUE(candidate.dec HAVING MIN observed_at) AS dec,
  MIN(candidate.magpsf) AS brightest_mag, MAX(IFNULL(candidate.drb, candidate.rb)) AS real_bogus
FROM alerts
WHERE night BETWEEN DATE(TIMESTAMP_SUB(@until, INTERVAL @hours HOUR)) AND DATE(@until)
  AND observed_at > TIMESTAMP_SUB(@until, INTERVAL @hours HOUR) AND observed_at <= @until
  AND candidate.jdstarthist > UNIX_MICROS(TIMESTAMP_SUB(@until, INTERVAL @hours HOUR)) / 86400e6 + 2440587.5
  AND candidate.isdiffpos IN ('t', '1')
  AND IFNULL(candidate.drb, candidate.rb) >= @real_bogus
  AND NOT IFNULL(candidate.ssdistnr BETWEEN 0 AND 5, FALSE)
  AND NOT IFNULL(candidate.distpsnr1 BETWEEN 0 AND 1.5 AND candidate.sgscore1 > 0.5, FALSE)
GROUP BY objectId
HAVING MAX(candidate.ndethist) >= @detections
ORDER BY first_alert, objectId
