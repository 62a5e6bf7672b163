package workbench

import (
	"fmt"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/filter/expression"
)

// describer says of an alert what people want to see, in the words of the
// filters' own language, so that what is printed is what a filter would see.
type describer struct{ program *expression.Program }

// described are the expressions, in the order in which alert reads them.
var described = []string{"band()", "mag()", "counterpart()"}

func newDescriber(survey string) (*describer, error) {
	language, err := expression.For(survey)
	if err != nil {
		return nil, err
	}
	always, err := language.Check("true", nil)
	if err != nil {
		return nil, fmt.Errorf("describe alerts: %w", err)
	}
	var columns []*expression.Expression
	for _, text := range described {
		column, err := language.Check(text, nil)
		if err != nil {
			return nil, fmt.Errorf("describe alerts: %s: %w", text, err)
		}
		columns = append(columns, column)
	}
	d := &describer{program: expression.NewProgram(language)}
	if _, err := d.program.Add(always, columns); err != nil {
		return nil, fmt.Errorf("describe alerts: %w", err)
	}
	return d, nil
}

func (d *describer) alert(a *alert.Alert) Alert {
	shown := Alert{ObjectID: a.ObjectID, Candid: a.Candid, ObservedAt: a.ObservedAt, RADeg: a.RADeg, DecDeg: a.DecDeg}
	run := d.program.Run(a)
	defer run.Close()
	values, err := run.Columns(0)
	if err != nil {
		return shown // too long a history to describe
	}
	shown.Band, _ = values[0].(string)
	shown.Mag.Value, shown.Mag.Known = values[1].(float64)
	shown.Counterpart, _ = values[2].(string)
	return shown
}
