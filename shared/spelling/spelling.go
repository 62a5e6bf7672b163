// Package spelling says how alike two words are, for who answers a name that is
// unknown with one that may have been meant: the filters' compiler, and the
// command line.
package spelling

// Distance is Levenshtein's: the letters to insert, remove or change, counted in
// bytes.
func Distance(a, b string) int {
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
