package storage

import (
	"net/http"
	"os"
)

// composeRequest asks for an object that is made of others, one behind the
// other.
type composeRequest struct {
	Kind                string          `json:"kind"`
	SourceObjects       []composeSource `json:"sourceObjects"`
	Destination         objectRequest   `json:"destination"`
	DeleteSourceObjects bool            `json:"deleteSourceObjects"`
}

type composeSource struct {
	Name                string `json:"name"`
	Generation          int64  `json:"generation,string"`
	ObjectPreconditions struct {
		IfGenerationMatch *int64 `json:"ifGenerationMatch,string"`
	} `json:"objectPreconditions"`
}

// maxComposeSources is the real service's limit on the sources of one request.
const maxComposeSources = 32

func (c *composeRequest) check() error {
	switch n := len(c.SourceObjects); {
	case n == 0:
		return invalid("You must provide at least one source component.")
	case n > maxComposeSources:
		return invalid("The number of source components provided (%d) exceeds the maximum (%d).", n, maxComposeSources)
	}
	if c.DeleteSourceObjects {
		return unsupported("the field deleteSourceObjects")
	}
	return nil
}

// compose serves POST b/{bucket}/o/{object}/compose. The preconditions in the
// query are the destination's; each source may name its generation, or make it
// a precondition.
func (s *Server) compose(w http.ResponseWriter, r *http.Request) error {
	if err := only(r, "ifGenerationMatch", "ifMetagenerationMatch"); err != nil {
		return err
	}
	var request composeRequest
	if err := decode(r.Body, &request); err != nil {
		return err
	}
	if err := request.check(); err != nil {
		return err
	}
	request.Destination.Name = r.PathValue("object")
	t, err := s.target(r, request.Destination, "")
	if err != nil {
		return err
	}
	content, err := t.bucket.concatenate(request.SourceObjects)
	if err != nil {
		return err
	}
	defer content.release()
	return s.finish(w, r, t, content)
}

// concatenate stages the contents of the sources as one. It opens them all
// before it copies the first, so that they are what they were at one time.
func (b *bucket) concatenate(sources []composeSource) (*content, error) {
	components := 0
	files := make([]*os.File, len(sources))
	for i, source := range sources {
		resource, file, err := b.open(source.Name, source.Generation, conditions{generationMatch: source.ObjectPreconditions.IfGenerationMatch})
		if err != nil {
			return nil, err
		}
		defer file.Close()
		files[i] = file
		components += max(resource.ComponentCount, 1)
	}
	whole, err := b.stage()
	if err != nil {
		return nil, err
	}
	whole.components = components
	for _, file := range files {
		if err := whole.receive(file); err != nil {
			whole.release()
			return nil, err
		}
	}
	return whole, nil
}
