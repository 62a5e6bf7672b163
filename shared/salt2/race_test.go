//go:build race

package salt2

const raceEnabled = true
