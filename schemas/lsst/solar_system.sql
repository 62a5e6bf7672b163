-- Each alert of a body of the solar system: where it was seen, how Sun, Earth
-- and body stood, and its orbit. What LSST renamed has one name here, the later,
-- whichever version sent it. Renamed are fields that say the same in the same
-- unit. The residuals of 9.0 have no successor, since ephOffsetRa and
-- ephOffsetDec are in arcsec and of one it is not said whether it is times
-- cos(dec); nor have its vectors, whose axes it does not name and whose
-- velocities are in AU/d.
SELECT
  SPLIT(nightwire.object, '/')[SAFE_OFFSET(2)] AS objectId, diaSource.diaSourceId AS candid, night, observed_at, position,
  diaSource.midpointMjdTai, diaSource.band, diaSource.ra, diaSource.dec, diaSource.psfFlux, diaSource.psfFluxErr,
  IFNULL(diaSource.isNegative, diaSource.is_negative) AS isNegative,
  IFNULL(ssSource.eclLambda, ssSource.eclipticLambda) AS eclLambda,
  IFNULL(ssSource.eclBeta, ssSource.eclipticBeta) AS eclBeta,
  IFNULL(ssSource.galLon, ssSource.galacticL) AS galLon,
  IFNULL(ssSource.galLat, ssSource.galacticB) AS galLat,
  ssSource.elongation, ssSource.phaseAngle,
  IFNULL(ssSource.helioRange, ssSource.heliocentricDist) AS helioRange,
  IFNULL(ssSource.topoRange, ssSource.topocentricDist) AS topoRange,
  IFNULL(ssSource.ephVmag, ssSource.predictedVMagnitude) AS ephVmag,
  ssSource.ephOffset, ssSource.ephOffsetRa, ssSource.ephOffsetDec,
  IFNULL(mpc_orbits.h, MPCORB.mpcH) AS h,
  IFNULL(mpc_orbits.epoch_mjd, MPCORB.epoch) AS epoch_mjd,
  IFNULL(mpc_orbits.mean_anomaly, MPCORB.M) AS mean_anomaly,
  IFNULL(mpc_orbits.argperi, MPCORB.peri) AS argperi,
  IFNULL(mpc_orbits.node, MPCORB.node) AS node,
  IFNULL(mpc_orbits.i, MPCORB.incl) AS i,
  IFNULL(mpc_orbits.e, MPCORB.e) AS e,
  IFNULL(mpc_orbits.a, MPCORB.a) AS a,
  IFNULL(mpc_orbits.q, MPCORB.q) AS q
FROM `{dataset}.alerts`
WHERE STARTS_WITH(SPLIT(nightwire.object, '/')[SAFE_OFFSET(2)], 'sso-')
