-- Each detection once: those that triggered alerts, and those of the alerts'
-- histories; what an alert says of its own detection goes first. A detection
-- that the survey has withdrawn, in whichever packet, is none. The objectId is
-- that of the archive: diaObjectId, or sso- and ssObjectId in the solar system,
-- or unassociated. The survey counts time in TAI, 37 seconds ahead of UTC, and
-- flux in nanojansky.
SELECT
  objectId, candid, triggered,
  DATE(TIMESTAMP_SUB(observed_at, INTERVAL 12 HOUR)) AS night, observed_at, mjd, band,
  ra, dec, SAFE.ST_GEOGPOINT(ra, dec) AS position,
  psfFlux > 0 AS positive,
  23.9 - 2.5 * LOG10(NULLIF(ABS(psfFlux / 1000), 0)) AS mag,
  2.5 / LN(10) * psfFluxErr / NULLIF(ABS(psfFlux), 0) AS mag_err,
  psfFlux / 1000 AS flux_ujy, psfFluxErr / 1000 AS flux_err_ujy,
  reliability AS real_bogus, known_since_mjd,
  * EXCEPT (objectId, candid, triggered, observed_at, mjd, band, ra, dec, known_since_mjd, withdrawn, archived_at, generation)
FROM (
  SELECT *, SAFE.TIMESTAMP_MICROS(SAFE_CAST(ROUND((mjd - 40587) * 86400e6) AS INT64)) AS observed_at
  FROM (
    SELECT
      SPLIT(a.nightwire.object, '/')[SAFE_OFFSET(2)] AS objectId,
      TRUE AS triggered, a.nightwire.archived_at, a.nightwire.generation,
      a.diaObject.firstDiaSourceMjdTai - 37 / 86400 AS known_since_mjd,
      a.diaSource.diaSourceId AS candid, a.diaSource.midpointMjdTai - 37 / 86400 AS mjd,
      a.diaSource.band, a.diaSource.ra, a.diaSource.dec,
      a.diaSource.timeWithdrawnMjdTai IS NOT NULL AS withdrawn,
      a.diaSource.visit, a.diaSource.detector, a.diaSource.diaObjectId, a.diaSource.ssObjectId,
      a.diaSource.midpointMjdTai, a.diaSource.psfFlux, a.diaSource.psfFluxErr, a.diaSource.apFlux,
      a.diaSource.apFluxErr, a.diaSource.scienceFlux, a.diaSource.scienceFluxErr, a.diaSource.templateFlux,
      a.diaSource.templateFluxErr, a.diaSource.snr, a.diaSource.reliability, a.diaSource.extendedness,
      a.diaSource.isDipole, a.diaSource.trailLength, a.diaSource.timeProcessedMjdTai,
      IFNULL(a.diaSource.isNegative, a.diaSource.is_negative) AS isNegative
    FROM `{dataset}.alerts_stream` AS a
    UNION ALL
    SELECT
      SPLIT(a.nightwire.object, '/')[SAFE_OFFSET(2)],
      FALSE, a.nightwire.archived_at, a.nightwire.generation,
      NULL,
      p.diaSourceId, p.midpointMjdTai - 37 / 86400,
      p.band, p.ra, p.dec,
      p.timeWithdrawnMjdTai IS NOT NULL,
      p.visit, p.detector, p.diaObjectId, p.ssObjectId, p.midpointMjdTai, p.psfFlux, p.psfFluxErr, p.apFlux,
      p.apFluxErr, p.scienceFlux, p.scienceFluxErr, p.templateFlux, p.templateFluxErr, p.snr, p.reliability,
      p.extendedness, p.isDipole, p.trailLength, p.timeProcessedMjdTai,
      IFNULL(p.isNegative, p.is_negative)
    FROM `{dataset}.alerts_stream` AS a, UNNEST(a.prvDiaSources) AS p
  )
  WHERE ABS(psfFlux) < 1e30 AND psfFluxErr > 0 AND psfFluxErr < 1e30
)
WHERE TRUE
QUALIFY NOT LOGICAL_OR(withdrawn) OVER (PARTITION BY objectId, candid)
  AND ROW_NUMBER() OVER (PARTITION BY objectId, candid ORDER BY triggered DESC, archived_at, generation) = 1
