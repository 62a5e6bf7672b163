// Package cost says what a night costs on Google Cloud at list prices.
//
// A Load enters: how many alerts a night, how large, how many filters that
// choose how much, and how long all is kept. A Bill leaves: one line for
// everything that is paid for, with the formula behind it, sums by service for a
// night, a million alerts and a month, and what a change of each setting would
// save. The command line prints it.
//
// The model is arithmetic on three tables and the plan of the deployment, whose
// instances and days of keeping it takes. prices.json has the list prices, each
// with the page that has it and the day on which it was read. measured.json has
// what was measured of the system itself on a synthetic night: bytes of messages
// and rows, processor time, how much the built-in filters choose. What was
// neither read nor measured is an assumption, and stands in the Load where a
// person can change it.
//
// Storage is counted for as long as a night is kept, and billed to the night. A
// month's bill is then that of its nights, once the first of them are old enough
// to be deleted; before, it is less.
package cost

import (
	"cmp"
	"slices"
)

// Line is one thing that is paid for.
type Line struct {
	Service  string  `json:"service"`
	Name     string  `json:"name"`
	Formula  string  `json:"formula"`
	Quantity float64 `json:"quantity"` // a night
	Unit     string  `json:"unit"`
	Price    string  `json:"price"` // its ID in the table of prices
	USD      float64 `json:"usd"`   // a night
}

// Sum is what a service costs.
type Sum struct {
	Service string  `json:"service"`
	Night   float64 `json:"night"`
	Million float64 `json:"million_alerts"`
	Month   float64 `json:"month"`
	Share   float64 `json:"share"` // of the whole
}

// Bill is what a night costs.
type Bill struct {
	Load     Load    `json:"load"`
	Lines    []Line  `json:"lines"`
	Services []Sum   `json:"services"` // the dearest first
	Total    Sum     `json:"total"`
	Free     float64 `json:"free_month"` // what the free allowances take off a month, if nothing else uses them
}

// Price bills a load with Nightwire's layout.
func (l Load) Price(m *Measured, prices *Prices) Bill { return l.bill(m, prices, nightwire) }

// PriceFullPackets bills the same load with the layout that sends the whole
// packet through every topic.
func (l Load) PriceFullPackets(m *Measured, prices *Prices) Bill {
	return l.bill(m, prices, fullPackets)
}

func (l Load) bill(m *Measured, prices *Prices, layout layout) Bill {
	b := Bill{Load: l}
	n := &night{Load: l, measured: m, layout: layout}
	for _, line := range n.lines() {
		price := prices.byID[line.Price]
		line.Service, line.Unit, line.USD = price.Service, price.Unit, line.Quantity*price.USD
		b.Lines = append(b.Lines, line)
	}
	b.sum(prices)
	return b
}

func (b *Bill) sum(prices *Prices) {
	nights, quantities := map[string]float64{}, map[string]float64{}
	var total float64
	for _, line := range b.Lines {
		nights[line.Service] += line.USD
		quantities[line.Price] += line.Quantity * b.Load.NightsPerMonth
		total += line.USD
	}
	sum := func(service string, night float64) Sum {
		return Sum{service, night, night / b.Load.Alerts * 1e6, night * b.Load.NightsPerMonth, night / total}
	}
	for service, night := range nights {
		b.Services = append(b.Services, sum(service, night))
	}
	slices.SortFunc(b.Services, func(x, y Sum) int {
		return cmp.Or(cmp.Compare(y.Night, x.Night), cmp.Compare(x.Service, y.Service))
	})
	b.Total = sum("all", total)
	for _, price := range prices.List {
		b.Free += min(quantities[price.ID], price.Free) * price.USD
	}
}

// Dearest are the lines that cost most.
func (b Bill) Dearest(n int) []Line {
	lines := slices.Clone(b.Lines)
	slices.SortStableFunc(lines, func(x, y Line) int { return cmp.Compare(y.USD, x.USD) })
	return lines[:min(n, len(lines))]
}
