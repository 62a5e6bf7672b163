package main

import (
	"math/big"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"nightwire.dev/shared/warehouse"
)

func TestCell(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		value any
		want  string
	}{
		"null":              {nil, "null"},
		"candid":            {int64(1642404680815015001), "1642404680815015001"},
		"Julian date":       {2459396.9046875, "2459396.9046875"},
		"small number":      {1.5e-7, "1.5e-07"},
		"zero":              {0.0, "0"},
		"text":              {"a\tb", "a\tb"},
		"truth":             {true, "true"},
		"bytes":             {[]byte{1, 255}, "01ff"},
		"instant":           {time.Date(2026, 9, 1, 4, 5, 6, 700, time.FixedZone("", 3600)), "2026-09-01 03:05:06"},
		"date":              {civil.Date{Year: 2026, Month: 9, Day: 1}, "2026-09-01"},
		"decimal":           {big.NewRat(5, 4), "1.25"},
		"list":              {[]any{int64(1), "a"}, `[1,"a"]`},
		"record, in order":  {warehouse.Struct{{Name: "z", Value: int64(1)}, {Name: "a", Value: nil}}, `{"z":1,"a":null}`},
		"angle brackets":    {[]any{"<a>"}, `["<a>"]`},
		"a list of records": {[]any{warehouse.Struct{{Name: "fid", Value: int64(2)}}}, `[{"fid":2}]`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := cell(c.value); got != c.want {
				t.Errorf("cell is %q, want %q", got, c.want)
			}
		})
	}
}

func TestAsks(t *testing.T) {
	t.Parallel()
	cases := map[string]bool{
		"SELECT 1":                     true,
		"with a AS (SELECT 1) TABLE a": true,
		" ( select 1 )":                true,
		"-- why\n/* DROP */ SELECT 1":  true,
		"DROP TABLE ledger":            false,
		"/* SELECT */ DELETE FROM a":   false,
		"-- SELECT 1":                  false,
		"SELECTED":                     false,
		"":                             false,
	}
	for sql, want := range cases {
		if got := asks(sql); got != want {
			t.Errorf("%q asks: %v, want %v", sql, got, want)
		}
	}
}
