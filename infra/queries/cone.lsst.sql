-- What happened at a place? The alerts within a circle on the sky, whole, with their distance from its centre. BigQuery
-- measures on a sphere of 6,371,010 m; the distance in metres becomes an angle.
--
-- @ra FLOAT64  right ascension of the centre in degrees
-- @dec FLOAT64  declination of the centre in degrees
-- @radius_arcsec FLOAT64  radius in arcseconds
SELECT *, ST_DISTANCE(position, ST_GEOGPOINT(@ra, @dec)) / 6371010 * 206264.80624709636 AS separation_arcsec
FROM alerts_stream
WHERE ST_DWITHIN(position, ST_GEOGPOINT(@ra, @dec), @radius_arcsec / 206264.80624709636 * 6371010)
QUALIFY ROW_NUMBER() OVER (PARTITION BY night, diaSource.diaSourceId ORDER BY nightwire.archived_at, nightwire.generation) = 1
