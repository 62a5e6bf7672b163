package lightcurve

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ReadCSV reads a table that an astronomer wrote: a line of names, and a line
// for each measurement. The names, in any order, are
//
//	mjd,band,flux,fluxerr       flux in microjansky
//	mjd,band,flux,fluxerr,zp    flux on a scale with this AB zero point
//	mjd,band,mag,magerr         AB magnitude
//
// mjd is UTC; band is u, g, r, i, z or y, as it is or as ztfg and lsstg. Lines
// that begin with # are comments. An error names the line and the column.
func ReadCSV(r io.Reader) (Curve, error) {
	table := csv.NewReader(withoutMark(r))
	table.Comment, table.TrimLeadingSpace, table.ReuseRecord = '#', true, true
	names, err := table.Read()
	if err != nil {
		return Curve{}, csvError(err)
	}
	columns, err := header(table, names)
	if err != nil {
		return Curve{}, err
	}
	var c Curve
	for {
		fields, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Curve{}, csvError(err)
		}
		p, err := row{table, columns, fields}.point()
		if err != nil {
			return Curve{}, err
		}
		c.Points = append(c.Points, p)
	}
	c.order()
	return c, nil
}

// withoutMark skips the byte order mark that spreadsheets put first.
func withoutMark(r io.Reader) io.Reader {
	const mark = "\ufeff"
	b := bufio.NewReader(r)
	if start, err := b.Peek(len(mark)); err == nil && string(start) == mark {
		_, _ = b.Discard(len(mark)) // just peeked
	}
	return b
}

func csvError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("read light curve: the table is empty")
	}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("read light curve: line %d, column %d: %w", parse.Line, parse.Column, parse.Err)
	}
	return fmt.Errorf("read light curve: %w", err)
}

// columns are the places of the columns by their names.
type columns map[string]int

// layouts are the columns that a table may have.
var layouts = [][]string{
	{"mjd", "band", "flux", "fluxerr"}, {"mjd", "band", "flux", "fluxerr", "zp"}, {"mjd", "band", "mag", "magerr"},
}

// header finds the columns; those of one layout have to be there, no others.
func header(table *csv.Reader, names []string) (columns, error) {
	found := columns{}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		line, _ := table.FieldPos(i)
		if _, twice := found[name]; twice {
			return nil, fmt.Errorf("read light curve: line %d, column %s: it is there twice", line, name)
		}
		if !slices.ContainsFunc(layouts, func(l []string) bool { return slices.Contains(l, name) }) {
			return nil, fmt.Errorf("read light curve: line %d, column %q: not one of mjd, band, flux, fluxerr, zp, mag, magerr", line, name)
		}
		found[name] = i
	}
	for _, layout := range layouts {
		if len(layout) == len(found) && !slices.ContainsFunc(layout, func(name string) bool { _, ok := found[name]; return !ok }) {
			return found, nil
		}
	}
	line, _ := table.FieldPos(0)
	return nil, fmt.Errorf("read light curve: line %d: the columns %s are neither mjd,band,flux,fluxerr[,zp] nor mjd,band,mag,magerr",
		line, strings.Join(names, ","))
}
