package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"nightwire.dev/infra/queries"
)

// question is the query that the flags ask for.
func (c *queryCommand) question() (queries.Query, error) {
	q, err := c.read()
	if err != nil {
		return q, err
	}
	if !asks(q.SQL) {
		return q, errors.New("this asks and changes nothing: want SELECT or WITH; to change a table, point a BigQuery client at nightwire up")
	}
	if c.Cone == "" {
		return q, nil
	}
	circle, err := queries.ParseCone(c.Cone)
	if err != nil {
		return q, fmt.Errorf("--cone: %w", err)
	}
	return circle.Of(q, c.Stream.Survey())
}

// read is the query's text from wherever it is.
func (c *queryCommand) read() (queries.Query, error) {
	switch {
	case c.SQL != "" && c.File != "":
		return queries.Query{}, errors.New("there are two queries: give one, or --file")
	case c.SQL == "-":
		text, err := io.ReadAll(os.Stdin)
		if err != nil {
			return queries.Query{}, fmt.Errorf("read the query: %w", err)
		}
		return queries.Parse("from standard input", string(text))
	case c.SQL != "":
		return queries.Parse("of the command line", c.SQL)
	case c.File != "":
		return c.readFile()
	case c.Cone != "":
		return queries.Nearest(c.Stream.Survey()), nil
	default:
		return queries.Query{}, errors.New("there is no query: give one, --file or --cone; --list shows the library")
	}
}

// readFile reads a query from a file or, if there is none of the name, from the
// library.
func (c *queryCommand) readFile() (queries.Query, error) {
	text, err := os.ReadFile(c.File)
	if errors.Is(err, os.ErrNotExist) && filepath.Base(c.File) == c.File {
		return queries.Find(c.File, c.Stream.Survey())
	}
	if err != nil {
		return queries.Query{}, fmt.Errorf("read the query: %w", err)
	}
	return queries.Parse(strings.TrimSuffix(filepath.Base(c.File), ".sql"), string(text))
}
