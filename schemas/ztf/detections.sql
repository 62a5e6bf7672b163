-- Each detection once: those that triggered alerts, and those of the alerts'
-- histories. What an alert says of its own detection has more digits and goes
-- first. A detection has a magnitude, an upper limit has none. Flux and error:
-- f = 10^((23.9 - m) / 2.5) microjansky, sigma_f = f sigma_m ln(10) / 2.5; the
-- flux of a negative subtraction is negative.
SELECT
  objectId, candid, triggered,
  DATE(observed_at) AS night, observed_at, jd - 2400000.5 AS mjd, band,
  ra, dec, SAFE.ST_GEOGPOINT(ra, dec) AS position,
  positive, magpsf AS mag, sigmapsf AS mag_err,
  IF(positive, flux, -flux) AS flux_ujy, flux * sigmapsf * LN(10) / 2.5 AS flux_err_ujy,
  IFNULL(drb, rb) AS real_bogus, jdstarthist - 2400000.5 AS known_since_mjd,
  * EXCEPT (objectId, candid, triggered, observed_at, band, ra, dec, positive, flux, archived_at, generation)
FROM (
  SELECT *,
    SAFE.TIMESTAMP_MICROS(SAFE_CAST(ROUND((jd - 2440587.5) * 86400e6) AS INT64)) AS observed_at,
    CASE fid WHEN 1 THEN 'g' WHEN 2 THEN 'r' WHEN 3 THEN 'i' END AS band,
    IFNULL(LOWER(isdiffpos) NOT IN ('f', '0', 'false'), TRUE) AS positive,
    POW(10, (23.9 - magpsf) / 2.5) AS flux
  FROM (
    SELECT
      objectId, TRUE AS triggered, nightwire.archived_at, nightwire.generation,
      candidate.candid, candidate.jd, candidate.fid, candidate.pid, candidate.programid, candidate.field,
      candidate.rcid, candidate.ra, candidate.dec, candidate.isdiffpos, candidate.magpsf, candidate.sigmapsf,
      candidate.diffmaglim, candidate.magap, candidate.sigmagap, candidate.magzpsci, candidate.distnr,
      candidate.magnr, candidate.sigmagnr, candidate.ssdistnr, candidate.rb, candidate.drb, candidate.nbad,
      candidate.fwhm, candidate.elong, candidate.scorr, candidate.ndethist, candidate.jdstarthist
    FROM `{dataset}.alerts_stream`
    UNION ALL
    SELECT
      objectId, FALSE, a.nightwire.archived_at, a.nightwire.generation,
      p.candid, p.jd, p.fid, p.pid, p.programid, p.field,
      p.rcid, p.ra, p.dec, p.isdiffpos, p.magpsf, p.sigmapsf,
      p.diffmaglim, p.magap, p.sigmagap, p.magzpsci, p.distnr,
      p.magnr, p.sigmagnr, p.ssdistnr, p.rb, NULL, p.nbad,
      p.fwhm, p.elong, p.scorr, NULL, NULL
    FROM `{dataset}.alerts_stream` AS a, UNNEST(a.prv_candidates) AS p
  )
  WHERE ABS(magpsf) < 100 AND sigmapsf > 0 AND sigmapsf < 1e30
)
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY objectId, IFNULL(candid, UNIX_MICROS(observed_at))
  ORDER BY triggered DESC, archived_at, generation) = 1
