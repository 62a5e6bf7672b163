-- How many alerts did each night bring, in which band, of how many objects, and how deep?
--
-- @from DATE = today-30  first night
-- @to DATE = today  last night
SELECT
  night, CASE candidate.fid WHEN 1 THEN 'g' WHEN 2 THEN 'r' WHEN 3 THEN 'i' END AS band,
  COUNT(*) AS alerts, COUNT(DISTINCT objectId) AS objects,
  COUNTIF(candidate.isdiffpos IN ('f', '0')) AS negative,
  MIN(candidate.magpsf) AS brightest_mag, MAX(candidate.magpsf) AS faintest_mag
FROM alerts
WHERE night BETWEEN @from AND @to
GROUP BY night, band
ORDER BY night, band
