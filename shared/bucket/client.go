package bucket

import (
	"context"
	"net/http"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
	transport "google.golang.org/api/transport/http"
	"nightwire.dev/shared/config"
)

// Open connects to Cloud Storage, or to the server that STORAGE_EMULATOR_HOST
// names, for many small files at once.
//
// The client's own connections are made for few large ones: it keeps a hundred,
// and writes 4 kB at a time. An instance that has more events than that in hand
// would dial for every other file; so much took a tenth of what functions do.
func Open(ctx context.Context) (*storage.Client, error) {
	// The clients' own telemetry would cost a seventh of what a request does, and
	// goes nowhere: what is told of an event is told by the package telemetry.
	identity := []option.ClientOption{option.WithTelemetryDisabled(), option.WithScopes(storage.ScopeFullControl)}
	if _, local := config.Lookup("STORAGE_EMULATOR_HOST"); local {
		identity = append(identity, option.WithoutAuthentication())
	}
	signed, err := transport.NewTransport(ctx, connections(), identity...)
	if err != nil {
		return nil, err
	}
	return storage.NewClient(ctx, storage.WithJSONReads(), option.WithHTTPClient(&http.Client{Transport: signed}))
}

// connections are one for each event that an instance may have in hand, and
// send a file in one write.
func connections() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 1000, 1000
	t.WriteBufferSize = 128 << 10
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 31 * time.Second} // finds dead connections, as the client's own do
	return t
}
