-- Which supernovae were fitted of late? Of each object the fit of the last of its alerts that could be fitted. A
-- demonstration model's fits are not for science.
--
-- @from DATE = today-7  first night
-- @to DATE = today  last night
-- @plausible BOOL = true  only what may be of type Ia
SELECT
  objectId, candid, observed_at, ra, dec, z, z_err, t0, t0_err, x1, x1_err, c, c_err, peak_mag, peak_abs_mag,
  chi2, ndof, p_value, plausible_ia, model, demonstration
FROM (
  SELECT *
  FROM fits
  WHERE night BETWEEN @from AND @to AND reason IS NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY objectId ORDER BY observed_at DESC, fitted_at DESC) = 1
)
WHERE plausible_ia OR NOT @plausible
ORDER BY observed_at DESC, objectId
