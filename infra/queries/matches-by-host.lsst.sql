-- How far from a catalogued object are the alerts that a filter chose?
--
-- @filter STRING  name of the filter
-- @from DATE = today-7  first night
-- @to DATE = today  last night
-- @within FLOAT64 = 30  arcseconds to the host at most
SELECT
  m.night, m.objectId, m.candid, m.version, m.ra, m.dec,
  23.9 - 2.5 * LOG10(NULLIF(ABS(a.diaSource.psfFlux), 0) / 1000) AS mag,
  a.diaObject.nearbyObj1 AS host, a.diaObject.nearbyObj1Dist AS host_arcsec
FROM matches AS m
JOIN alerts AS a ON a.night = m.night AND a.diaSource.diaSourceId = m.candid
WHERE m.filter = @filter AND m.night BETWEEN @from AND @to AND a.night BETWEEN @from AND @to
  AND a.diaObject.nearbyObj1Dist BETWEEN 0 AND @within
ORDER BY host_arcsec, candid
