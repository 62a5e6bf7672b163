package pubsub_test

import (
	"context"
	"testing"

	pubsubclient "cloud.google.com/go/pubsub/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/infra/local/conformance"
)

// newRemoteHouse is Google's service, with names of its own in the project.
func newRemoteHouse(t testing.TB, project string) *house {
	t.Helper()
	client, err := pubsubclient.NewClient(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close client: %v", err)
		}
	})
	return &house{names: newNames(project, "-"+conformance.Suffix()), t: t, remote: true, client: client}
}

// remove has what was made deleted at the end, where it would stay.
func (h *house) remove(what string, call func(context.Context) error) {
	if !h.remote {
		return
	}
	h.t.Cleanup(func() {
		if err := call(context.Background()); err != nil && status.Code(err) != codes.NotFound {
			h.t.Errorf("delete %s: %v", what, err)
		}
	})
}
