package expression

import (
	"fmt"
	"sync"
	"time"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
)

// Program is many expressions compiled together. What they read of the record
// is read once, and what they ask of the history is answered once. Add
// everything first; after that it is safe for concurrent use.
type Program struct {
	language *Language
	fields   *table   // of the alert itself: one row
	lists    []*table // of its lists: a row an item
	answers  map[string]int
	vars     int // loop variables
	buffers  int // lists made on the way
	members  []member
	compiled map[*Expression]code // the columns, and what names them

	clock  func() time.Time
	sealed sync.Once
	runs   sync.Pool
}

// member is one condition with its columns.
type member struct {
	condition code
	columns   []code
}

// table is a rectangle of values: rows, and a slot for each field that an
// expression reads.
type table struct {
	path  string // of the record or the list, from the alert
	index int    // among the lists
	slots map[string]int
	kinds []kind

	selection *packet.Selection
}

// slot is where a field of the table stands; path is below the table's own.
func (t *table) slot(path string, k kind) int {
	if slot, ok := t.slots[path]; ok {
		return slot
	}
	t.slots[path] = len(t.kinds)
	t.kinds = append(t.kinds, k)
	return t.slots[path]
}

// NewProgram is a program without expressions.
func NewProgram(l *Language) *Program {
	p := &Program{
		language: l, answers: map[string]int{}, compiled: map[*Expression]code{}, clock: time.Now,
		fields: &table{path: root, slots: map[string]int{}},
	}
	p.runs.New = func() any { return newRun(p) }
	return p
}

// Add compiles a condition, with the columns that it may name and whose values
// Columns gives. It returns the condition's number.
func (p *Program) Add(condition *Expression, columns []*Expression) (int, error) {
	if !condition.IsCondition() {
		return 0, fmt.Errorf("a condition is true or false, not %s", condition.Type)
	}
	m := member{columns: make([]code, len(columns))}
	for i, column := range columns {
		c, err := p.compile(column)
		if err != nil {
			return 0, err
		}
		m.columns[i] = p.shareAs(column.key, c)
	}
	c, err := p.compile(condition)
	if err != nil {
		return 0, err
	}
	m.condition = c
	p.members = append(p.members, m)
	return len(p.members) - 1, nil
}

// listTable is the table of the list at a path.
func (p *Program) listTable(path string) *table {
	for _, t := range p.lists {
		if t.path == path {
			return t
		}
	}
	t := &table{path: path, index: len(p.lists), slots: map[string]int{}}
	p.lists = append(p.lists, t)
	return t
}

// answer is where the value of a sub-expression is kept for all that have it.
func (p *Program) answer(key string) int {
	if i, ok := p.answers[key]; ok {
		return i
	}
	p.answers[key] = len(p.answers)
	return p.answers[key]
}

// Run begins to evaluate the program on an alert. It is for one goroutine, and
// ends with Close. The alert must be of the program's survey.
func (p *Program) Run(a *alert.Alert) *Run {
	p.sealed.Do(p.seal)
	r := p.runs.Get().(*Run) //nolint:forcetypeassert // the pool holds nothing else
	r.begin(a)
	return r
}
