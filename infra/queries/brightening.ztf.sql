-- What brightens fast? Objects that in one night are brighter, by so many magnitudes, than in the same band a few days
-- before; of each the steepest pair of detections.
--
-- @night DATE = today  the night
-- @rise FLOAT64 = 1  magnitudes at least
-- @days FLOAT64 = 3  days at most
SELECT
  a.objectId, a.candid, a.candidate.ra, a.candidate.dec,
  CASE p.fid WHEN 1 THEN 'g' WHEN 2 THEN 'r' WHEN 3 THEN 'i' END AS band,
  p.magpsf AS before_mag, a.candidate.magpsf AS mag, p.magpsf - a.candidate.magpsf AS rise_mag,
  SQRT(p.sigmapsf * p.sigmapsf + a.candidate.sigmapsf * a.candidate.sigmapsf) AS rise_err,
  a.candidate.jd - p.jd AS days
FROM alerts AS a, UNNEST(a.prv_candidates) AS p
WHERE a.night = @night
  AND p.fid = a.candidate.fid
  AND a.candidate.jd - p.jd BETWEEN 0 AND @days
  AND a.candidate.isdiffpos IN ('t', '1') AND p.isdiffpos IN ('t', '1')
  AND p.magpsf - a.candidate.magpsf >= @rise
QUALIFY ROW_NUMBER() OVER (PARTITION BY a.objectId ORDER BY p.magpsf - a.candidate.magpsf DESC, a.candid) = 1
ORDER BY rise_mag DESC, objectId
