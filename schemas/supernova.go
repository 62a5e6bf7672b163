package schemas

// SALTParameters are the parameters of a SALT fit, in the order of its covariance.
func SALTParameters() []string { return []string{"z", "t0", "x0", "x1", "c"} }

// supernovaTables are the tables that the function supernova writes, the same for every survey.
func supernovaTables() []Table {
	return []Table{
		{
			Name:        "supernova_fits",
			Description: "Fits of a SALT model to the light curves of likely extragalactic transients: at least one row an alert, a model and settings of the function.",
			Columns:     supernovaFits(),
			PartitionBy: "night",
			ClusterBy:   []string{"objectId"},
			PrimaryKey:  []string{"candid", "model_hash", "settings"},
		},
		{
			Name:        "transient_fits",
			Description: "Fits of Bazin's rise and fall, of no model, to the same light curves: at least one row an alert.",
			Columns:     transientFits(),
			PartitionBy: "night",
			ClusterBy:   []string{"objectId"},
			PrimaryKey:  []string{"candid", "model"},
		},
	}
}

// supernovaViews are the views of those tables: of what was fitted again, the last.
func supernovaViews() []View {
	tables := supernovaTables()
	salt, bazin := tables[0], tables[1]
	return []View{
		{
			Name:        "fits",
			Description: "Fits of a SALT model: one row an alert, a model and settings, the last.",
			Query:       first(salt.Name, append([]string{salt.PartitionBy}, salt.PrimaryKey...), "fitted_at DESC"),
		},
		{
			Name:        "rises",
			Description: "Fits of Bazin's rise and fall: one row an alert, the last.",
			Query:       first(bazin.Name, append([]string{bazin.PartitionBy}, bazin.PrimaryKey...), "fitted_at DESC"),
		},
	}
}

func supernovaFits() []Column {
	columns := append(alertColumns(), fitColumns()...)
	columns = append(columns,
		required(column("model_hash", String, "SHA-256 over the model's files, in hexadecimal.")),
		column("demonstration", Boolean, "Whether the model is the synthetic one that shows how all works: such a fit is not for science."),
		column("settings", String, "Digest of the function's settings: of the redshift, the ranges and the model's errors."),
		column("z_fixed", Boolean, "Whether the redshift was given; otherwise it is part of the fit."),
		column("z", Float, "Heliocentric redshift."),
		column("z_err", Float, "Its error; 0 where it was given."),
		column("t0", Float, "Time of the maximum in rest-frame B, MJD, UTC [d]."),
		column("t0_err", Float, "Its error [d]."),
		column("x0", Float, "Amplitude, in the model's unit of flux."),
		column("x0_err", Float, "Its error."),
		column("x1", Float, "Stretch."),
		column("x1_err", Float, "Its error."),
		column("c", Float, "Colour. Dust of the Milky Way is not taken off: it is in here."),
		column("c_err", Float, "Its error."),
		column("covariance", Record, "Covariance of the parameters, each pair once.", saltCovariance()...),
		column("peak_mag", Float, "Apparent AB magnitude in rest-frame Bessell B at the maximum [mag]."),
		column("peak_mag_err", Float, "Its error [mag]."),
		column("peak_abs_mag", Float, "Absolute AB magnitude of the same, where the redshift was given: flat, H0 70 km/s/Mpc, Omega_m 0.3 [mag]."),
		column("peak_abs_mag_err", Float, "Its error, of the light curve alone [mag]."),
		column("plausible_ia", Boolean, "Whether the fit is that of a plausible supernova of type Ia."),
		repeated(column("doubts", String, "Why it is not.")),
	)
	return append(columns, evidenceColumns()...)
}

func transientFits() []Column {
	columns := append(alertColumns(), fitColumns()...)
	columns = append(columns,
		column("peak", Float, "When the flux is highest, MJD, UTC [d]."),
		column("peak_err", Float, "Its error [d]."),
		column("t0", Float, "The equation's t0, MJD, UTC [d]."),
		column("t0_err", Float, "Its error [d]."),
		column("rise", Float, "E-folding time of the equation's rise [d]."),
		column("rise_err", Float, "Its error [d]."),
		column("fall", Float, "E-folding time of the fall [d]."),
		column("fall_err", Float, "Its error [d]."),
		repeated(column("held", String, "What ended on a bound of the search: peak, rise, fall.")),
		repeated(column("bands", Record, "What each band has for itself, the bluest first.",
			column("band", String, "Band."),
			column("amplitude", Float, "The equation's amplitude [uJy]."),
			column("amplitude_err", Float, "Its error [uJy]."),
			column("peak_flux", Float, "Flux at the peak [uJy]."),
			column("peak_flux_err", Float, "Its error [uJy]."),
			column("peak_mag", Float, "AB magnitude of it [mag]."),
			column("points", Integer, "Points of the band that were fitted."),
		)),
		column("colour_bands", String, "The two bluest bands, such as g-r."),
		column("colour", Float, "Difference of their magnitudes at the peak [mag]."),
		column("colour_err", Float, "Its error [mag]."),
		repeated(column("covariance", Record, "Covariance of the parameters, each pair once.",
			column("a", String, "One parameter: t0, rise, fall, amplitude_g, ..."),
			column("b", String, "The other, or the same."),
			column("value", Float, "Their covariance."),
		)),
	)
	return append(columns, evidenceColumns()...)
}

// fitColumns are what every fit has.
func fitColumns() []Column {
	return []Column{
		column("observed_at", Timestamp, "When the observation was made, UTC."),
		column("ra", Float, "Right ascension, J2000 [deg]."),
		column("dec", Float, "Declination, J2000 [deg]."),
		column("position", Geography, "Where on the sky: longitude is right ascension, -180 to 180, latitude declination [deg]."),
		required(column("fitted_at", Timestamp, "When the fit was made.")),
		column("reason", String, "Why there is no fit; absent where there is one."),
		column("chi2", Float, "Chi-square of the points that were used; a model's covariance is that of the repetition before, as the reference program has it."),
		column("ndof", Integer, "Degrees of freedom."),
		column("p_value", Float, "Probability of this chi-square or a larger one if the model is true."),
		column("n_significant", Integer, "Points of at least 5 sigma in the fit's range."),
		column("n_used", Integer, "Points that were used."),
		required(column("model", String, "What was fitted.")),
	}
}

// evidenceColumns are what a fit was made from, and what it cost.
func evidenceColumns() []Column {
	return []Column{
		repeated(column("data", Record, "The light curve, in order of time.",
			column("mjd", Float, "When, UTC [d]."),
			column("band", String, "Band."),
			column("flux", Float, "Flux on the difference image [uJy]."),
			column("flux_err", Float, "Its error [uJy]."),
			column("forced", Boolean, "Whether it is forced photometry."),
			column("used", Boolean, "Whether the fit used it."),
		)),
		column("plot", String, "Name of the light curve's plot in the bucket of products; absent where there is none."),
		column("cpu_ms", Float, "Processor time that the fit took [ms]."),
		column("replay", Boolean, "Whether the alert was sent again on purpose."),
	}
}

func saltCovariance() []Column {
	var columns []Column
	names := SALTParameters()
	for i, a := range names {
		for _, b := range names[i:] {
			columns = append(columns, column(a+"_"+b, Float, "Covariance of "+a+" and "+b+"."))
		}
	}
	return columns
}
