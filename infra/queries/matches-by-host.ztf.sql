-- How far from a galaxy are the alerts that a filter chose? The host is the nearest of the three Pan-STARRS sources that
-- looks extended.
--
-- @filter STRING  name of the filter
-- @from DATE = today-7  first night
-- @to DATE = today  last night
-- @within FLOAT64 = 30  arcseconds to the host at most
WITH chosen AS (
  SELECT
    m.night, m.objectId, m.candid, m.version, m.ra, m.dec, a.candidate.magpsf AS mag,
    CASE
      WHEN a.candidate.sgscore1 BETWEEN 0 AND 0.5 THEN a.candidate.distpsnr1
      WHEN a.candidate.sgscore2 BETWEEN 0 AND 0.5 THEN a.candidate.distpsnr2
      WHEN a.candidate.sgscore3 BETWEEN 0 AND 0.5 THEN a.candidate.distpsnr3
    END AS host_arcsec
  FROM matches AS m
  JOIN alerts AS a ON a.night = m.night AND a.candid = m.candid
  WHERE m.filter = @filter AND m.night BETWEEN @from AND @to AND a.night BETWEEN @from AND @to
)
SELECT *
FROM chosen
WHERE host_arcsec BETWEEN 0 AND @within
ORDER BY host_arcsec, candid
