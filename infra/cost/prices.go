package cost

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

//go:embed prices.json
var pricesJSON []byte

// Price is a list price.
type Price struct {
	ID      string  `json:"id"`
	Service string  `json:"service"`
	What    string  `json:"what"`
	USD     float64 `json:"usd"`            // of one unit
	Unit    string  `json:"unit"`           // as the page has it
	Free    float64 `json:"free,omitempty"` // units a month
	Read    string  `json:"read"`           // the day on which it stood on the page, YYYY-MM-DD
	Page    string  `json:"page"`
}

// Prices are the list prices of a region.
type Prices struct {
	About   string   `json:"about"`
	Region  string   `json:"region"`
	List    []Price  `json:"prices"`
	LeftOut []string `json:"left_out"` // what costs something and is not in the model, and why

	byID map[string]Price
}

// ListPrices are the prices that the program comes with.
func ListPrices() (*Prices, error) { return ReadPrices(pricesJSON) }

// ReadPrices reads a table of prices; each has to say when and where it was read.
func ReadPrices(text []byte) (*Prices, error) {
	p := &Prices{byID: map[string]Price{}}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	for _, price := range p.List {
		if _, twice := p.byID[price.ID]; twice {
			return nil, fmt.Errorf("read prices: %s stands there twice", price.ID)
		}
		if err := price.validate(); err != nil {
			return nil, fmt.Errorf("read prices: %s: %w", price.ID, err)
		}
		p.byID[price.ID] = price
	}
	return p, nil
}

func (p Price) validate() error {
	page, err := url.Parse(p.Page)
	_, dateErr := time.Parse(time.DateOnly, p.Read)
	switch {
	case p.ID == "" || p.Service == "" || p.What == "" || p.Unit == "":
		return fmt.Errorf("want an id, a service, what it is for, and a unit")
	case p.USD <= 0 || p.Free < 0:
		return fmt.Errorf("a price of %v dollars, %v of them free: want more than nothing, and nothing less than none", p.USD, p.Free)
	case dateErr != nil:
		return fmt.Errorf("read %q: want the day as YYYY-MM-DD", p.Read)
	case err != nil || page.Scheme != "https" || page.Host == "":
		return fmt.Errorf("page %q: want the address of the page that has it", p.Page)
	}
	return nil
}

// Between are the first and the last day on which the prices were read.
func (p *Prices) Between() (first, last string) {
	for _, price := range p.List {
		if first == "" || price.Read < first {
			first = price.Read
		}
		last = max(last, price.Read)
	}
	return first, last
}
