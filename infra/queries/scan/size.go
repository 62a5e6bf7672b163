package scan

import (
	"context"
	"fmt"
	"strings"

	"nightwire.dev/schemas"
)

// Sizes are the logical bytes of a table's columns, over some of its rows.
type Sizes struct {
	Rows  int64
	Bytes map[string]int64 // by dotted path
	Items map[string]int64 // how many items an array has in all, by dotted path
}

// Total is the logical size of the rows: what storing and appending them costs.
func (s Sizes) Total() int64 {
	var total int64
	for _, n := range s.Bytes {
		total += n
	}
	return total
}

// Of is the size of some columns.
func (s Sizes) Of(paths []string) int64 {
	var total int64
	for _, path := range paths {
		total += s.Bytes[path]
	}
	return total
}

// asker asks in GoogleSQL, with named parameters, and gives each row of the
// answer to visit, as a warehouse's Visit does.
type asker func(ctx context.Context, sql string, parameters map[string]any, visit func(row []any) error) error

// most is how many columns are asked for at a time.
const most = 100

// Measure asks for the size of each column of a table, over the rows of one
// night, YYYY-MM-DD, or over all rows if none is given.
func Measure(ctx context.Context, ask asker, table schemas.Table, night string) (Sizes, error) {
	s := Sizes{Bytes: map[string]int64{}, Items: map[string]int64{}}
	groups := map[string][]leaf{}
	order := []string{""}
	for _, l := range leaves(table.Columns, "", nil) {
		key := strings.Join(l.repeated, " ")
		if groups[key] == nil && key != "" {
			order = append(order, key)
		}
		groups[key] = append(groups[key], l)
	}
	for _, key := range order {
		for group := groups[key]; len(group) > 0; group = group[min(most, len(group)):] {
			part := group[:min(most, len(group))]
			if err := s.measure(ctx, ask, table, part, night); err != nil {
				return s, fmt.Errorf("measure %s: %w", table.Name, err)
			}
		}
	}
	return s, nil
}

// measure asks for columns that stand in the same arrays.
func (s *Sizes) measure(ctx context.Context, ask asker, table schemas.Table, columns []leaf, night string) error {
	arrays := columns[0].repeated
	return ask(ctx, sizeQuery(table, columns, night), nil, func(row []any) error {
		for i, value := range row {
			n, ok := value.(int64)
			switch {
			case !ok && value != nil:
				return fmt.Errorf("the size of a column is a %T", value)
			case i > 0:
				s.Bytes[columns[i-1].path] = n
			case len(arrays) > 0:
				s.Items[arrays[len(arrays)-1]] = n
			default:
				s.Rows = n
			}
		}
		return nil
	})
}

// sizeQuery asks for the number of rows, or items, and the size of each column.
func sizeQuery(table schemas.Table, columns []leaf, night string) string {
	from, at, prefix := quote(table.Name)+" AS a0", "a0", ""
	for i, array := range columns[0].repeated {
		inner := fmt.Sprintf("a%d", i+1)
		from += ", UNNEST(" + at + quotePath(strings.TrimPrefix(array, prefix)) + ") AS " + inner
		at, prefix = inner, array
	}
	items := []string{"COUNT(*)"}
	for _, c := range columns {
		items = append(items, size(at+quotePath(strings.TrimPrefix(c.path, prefix)), c.typ))
	}
	sql := "SELECT " + strings.Join(items, ",\n  ") + "\nFROM " + from
	if night != "" {
		sql += "\nWHERE a0." + quote(table.PartitionBy) + " = DATE '" + night + "'"
	}
	return sql
}

// size is the logical size of a column, by its type.
func size(column, typ string) string {
	switch typ {
	case schemas.Boolean:
		return "COUNT(" + column + ")"
	case schemas.String, schemas.Bytes:
		return "2 * COUNT(" + column + ") + IFNULL(SUM(BYTE_LENGTH(" + column + ")), 0)"
	case schemas.JSON:
		return "IFNULL(SUM(BYTE_LENGTH(TO_JSON_STRING(" + column + "))), 0)"
	case schemas.Geography: // a point has one vertex
		return "40 * COUNT(" + column + ")"
	default:
		return "8 * COUNT(" + column + ")"
	}
}

func quote(name string) string { return "`" + name + "`" }

// quotePath is a dotted path behind another name: ".`a`.`b`", or nothing.
func quotePath(path string) string {
	path = strings.TrimPrefix(path, ".")
	if path == "" {
		return ""
	}
	var b strings.Builder
	for part := range strings.SplitSeq(path, ".") {
		b.WriteString("." + quote(part))
	}
	return b.String()
}
