package storage

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
)

// composeRequest asks for an object that is made of others, one behind the
// other.
type composeRequest struct {
	SourceObjects []struct {
		Name       string      `json:"name"`
		Generation json.Number `json:"generation"` // or a string of digits
	} `json:"sourceObjects"`
	Destination object `json:"destination"`
}

// maxComposeSources is the real service's limit on the sources of one request.
const maxComposeSources = 32

// compose makes an object of others. The preconditions in the query are the
// destination's; each source may name its generation. All are opened before the
// first is copied, so that the object itself may be among them.
func (b *bucket) compose(_ http.ResponseWriter, r *http.Request) (any, error) {
	var request composeRequest
	if err := decode(r.Body, &request); err != nil {
		return nil, err
	}
	if n := len(request.SourceObjects); n == 0 || n > maxComposeSources {
		return nil, invalid("The number of source components provided (%d) must be from 1 to %d.", n, maxComposeSources)
	}
	var contents []io.Reader
	components := 0
	for _, source := range request.SourceObjects {
		o, file, err := b.open(source.Name, source.Generation.String(), "")
		if err != nil {
			return nil, err
		}
		defer file.Close()
		contents = append(contents, file)
		components += max(o.ComponentCount, 1)
	}
	request.Destination.Name = r.PathValue("object")
	return b.store(r, request.Destination, io.MultiReader(contents...), components)
}

// rewrite copies an object, into another bucket or its own, in one call: how much
// one call may copy is for copies from place to place. The attributes come along
// if the request has none.
func (s *Server) rewrite(from *bucket, _ http.ResponseWriter, r *http.Request) (any, error) {
	var o object
	if err := decode(r.Body, &o); err != nil {
		return nil, err
	}
	to, err := s.bucket(r.PathValue("to"))
	if err != nil {
		return nil, err
	}
	source, content, err := from.open(r.PathValue("object"), r.Form.Get("sourceGeneration"), r.Form.Get("ifSourceGenerationMatch"))
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if reflect.ValueOf(o.attributes).IsZero() {
		o.attributes = source.attributes
	}
	o.Name = r.PathValue("copy")
	made, err := to.store(r, o, content, 0)
	size := strconv.FormatInt(source.Size, 10)
	return map[string]any{
		"kind": "storage#rewriteResponse", "done": true, "totalBytesRewritten": size, "objectSize": size, "resource": made,
	}, err
}
