package queries

import "strings"

// near are those of the names that somebody may have meant by another: the name
// is a part of them, or spelt almost as they are, whatever parts the words.
func near(name string, names []string) (found []string) {
	wanted := folded(name)
	if len(wanted) < 3 {
		return nil
	}
	for _, n := range names {
		if is := folded(n); strings.Contains(is, wanted) || strings.Contains(wanted, is) || distance(wanted, is) <= len(wanted)/4 {
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

// distance is Levenshtein's: the letters to insert, remove or change.
func distance(a, b string) int {
	costs := make([]int, len(b)+1)
	for j := range costs {
		costs[j] = j
	}
	for i := range len(a) {
		diagonal := costs[0]
		costs[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = costs[j+1]
			costs[j+1] = min(change, costs[j]+1, diagonal+1)
		}
	}
	return costs[len(b)]
}
