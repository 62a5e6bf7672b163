package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ParseCandids reads candids as people keep them: one a line, or several with
// commas or blanks between; what follows # is a comment.
func ParseCandids(r io.Reader) ([]int64, error) {
	var candids []int64
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		for _, field := range strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(", \t\r", c) }) {
			candid, err := strconv.ParseInt(field, 10, 64)
			if err != nil || candid <= 0 {
				return nil, fmt.Errorf("line %d: %q is no candid", n, field)
			}
			candids = append(candids, candid)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(candids) == 0 {
		return nil, errors.New("there are none")
	}
	return candids, nil
}
