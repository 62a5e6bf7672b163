package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"nightwire.dev/shared/filter"
)

// colon is a key whose text has another colon in it, and neither quotes nor
// brackets around it nor a | before.
var colon = regexp.MustCompile(`^\s*([\w-]+):\s+[^\s"'|>\[{#].*?:(\s|$)`)

// remark is what YAML takes for one at the end of a line.
var remark = regexp.MustCompile(`\s#.*$`)

// explainColons says of a fault in a line with such a text, which people write
// without a thought and which is no YAML, what to do about it. Any other error
// stays as it is.
func explainColons(err error, content []byte) error {
	var faults filter.Faults
	if !errors.As(err, &faults) {
		return err
	}
	lines, explained := bytes.Split(content, []byte("\n")), slices.Clone(faults)
	for i, fault := range faults {
		if fault.Line < 1 || fault.Line > len(lines) {
			continue
		}
		if found := colon.FindSubmatch(remark.ReplaceAll(lines[fault.Line-1], nil)); found != nil {
			explained[i].Reason = fmt.Sprintf(`%[1]s: YAML reads the colon in this text as the end of a key: put the text into quotes, or on lines of its own under "%[1]s: |"`, found[1])
		}
	}
	return explained
}
