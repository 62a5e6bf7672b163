-- How many alerts did each night bring, in which band, of how many objects, and how deep?
--
-- @from DATE = today-30  first night
-- @to DATE = today  last night
SELECT
  night, diaSource.band AS band,
  COUNT(*) AS alerts, COUNT(DISTINCT NULLIF(diaObject.diaObjectId, 0)) AS objects,
  COUNTIF(diaSource.psfFlux < 0) AS negative,
  23.9 - 2.5 * LOG10(NULLIF(MAX(ABS(diaSource.psfFlux)), 0) / 1000) AS brightest_mag,
  23.9 - 2.5 * LOG10(NULLIF(MIN(ABS(diaSource.psfFlux)), 0) / 1000) AS faintest_mag
FROM alerts
WHERE night BETWEEN @from AND @to
GROUP BY night, band
ORDER BY night, band
