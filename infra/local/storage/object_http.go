package storage

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// selected is the object that a request is about.
type selected struct {
	bucket     *bucket
	name       string
	generation int64
	conditions conditions
}

// selectObject reads from a JSON API request which object it is about.
func (s *Server) selectObject(r *http.Request, parameters ...string) (selected, error) {
	known := slices.Concat(conditionParameters, []string{"generation"}, parameters)
	if err := only(r, known...); err != nil {
		return selected{}, err
	}
	c, err := queryConditions(r)
	if err != nil {
		return selected{}, err
	}
	g, err := generation(r)
	if err != nil {
		return selected{}, err
	}
	b, err := s.bucket(r.PathValue("bucket"))
	return selected{bucket: b, name: r.PathValue("object"), generation: g, conditions: c}, err
}

func (s *Server) getObject(w http.ResponseWriter, r *http.Request) error {
	o, err := s.selectObject(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("alt") == "media" {
		return o.download(w, r)
	}
	resource, err := o.bucket.get(o.name, o.generation, o.conditions)
	if err != nil {
		return err
	}
	return reply(w, r, resource.link(s.options.URL))
}

func (s *Server) deleteObject(w http.ResponseWriter, r *http.Request) error {
	o, err := s.selectObject(r)
	if err != nil {
		return err
	}
	if err := o.bucket.remove(o.name, o.generation, o.conditions); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) patchObject(w http.ResponseWriter, r *http.Request) error {
	o, err := s.selectObject(r)
	if err != nil {
		return err
	}
	var changes map[string]any
	if err := decode(r.Body, &changes); err != nil {
		return err
	}
	delete(changes, "bucket") // says again what the path says
	delete(changes, "name")
	resource, err := o.bucket.update(o.name, o.generation, o.conditions, changes)
	if err != nil {
		return err
	}
	return reply(w, r, resource.link(s.options.URL))
}

// patch merges a change into attributes, in the manner of a JSON merge patch: a
// member left out stays as it is, null removes it. Metadata merges key by key.
func (a *attributes) patch(changes map[string]any) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	merged := map[string]any{}
	if err := json.Unmarshal(text, &merged); err != nil {
		return err
	}
	merge(merged, changes)
	if text, err = json.Marshal(merged); err != nil {
		return err
	}
	var after attributes
	if err := decode(bytes.NewReader(text), &after); err != nil {
		return err
	}
	*a = after
	return a.check()
}

func merge(into, changes map[string]any) {
	for name, change := range changes {
		inner, isObject := change.(map[string]any)
		switch {
		case change == nil:
			delete(into, name)
		case isObject:
			before, _ := into[name].(map[string]any)
			after := map[string]any{}
			maps.Copy(after, before)
			merge(after, inner)
			into[name] = after
		default:
			into[name] = change
		}
	}
}

type objectList struct {
	Kind          string   `json:"kind"`
	NextPageToken string   `json:"nextPageToken,omitempty"`
	Prefixes      []string `json:"prefixes,omitempty"`
	Items         []object `json:"items,omitempty"`
}

// listParameters are those of a listing of objects. Only live generations
// exist, so versions asks for nothing more.
var listParameters = []string{"prefix", "delimiter", "startOffset", "endOffset", "pageToken", "maxResults", "versions"}

func (s *Server) listObjects(b *bucket, w http.ResponseWriter, r *http.Request) error {
	l, err := readListing(r)
	if err != nil {
		return err
	}
	objects, p, err := b.list(l)
	if err != nil {
		return err
	}
	for i, o := range objects {
		objects[i] = o.link(s.options.URL)
	}
	return reply(w, r, objectList{
		Kind: "storage#objects", NextPageToken: pageToken(p.next), Prefixes: p.prefixes, Items: objects,
	})
}

// maxPage is the real service's limit on the results of one page.
const maxPage = 1000

func readListing(r *http.Request) (listing, error) {
	query := r.URL.Query()
	l := listing{
		prefix:    query.Get("prefix"),
		delimiter: query.Get("delimiter"),
		start:     query.Get("startOffset"),
		end:       query.Get("endOffset"),
		limit:     maxPage,
	}
	if value := query.Get("maxResults"); value != "" {
		limit, err := strconv.Atoi(value)
		if err != nil || limit < 1 {
			return l, invalidParameter("maxResults", "Invalid value for maxResults: %q", value)
		}
		l.limit = min(limit, maxPage)
	}
	if value := query.Get("pageToken"); value != "" {
		next, err := base64.URLEncoding.DecodeString(value)
		if err != nil {
			return l, invalidParameter("pageToken", "Invalid value for pageToken: %q", value)
		}
		l.start = max(l.start, string(next))
	}
	return l, nil
}

func pageToken(next string) string { return base64.URLEncoding.EncodeToString([]byte(next)) }
