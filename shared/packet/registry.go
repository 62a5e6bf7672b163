package packet

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// splitConfluent takes the Confluent wire format apart: byte 0, the schema id
// as four bytes big-endian, the bare record.
func splitConfluent(b []byte) (id uint32, record []byte, err error) {
	if len(b) < 5 {
		return 0, nil, faultf(len(b), "%d bytes are too few for a schema id", len(b))
	}
	return binary.BigEndian.Uint32(b[1:]), b[5:], nil
}

// AppendConfluent appends a record in the Confluent wire format.
func AppendConfluent(b []byte, id uint32, record []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, 0), id)
	return append(b, record...)
}

// Registry finds the schema of a Confluent packet by its id: in memory, then
// at the schema registry, then among the schemas that we ship, so that a
// registry that is down stops nothing we know already.
type Registry struct {
	URL                string // of the schema registry; empty to use shipped schemas alone
	Username, Password string
	Client             *http.Client // nil for one with a timeout of ten seconds
	Shipped            func(id uint32) (text []byte, ok bool)

	mu    sync.Mutex
	texts map[uint32][]byte
}

// Schema is the text of the schema with the given id. An id that exists
// nowhere is a *Fault; a registry out of reach is not.
func (r *Registry) Schema(ctx context.Context, id uint32) ([]byte, error) {
	r.mu.Lock()
	text, ok := r.texts[id]
	r.mu.Unlock()
	if ok {
		return text, nil
	}
	text, err := r.find(ctx, id)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.texts == nil {
		r.texts = map[uint32][]byte{}
	}
	r.texts[id] = text
	return text, nil
}

func (r *Registry) find(ctx context.Context, id uint32) ([]byte, error) {
	var err error = faultf(1, "the schema is not shipped and no registry is configured")
	if r.URL != "" {
		var text []byte
		if text, err = r.fetch(ctx, id); err == nil {
			return text, nil
		}
	}
	if r.Shipped != nil {
		if text, ok := r.Shipped(id); ok {
			return text, nil
		}
	}
	return nil, err
}

func (r *Registry) fetch(ctx context.Context, id uint32) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/schemas/ids/%d", strings.TrimSuffix(r.URL, "/"), id), nil)
	if err != nil {
		return nil, fmt.Errorf("schema registry %s: %w", r.URL, err)
	}
	if r.Username != "" {
		request.SetBasicAuth(r.Username, r.Password)
	}
	client := r.Client
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("schema registry: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 2*maxSchemaText))
	switch {
	case err != nil:
		return nil, fmt.Errorf("schema registry: %w", err)
	case response.StatusCode == http.StatusNotFound:
		return nil, faultf(1, "the schema registry does not know the schema")
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("schema registry: %s", response.Status)
	}
	var answer struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("schema registry: %w", err)
	}
	if answer.Schema == "" {
		return nil, fmt.Errorf("schema registry: the answer to schema %d has no schema", id)
	}
	return []byte(answer.Schema), nil
}
