package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nightwire.dev/shared/names"
)

// Endpoints are where a stack's services listen, host:port.
type Endpoints struct {
	Stream        names.Stream `json:"stream"`
	Kafka         string       `json:"kafka"`
	KafkaSecurity Security     `json:"kafka_security"`
	KafkaPassword string       `json:"kafka_password,omitempty"`
	PubSub        string       `json:"pubsub"`
	PubSubStatus  string       `json:"pubsub_status"`
	Storage       string       `json:"storage"`
	BigQuery      string       `json:"bigquery"`
	BigQueryWrite string       `json:"bigquery_write"`
	Functions     string       `json:"functions"`
	Connector     string       `json:"connector"`
	Page          string       `json:"page"` // of a stack that nightwire up keeps
	Dir           string       `json:"dir"`
}

// endpointsFile tells other commands where the stack is, or was.
const endpointsFile = "stack.json"

// Last reads which stack a state folder had last, whether it runs or not.
func Last(dir string) (e Endpoints, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, endpointsFile))
	return e, err == nil && json.Unmarshal(text, &e) == nil
}

// Running reads where the stack of a state folder listens; ok is false if none
// runs.
func Running(dir string) (e Endpoints, ok bool) {
	e, ok = Last(dir)
	return e, ok && lockedDir(dir) && dialable(e.BigQuery)
}

func (e Endpoints) save(dir string) error {
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", endpointsFile, err)
	}
	temporary := filepath.Join(dir, endpointsFile+".new")
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", endpointsFile, err)
	}
	return os.Rename(temporary, filepath.Join(dir, endpointsFile))
}

// Resources names the stream's resources in the local project.
func (e Endpoints) Resources() names.Resources {
	return names.Resources{Project: Project, Stream: e.Stream}
}

// Environment points a client program at the stack: the variables that
// Google's own clients read, and ours for BigQuery.
func (e Endpoints) Environment() []string {
	return []string{
		"GOOGLE_CLOUD_PROJECT=" + Project,
		"NIGHTWIRE_STREAM=" + string(e.Stream),
		"PUBSUB_EMULATOR_HOST=" + e.PubSub,
		"STORAGE_EMULATOR_HOST=http://" + e.Storage,
		"NIGHTWIRE_BIGQUERY_ENDPOINT=http://" + e.BigQuery,
		"NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT=" + e.BigQueryWrite,
	}
}

// Service is one of the stack's processes, and where it answers.
type Service struct {
	Name    string `json:"name"` // as its log is called
	Address string `json:"address"`
	Answers bool   `json:"answers"`
}

// Services asks each process whether it answers, in the order of an alert's way.
func (e Endpoints) Services() []Service {
	all := []Service{
		{Name: "kafka", Address: e.Kafka}, {Name: "connector", Address: e.Connector}, {Name: "pubsub", Address: e.PubSub},
		{Name: "functions", Address: e.Functions}, {Name: "storage", Address: e.Storage}, {Name: "bigquery", Address: e.BigQuery},
	}
	for i := range all {
		all[i].Answers = dialable(all[i].Address)
	}
	return all
}

func (e Endpoints) functionsEnvironment() []string {
	telemetry := "log" // spans as lines of the log, unless our own environment says otherwise
	if set, ok := os.LookupEnv("NIGHTWIRE_TELEMETRY"); ok {
		telemetry = set
	}
	return append(e.Environment(), "NIGHTWIRE_TELEMETRY="+telemetry,
		// What Cloud Run says to each. One process is all functions here, so that
		// FUNCTION_TARGET, which chooses one, is not set.
		"PORT="+portOf(e.Functions), "K_SERVICE=nightwire-functions", "K_REVISION=nightwire-functions-local",
		"K_CONFIGURATION=nightwire-functions", "FUNCTION_SIGNATURE_TYPE=http",
		// Filters are taken up at once, and an instance that was killed does not
		// keep its alerts for long. Neither those, nor events that wait for their
		// next attempt, are missing yet.
		"NIGHTWIRE_FILTER_REFRESH=2s", "NIGHTWIRE_CLAIM_LEASE=20s", "NIGHTWIRE_REPAIR_PATIENCE=25s",
		// Within the acknowledgement deadline here.
		"NIGHTWIRE_TARBALL_BUDGET=30s", "NIGHTWIRE_REPAIR_BUDGET=30s")
}

func (e Endpoints) connectorEnvironment() []string {
	environment := append(slices.Concat(e.Environment(), e.Cluster().Environment()),
		"PORT="+portOf(e.Connector), "NIGHTWIRE_HOST=127.0.0.1",
		"KAFKA_NIGHTS=all", "KAFKA_TOPIC_REFRESH=1s", "KAFKA_COMMIT_INTERVAL=500ms", "KAFKA_REPORT_INTERVAL=2s",
		// A fixed member: one that is killed and started again takes its own
		// partitions up at once.
		"KAFKA_PROPERTIES=session.timeout.ms=6000,group.instance.id=local")
	if e.Stream == names.LSST {
		environment = append(environment, "KAFKA_TOPICS="+LSSTTopic)
	}
	return environment
}

// LSSTTopic is the local Kafka's topic of LSST alerts.
const LSSTTopic = "lsst-alerts"

func portOf(address string) string {
	_, number, _ := net.SplitHostPort(address)
	return number
}

// await asks for a condition again and again until it holds.
func await(ctx context.Context, every time.Duration, condition func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if ok, err := condition(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
