package schemas

import (
	"fmt"
	"strings"
)

// Widen returns the columns with the INTEGER column at a dotted path made FLOAT, or says why BigQuery cannot do so in
// place: it changes the type of a column and of a field in a record, by the statement ALTER COLUMN SET DATA TYPE, but
// not what lies in an array. The argument is not changed.
func Widen(columns []Column, path string) ([]Column, error) {
	widened := cloneColumns(columns)
	inside := widened
	for names := strings.Split(path, "."); ; names = names[1:] {
		i := indexFold(inside, names[0])
		switch {
		case i < 0:
			return nil, fmt.Errorf("widen %s: no such column", path)
		case inside[i].Mode == Repeated:
			return nil, fmt.Errorf("widen %s: BigQuery does not change a type within the array %s", path, inside[i].Name)
		case len(names) > 1:
			inside = inside[i].Fields
			continue
		case inside[i].Type != Integer:
			return nil, fmt.Errorf("widen %s: it is %s, not %s", path, inside[i].shape(), Integer)
		case inside[i].Mode == Required:
			return nil, fmt.Errorf("widen %s: it names the alert", path)
		}
		inside[i].Type = Float
		return widened, nil
	}
}
