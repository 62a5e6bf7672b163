package filter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nightwire.dev/shared/filter/expression"
	"nightwire.dev/shared/names"
)

// Parse reads a filter's file and checks it in the language of each of its
// streams. The error is Faults. Advice is what is right but probably not meant.
func Parse(file string, content []byte) (f *Filter, advice Faults, err error) {
	d, faults := readDocument(file, content)
	if len(faults) > 0 {
		return nil, nil, faults
	}
	f, faults = d.filter()
	if len(faults) > 0 {
		return nil, nil, faults
	}
	for _, stream := range f.Streams {
		survey := stream.Survey()
		if _, done := f.surveys[survey]; done {
			continue
		}
		c, faults := d.check(survey)
		if len(faults) > 0 {
			return nil, nil, faults
		}
		f.surveys[survey] = c
		for i, column := range c.columns {
			advice = append(advice, d.columns[i].faults(d.file, "", column.Advice)...)
		}
		advice = append(advice, d.where.faults(d.file, "", c.condition.Advice)...)
	}
	return f, advice, nil
}

// The plain names of filters, which become topics, and of columns, which become
// attributes and JSON.
var (
	filterName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	columnName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// The longest names and the most columns of a filter.
const (
	maxName    = 60
	maxColumns = 50
)

// reservedTopics carry other things than alerts that match. The function
// supernova owns its topic, too.
var reservedTopics = []string{"alerts-raw", "archived", "dead-letter", "dawn", "supernova"}

// ownerOf is the other stream that a stream's topic would belong to by its name:
// ztf and partnership-alerts-raw make a topic of ztf-partnership.
func ownerOf(stream names.Stream, topic string) (names.Stream, bool) {
	name := string(stream) + "-" + topic + "-"
	for _, other := range names.Streams() {
		if len(other) > len(stream) && strings.HasPrefix(name, string(other)+"-") {
			return other, true
		}
	}
	return "", false
}

// ownAttributes are the attributes of every match, which no column may hide.
var ownAttributes = []string{"stream", "filter", "version", "candid", "band", "nightwire"}

// filter is the document's filter, unchecked.
func (d *document) filter() (*Filter, Faults) {
	f := &Filter{
		Name: d.name.text, Version: d.version.number, Owner: d.owner.text, Description: d.description.text,
		Where: strings.TrimSpace(d.where.text), MaxMatchesAnHour: d.most.number, Topic: d.topic.text, Enabled: d.enabled.truth,
		surveys: map[string]checked{},
	}
	if f.Topic == "" {
		f.Topic = f.Name
	}
	var faults Faults
	wrong := func(e entry, format string, arguments ...any) {
		faults = append(faults, Fault{d.file, e.line, e.column, fmt.Sprintf(format, arguments...)})
	}
	for _, name := range []entry{d.name, d.topic} {
		if name.text != "" && (!filterName.MatchString(name.text) || len(name.text) > maxName) {
			wrong(name, "%s: want %q to be lower-case letters, digits and single hyphens, %d at most", name.key, name.text, maxName)
		}
	}
	topic, advice := d.name, "choose another name, or give a topic"
	if d.topic.text != "" {
		topic, advice = d.topic, "choose another"
	}
	if slices.Contains(reservedTopics, f.Topic) {
		wrong(topic, "%s: topic %q carries other things; %s", topic.key, f.Topic, advice)
	}
	if f.Version < 1 {
		wrong(d.version, "version: want a whole number from 1 on")
	}
	if f.MaxMatchesAnHour < 0 {
		wrong(d.most, "max_matches_an_hour: want 0 (no cap) or more")
	}
	for _, s := range d.streams.list {
		stream := names.Stream(s.text)
		if err := stream.Validate(); err != nil {
			wrong(s, "streams: %v", err)
		}
		if slices.Contains(f.Streams, stream) {
			wrong(s, "streams: %s stands there twice", stream)
		}
		if other, ok := ownerOf(stream, f.Topic); ok {
			wrong(topic, "%s: topic %q of %s is one of %s; %s", topic.key, f.Topic, stream, other, advice)
		}
		f.Streams = append(f.Streams, stream)
	}
	if len(d.columns) > maxColumns {
		wrong(d.columns[maxColumns], "columns: %d at most", maxColumns)
	}
	for _, c := range d.columns {
		if !columnName.MatchString(c.key) || len(c.key) > maxName {
			wrong(c, "columns: want %q to be lower-case letters, digits and underscores, %d at most", c.key, maxName)
		}
		if slices.Contains(ownAttributes, c.key) {
			wrong(c, "columns: every match has %s already; choose another name", c.key)
		}
		f.Columns = append(f.Columns, c.key)
	}
	return f, faults
}

// check checks the columns, each of which may name those before it, and then
// the condition, in the language of a survey.
func (d *document) check(survey string) (checked, Faults) {
	language, err := expression.For(survey)
	if err != nil {
		return checked{}, Faults{{File: d.file, Reason: err.Error()}}
	}
	c, known := checked{}, map[string]*expression.Expression{}
	for _, column := range d.columns {
		e, err := language.Check(column.text, known)
		if err != nil {
			return c, column.faults(d.file, survey, err)
		}
		if !e.IsScalar() {
			return c, Faults{{d.file, column.line, column.column, fmt.Sprintf("%s is %s: a column is one value", column.key, e.Type)}}
		}
		c.columns = append(c.columns, e)
		known = with(known, column.key, e)
	}
	if c.condition, err = language.Check(d.where.text, known); err != nil {
		return c, d.where.faults(d.file, survey, err)
	}
	if !c.condition.IsCondition() {
		return c, Faults{{d.file, d.where.line, d.where.column, fmt.Sprintf("where is %s: want a condition, which is true or false", c.condition.Type)}}
	}
	return c, nil
}

// with is the columns and one more: those that were checked keep what they know.
func with(columns map[string]*expression.Expression, name string, e *expression.Expression) map[string]*expression.Expression {
	more := map[string]*expression.Expression{name: e}
	for name, e := range columns {
		more[name] = e
	}
	return more
}

// faults puts the problems of an expression where they stand in the file. The
// survey is named where its language decides.
func (e entry) faults(file, survey string, err error) Faults {
	var problems expression.Problems
	if !errors.As(err, &problems) {
		return Faults{{file, e.line, e.column, err.Error()}}
	}
	var faults Faults
	for _, p := range problems {
		reason := e.key + ": " + p.Reason
		if survey != "" {
			reason += " (" + survey + ")"
		}
		fault := Fault{File: file, Line: e.line, Column: e.column, Reason: reason}
		switch {
		case e.block:
			fault.Line, fault.Column = e.line+p.Line-1, p.Column
		case p.Line == 1:
			fault.Column += p.Column - 1
		}
		faults = append(faults, fault)
	}
	return faults
}
