package queries

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/civil"
)

// Parameter is a value that a query leaves open.
type Parameter struct {
	Name        string
	Type        string // STRING, INT64, FLOAT64, BOOL, DATE or TIMESTAMP
	Default     string // as a person would give it
	Required    bool   // there is no default
	Description string
}

// declaration is "@name TYPE = default  description".
var declaration = regexp.MustCompile(`^@(\w+)\s+([A-Z0-9]+)(?:\s+=\s+(\S+))?(?:\s+(.*))?$`)

func parseParameter(text string) (Parameter, error) {
	m := declaration.FindStringSubmatch(text)
	if m == nil {
		return Parameter{}, fmt.Errorf("declaration %q: want @name TYPE = default  description", text)
	}
	p := Parameter{Name: m[1], Type: m[2], Default: m[3], Required: m[3] == "", Description: m[4]}
	read, known := types[p.Type]
	if !known {
		return p, fmt.Errorf("parameter %s: %s is not one of %s", p.Name, p.Type, strings.Join(slices.Sorted(maps.Keys(types)), ", "))
	}
	if !p.Required {
		if _, err := read(p.Default, time.Now()); err != nil {
			return p, fmt.Errorf("parameter %s: its default is wrong: %w", p.Name, err)
		}
	}
	return p, nil
}

// String is the parameter as a declaration has it.
func (p Parameter) String() string {
	text := "@" + p.Name + " " + p.Type
	if !p.Required {
		text += " = " + p.Default
	}
	return strings.TrimRight(text+"  "+p.Description, " ")
}

// Values are the parameters' values, typed for BigQuery, from the text that was
// given of them and the defaults of the others. The date is what "today" and
// "now" mean.
func (q Query) Values(given map[string]string, now time.Time) (map[string]any, error) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if q.parameter(name) != nil {
			continue
		}
		if len(q.Parameters) == 0 {
			return nil, fmt.Errorf("parameter %s: the query has no parameters", name)
		}
		return nil, fmt.Errorf("parameter %s: the query has none of this name; it has %s", name, q.names())
	}
	values := map[string]any{}
	for _, p := range q.Parameters {
		text, ok := lookup(given, p.Name)
		if !ok && p.Required {
			return nil, fmt.Errorf("parameter %s is missing: give --param %s=%s", p.Name, p.Name, p.Type)
		}
		if !ok {
			text = p.Default
		}
		value, err := types[p.Type](text, now)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		values[p.Name] = value
	}
	return values, nil
}

func (q Query) names() string {
	var names []string
	for _, p := range q.Parameters {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

func lookup(given map[string]string, name string) (string, bool) {
	for key, text := range given {
		if strings.EqualFold(key, name) {
			return text, true
		}
	}
	return "", false
}

// types are the types that a parameter may have, and how each is read.
var types = map[string]func(text string, now time.Time) (any, error){
	"STRING":    func(text string, _ time.Time) (any, error) { return text, nil },
	"INT64":     readInteger,
	"FLOAT64":   readFloat,
	"BOOL":      readTruth,
	"DATE":      readDate,
	"TIMESTAMP": readTimestamp,
}

func readInteger(text string, _ time.Time) (any, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not an INT64, a whole number", text)
	}
	return n, nil
}

func readFloat(text string, _ time.Time) (any, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return nil, fmt.Errorf("%q is not a FLOAT64, a number", text)
	}
	return x, nil
}

func readTruth(text string, _ time.Time) (any, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return nil, fmt.Errorf("%q is not a BOOL: want true or false", text)
}

func readDate(text string, now time.Time) (any, error) {
	if days, ok := strings.CutPrefix(text, "today"); ok {
		today := civil.DateOf(now.UTC())
		if days == "" {
			return today, nil
		}
		if n, err := strconv.Atoi(days); err == nil && strings.ContainsAny(days[:1], "+-") {
			return today.AddDays(n), nil
		}
	}
	date, err := civil.ParseDate(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a DATE: want YYYY-MM-DD, today or today-7", text)
	}
	return date, nil
}

func readTimestamp(text string, now time.Time) (any, error) {
	if text == "now" {
		return now.UTC().Truncate(time.Microsecond), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return nil, fmt.Errorf("%q is not a TIMESTAMP: want now, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss, in UTC or with an offset", text)
}
