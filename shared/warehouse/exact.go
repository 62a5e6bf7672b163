package warehouse

import (
	"fmt"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
)

// DigitsError is an integer that its column, a FLOAT, would round. It happens
// where a field has become a double in a later version, and a packet of an
// earlier one has an integer there that is too long.
type DigitsError struct {
	Column string // dotted path
	Value  int64
}

func (e *DigitsError) Error() string {
	return fmt.Sprintf("column %s is FLOAT, which would round the integer %d", e.Column, e.Value)
}

// Permanent tells that trying again cannot help.
func (e *DigitsError) Permanent() bool { return true }

// checkExact looks for integers that their columns would round. Few plans have
// a field where that can be, so it is a walk of its own.
func (p *plan) checkExact(record packet.Value, path string) error {
	i := 0
	for field, value := range record.Fields() {
		to := &p.fields[i]
		i++
		if !to.rounds {
			continue
		}
		if err := to.checkExact(value, path+field.Name); err != nil {
			return err
		}
	}
	return nil
}

func (to *target) checkExact(value packet.Value, path string) error {
	switch value.Kind() {
	case packet.Array:
		for _, item := range value.Items() {
			if err := to.checkExact(item, path); err != nil {
				return err
			}
		}
	case packet.Record:
		return to.nested.checkExact(value, path+".")
	case packet.Long:
		if n := value.Int(); int64(float64(n)) != n {
			return &DigitsError{Column: path, Value: n}
		}
	}
	return nil
}

// mayRound tells whether a field has integers that its column may round.
func mayRound(t *packet.Type, to target) bool {
	if to.nested != nil {
		return to.nested.rounds
	}
	if t, _ = t.Optional(); t != nil && t.Kind == packet.Array {
		t, _ = t.Elem.Optional()
	}
	return t != nil && t.Kind == packet.Long && to.column.Type == schemas.Float
}
