package queries

import (
	"strings"

	"nightwire.dev/shared/spelling"
)

// near are those of the names that somebody may have meant by another: the name
// is a part of them, or spelt almost as they are, whatever parts the words.
func near(name string, names []string) (found []string) {
	wanted := folded(name)
	if len(wanted) < 3 {
		return nil
	}
	for _, n := range names {
		if is := folded(n); strings.Contains(is, wanted) || strings.Contains(wanted, is) || spelling.Distance(wanted, is) <= len(wanted)/4 {
			found = append(found, n)
		}
	}
	return found
}

// folded is a name in small letters without what parts its words, nor the s of
// a plural.
func folded(name string) string {
	return strings.TrimSuffix(strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name)), "s")
}
