package grid

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// ReadGrid reads a table of phase, wavelength and value. Each phase must have
// the wavelengths of the first. An error names the line.
func ReadGrid(r io.Reader) (*Grid, error) {
	var phases, waves, values []float64
	column := 0 // of the next value
	err := readRows(r, 3, func(v []float64) error {
		first := len(phases) == 0
		if first || v[0] != phases[len(phases)-1] {
			if !first && v[0] < phases[len(phases)-1] {
				return fmt.Errorf("phase %g follows %g", v[0], phases[len(phases)-1])
			}
			if !first && column != len(waves) {
				return fmt.Errorf("phase %g has %d wavelengths, the first phase has %d",
					phases[len(phases)-1], column, len(waves))
			}
			phases, column = append(phases, v[0]), 0
		}
		switch {
		case len(phases) == 1:
			if column > 0 && v[1] <= waves[column-1] {
				return fmt.Errorf("wavelength %g follows %g", v[1], waves[column-1])
			}
			waves = append(waves, v[1])
		case column >= len(waves) || v[1] != waves[column]:
			return fmt.Errorf("wavelength %g is not that of the first phase", v[1])
		}
		values = append(values, v[2])
		column++
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(phases) < 2 || len(waves) < 2:
		return nil, fmt.Errorf("%d phases and %d wavelengths: a table needs two of each", len(phases), len(waves))
	case column != len(waves):
		return nil, fmt.Errorf("the last phase has %d wavelengths, the first has %d", column, len(waves))
	}
	return &Grid{Phase: newAxis(phases), Wave: newAxis(waves), values: values}, nil
}

// ReadCurve reads a table of wavelength and value. An error names the line.
func ReadCurve(r io.Reader) (*Curve, error) {
	var waves, values []float64
	err := readRows(r, 2, func(v []float64) error {
		if n := len(waves); n > 0 && v[0] <= waves[n-1] {
			return fmt.Errorf("wavelength %g follows %g", v[0], waves[n-1])
		}
		waves, values = append(waves, v[0]), append(values, v[1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return NewCurve(waves, values)
}

// NewCurve makes a curve of samples whose wavelengths increase.
func NewCurve(waves, values []float64) (*Curve, error) {
	if len(waves) < 2 {
		return nil, fmt.Errorf("%d wavelengths: a curve needs two", len(waves))
	}
	return &Curve{Axis: newAxis(waves), Values: values}, nil
}

// readRows calls each for every line of numbers; '#' starts a comment.
func readRows(r io.Reader, columns int, each func([]float64) error) error {
	row := make([]float64, columns)
	lines := bufio.NewScanner(r)
	number := 0
	for lines.Scan() {
		number++
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != columns {
			return fmt.Errorf("line %d: %d columns, want %d", number, len(fields), columns)
		}
		for i, field := range fields {
			x, err := strconv.ParseFloat(field, 64)
			if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("line %d: %q is not a finite number", number, field)
			}
			row[i] = x
		}
		if err := each(row); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("line %d: longer than a line of numbers", number+1)
	} else if err != nil {
		return err
	}
	return nil
}
