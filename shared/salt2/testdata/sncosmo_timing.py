"""Fits simulated light curves with sncosmo and tells the processor time.

Arguments: the folder of the reference data, and zfixed, zfree or modelcov.
Each line that enters is the number of a light curve; each that leaves is the
processor time of its fit in seconds.
"""
import json
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")
import numpy as np
import sncosmo
from astropy.table import Table

folder, config = sys.argv[1:3]
source = sncosmo.SALT2Source(modeldir=os.path.join(folder, "models", "salt2-4"))
for name, file in (("ztfg", "P48_g.dat"), ("ztfr", "P48_R.dat"), ("ztfi", "P48_I.dat")):
    wave, trans = np.loadtxt(os.path.join(folder, "bandpasses", file), unpack=True)
    band = sncosmo.Bandpass(wave, trans, name=name, trim_level=0.001)
    sncosmo.register(band, name=name, force=True)
with open(os.path.join(folder, "salt2", "sim_lightcurves.jsonl")) as f:
    curves = [json.loads(line) for line in f]

for line in sys.stdin:
    curve = curves[int(line)]
    data = Table({k: curve[k] for k in ("time", "band", "flux", "fluxerr", "zp")})
    data["zpsys"] = "ab"
    model = sncosmo.Model(source=source)
    model.set(z=curve["truth"]["z"])
    free, bounds = ["t0", "x0", "x1", "c"], {"x1": (-5, 5), "c": (-5, 5)}
    if config == "zfree":
        free, bounds["z"] = ["z"] + free, (0.005, 0.2)
    start = time.process_time()
    sncosmo.fit_lc(data, model, free, bounds=bounds, modelcov=config == "modelcov", warn=False)
    print(time.process_time() - start, flush=True)
