// Package analyser asks Google's own analyser of GoogleSQL whether a query is
// one, and whether the tables have what it names.
//
// The tables of package schemas enter, and the text of a view or a query; what
// the analyser objects to leaves, in BigQuery's words. Only the tests call it.
// It is a module of its own, because the analyser, C++ turned into Go by way of
// WebAssembly, takes minutes and gigabytes to compile.
package analyser

import (
	"fmt"
	"strings"

	"github.com/goccy/go-googlesql"
	"nightwire.dev/schemas"
)

// Catalogue is the tables that a query may name.
type Catalogue struct {
	tables *googlesql.SimpleCatalog
	types  *googlesql.TypeFactory
}

// New is a catalogue with GoogleSQL's functions and no tables. Once in a
// process, before the first, googlesql.Init has to be called.
func New() (*Catalogue, error) {
	language, err := language()
	if err != nil {
		return nil, err
	}
	tables, err := googlesql.NewSimpleCatalog("nightwire", nil)
	if err != nil {
		return nil, fmt.Errorf("make catalogue: %w", err)
	}
	if err := tables.AddBuiltinFunctionsAndTypes(&googlesql.BuiltinFunctionOptions{LanguageOptions: language}); err != nil {
		return nil, fmt.Errorf("make catalogue: %w", err)
	}
	types, err := googlesql.NewTypeFactory()
	if err != nil {
		return nil, fmt.Errorf("make catalogue: %w", err)
	}
	return &Catalogue{tables: tables, types: types}, nil
}

// language is GoogleSQL as it is outside Google, with QUALIFY a reserved word as
// in BigQuery.
func language() (*googlesql.LanguageOptions, error) {
	o, err := googlesql.NewLanguageOptions()
	if err != nil {
		return nil, fmt.Errorf("choose the language: %w", err)
	}
	for _, set := range []func() error{
		o.EnableMaximumLanguageFeatures,
		o.SetSupportsAllStatementKinds,
		func() error { return o.SetProductMode(googlesql.ProductModeProductExternal) },
		func() error { return o.EnableReservableKeyword("QUALIFY", true) },
	} {
		if err := set(); err != nil {
			return nil, fmt.Errorf("choose the language: %w", err)
		}
	}
	return o, nil
}

// column is one column of a table or an answer.
type column struct {
	name string
	typ  googlesql.Googlesql_TypeNode
}

// AddTable adds a table.
func (c *Catalogue) AddTable(t schemas.Table) error {
	var columns []column
	for _, s := range t.Columns {
		typ, err := c.typeOf(s)
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		columns = append(columns, column{s.Name, typ})
	}
	return c.add(t.Name, columns)
}

// AddView analyses a view, and adds it as a table of what it answers.
func (c *Catalogue) AddView(v schemas.View) error {
	columns, err := c.analyse(strings.ReplaceAll(v.Query, "{dataset}.", ""), nil)
	if err != nil {
		return fmt.Errorf("view %s: %w", v.Name, err)
	}
	return c.add(v.Name, columns)
}

// Check analyses a query with parameters of these types.
func (c *Catalogue) Check(sql string, parameters map[string]string) error {
	_, err := c.analyse(sql, parameters)
	return err
}

func (c *Catalogue) add(name string, columns []column) error {
	table, err := googlesql.NewSimpleTable(name, 0)
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	for _, col := range columns {
		simple, err := googlesql.NewSimpleColumn(name, col.name, col.typ, false, true)
		if err != nil {
			return fmt.Errorf("table %s, column %s: %w", name, col.name, err)
		}
		if err := table.AddColumn2(simple, false); err != nil {
			return fmt.Errorf("table %s, column %s: %w", name, col.name, err)
		}
	}
	return c.tables.AddTable(table)
}

func (c *Catalogue) analyse(sql string, parameters map[string]string) ([]column, error) {
	options, err := googlesql.NewAnalyzerOptions2()
	if err != nil {
		return nil, err
	}
	language, err := language()
	if err != nil {
		return nil, err
	}
	if err := options.SetLanguage(language); err != nil {
		return nil, err
	}
	for name, typ := range parameters {
		t, err := c.typeOf(schemas.Column{Type: typ})
		if err != nil {
			return nil, err
		}
		if err := options.AddQueryParameter(strings.ToLower(name), t); err != nil {
			return nil, err
		}
	}
	output, err := googlesql.AnalyzeStatement(sql, options, c.tables, c.types)
	if err != nil {
		return nil, err
	}
	statement, err := output.ResolvedStatement()
	if err != nil {
		return nil, err
	}
	query, ok := statement.(*googlesql.ResolvedQueryStmt)
	if !ok {
		return nil, fmt.Errorf("a %T is no query", statement)
	}
	return answer(query)
}

// answer lists the columns that a query answers with.
func answer(query *googlesql.ResolvedQueryStmt) ([]column, error) {
	count, err := query.OutputColumnListSize()
	if err != nil {
		return nil, err
	}
	columns := make([]column, count)
	for i := range columns {
		out, err := query.OutputColumnList2(int32(i))
		if err != nil {
			return nil, err
		}
		if columns[i].name, err = out.Name(); err != nil {
			return nil, err
		}
		resolved, err := out.Column()
		if err != nil {
			return nil, err
		}
		if columns[i].typ, err = resolved.Type(); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

// typeOf is a column's type.
func (c *Catalogue) typeOf(s schemas.Column) (googlesql.Googlesql_TypeNode, error) {
	if s.Mode == schemas.Repeated {
		s.Mode = schemas.Nullable
		item, err := c.typeOf(s)
		if err != nil {
			return nil, err
		}
		return c.types.MakeArrayType2(item)
	}
	switch s.Type {
	case schemas.Record:
		var fields []*googlesql.StructField
		for _, f := range s.Fields {
			t, err := c.typeOf(f)
			if err != nil {
				return nil, err
			}
			fields = append(fields, &googlesql.StructField{Name: f.Name, Type_: t})
		}
		return c.types.MakeStructType2(fields)
	case schemas.String:
		return c.types.GetString()
	case schemas.Integer, "INT64":
		return c.types.GetInt64()
	case schemas.Float, "FLOAT64":
		return c.types.GetDouble()
	case schemas.Boolean, "BOOL":
		return c.types.GetBool()
	case schemas.Bytes:
		return c.types.GetBytes()
	case schemas.Date:
		return c.types.GetDate()
	case schemas.Timestamp:
		return c.types.GetTimestamp()
	case schemas.Geography:
		return c.types.GetGeography()
	case schemas.JSON:
		return c.types.GetJson()
	default:
		return nil, fmt.Errorf("column %s: no type %s", s.Name, s.Type)
	}
}
