-- What brightens fast? Objects that in one night are brighter, by so many magnitudes, than in the same band a few days
-- before; of each the steepest pair of detections.
--
-- @night DATE = today  the night
-- @rise FLOAT64 = 1  magnitudes at least
-- @days FLOAT64 = 3  days at most
SELECT
  a.diaObject.diaObjectId AS diaObjectId, a.diaSource.diaSourceId, a.diaSource.ra, a.diaSource.dec, p.band,
  23.9 - 2.5 * LOG10(p.psfFlux / 1000) AS before_mag, 23.9 - 2.5 * LOG10(a.diaSource.psfFlux / 1000) AS mag,
  2.5 * LOG10(a.diaSource.psfFlux / p.psfFlux) AS rise_mag,
  2.5 / LN(10) * SQRT(POW(p.psfFluxErr / p.psfFlux, 2) + POW(a.diaSource.psfFluxErr / a.diaSource.psfFlux, 2)) AS rise_err,
  a.diaSource.midpointMjdTai - p.midpointMjdTai AS days
FROM alerts AS a, UNNEST(a.prvDiaSources) AS p
WHERE a.night = @night
  AND a.diaObject.diaObjectId != 0
  AND p.band = a.diaSource.band
  AND a.diaSource.midpointMjdTai - p.midpointMjdTai BETWEEN 0 AND @days
  AND p.timeWithdrawnMjdTai IS NULL
  AND p.psfFlux > 0 AND a.diaSource.psfFlux >= p.psfFlux * POW(10, @rise / 2.5)
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY a.diaObject.diaObjectId ORDER BY a.diaSource.psfFlux / p.psfFlux DESC, a.diaSource.diaSourceId) = 1
ORDER BY rise_mag DESC, diaObjectId
