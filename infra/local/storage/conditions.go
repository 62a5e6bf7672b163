package storage

import (
	"net/http"
	"strconv"
)

// conditions are the preconditions of a request; nil is one not made. Of a
// bucket only the metageneration counts.
type conditions struct {
	generationMatch        *int64 // 0: the object must not exist
	generationNotMatch     *int64
	metagenerationMatch    *int64
	metagenerationNotMatch *int64
}

// queryConditions reads the preconditions of a JSON API request.
func queryConditions(r *http.Request) (conditions, error) {
	query := r.URL.Query()
	return readConditions(map[string]string{
		"ifGenerationMatch":        query.Get("ifGenerationMatch"),
		"ifGenerationNotMatch":     query.Get("ifGenerationNotMatch"),
		"ifMetagenerationMatch":    query.Get("ifMetagenerationMatch"),
		"ifMetagenerationNotMatch": query.Get("ifMetagenerationNotMatch"),
	})
}

// headerConditions reads the preconditions of an XML API request.
func headerConditions(r *http.Request) (conditions, error) {
	return readConditions(map[string]string{
		"ifGenerationMatch":     r.Header.Get("X-Goog-If-Generation-Match"),
		"ifMetagenerationMatch": r.Header.Get("X-Goog-If-Metageneration-Match"),
	})
}

func readConditions(values map[string]string) (conditions, error) {
	var c conditions
	for name, field := range map[string]**int64{
		"ifGenerationMatch":        &c.generationMatch,
		"ifGenerationNotMatch":     &c.generationNotMatch,
		"ifMetagenerationMatch":    &c.metagenerationMatch,
		"ifMetagenerationNotMatch": &c.metagenerationNotMatch,
	} {
		if values[name] == "" {
			continue
		}
		number, err := strconv.ParseInt(values[name], 10, 64)
		if err != nil {
			return c, invalidParameter(name, "Invalid value for %s: %q", name, values[name])
		}
		*field = &number
	}
	return c, nil
}

// check compares with what exists; both numbers are 0 where nothing does. It
// is for changes: see checkRead.
func (c conditions) check(generation, metageneration int64) error {
	if differs(c.generationMatch, generation) || differs(c.metagenerationMatch, metageneration) ||
		equals(c.generationNotMatch, generation) || equals(c.metagenerationNotMatch, metageneration) {
		return preconditionFailed()
	}
	return nil
}

// checkRead is check for reads, to which a caller's not-match condition means
// that it has this version already.
func (c conditions) checkRead(generation, metageneration int64) error {
	if equals(c.generationNotMatch, generation) || equals(c.metagenerationNotMatch, metageneration) {
		return errNotModified
	}
	return c.check(generation, metageneration)
}

func differs(wanted *int64, actual int64) bool { return wanted != nil && *wanted != actual }
func equals(wanted *int64, actual int64) bool  { return wanted != nil && *wanted == actual }
