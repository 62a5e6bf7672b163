package deadletter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nightwire.dev/infra/terraform"
)

// Choice says which letters are meant. The zero value means all.
type Choice struct {
	Reason   string // a part of it, in capitals or not
	Function string
	Since    time.Time
	IDs      []string
}

// Has says whether the letter is meant.
func (c Choice) Has(l *Letter) bool {
	return strings.Contains(strings.ToLower(l.Reason), strings.ToLower(c.Reason)) &&
		(c.Function == "" || c.Function == l.Function) &&
		!l.At.Before(c.Since) && c.hasID(l.ID)
}

func (c Choice) hasID(id string) bool {
	return len(c.IDs) == 0 || slices.Contains(c.IDs, id)
}

// chooser chooses among the letters of a walk, and remembers which there were.
type chooser struct {
	Choice
	seen      int
	ids       map[string]bool
	functions map[string]bool
}

func newChooser(c Choice) *chooser {
	return &chooser{Choice: c, ids: map[string]bool{}, functions: map[string]bool{"connector": true}}
}

// takes says whether the letter is meant, and remembers it.
func (c *chooser) takes(l *Letter) bool {
	c.seen++
	c.ids[l.ID], c.functions[l.Function] = true, true
	return c.Has(l)
}

// missed says what the choice names and nothing is called: a letter that is
// not there, or a function that neither wrote one nor is deployed. Who misspelt
// a name would otherwise take it that all is done.
func (c *chooser) missed() error {
	var absent []string
	for _, id := range c.IDs {
		if !c.ids[id] {
			absent = append(absent, id)
		}
	}
	if len(absent) > 0 {
		return fmt.Errorf("letter %s: not among the %d that are there", strings.Join(absent, ", "), c.seen)
	}
	if c.Function == "" || c.functions[c.Function] {
		return nil
	}
	deployed, err := terraform.Functions()
	if err != nil {
		return err
	}
	var names []string
	for _, f := range deployed {
		if f.Name == c.Function {
			return nil
		}
		names = append(names, f.Name)
	}
	return fmt.Errorf("function %q: none of %d letters is of it, and nothing that writes letters is called so: want connector, %s",
		c.Function, c.seen, strings.Join(names, ", "))
}
