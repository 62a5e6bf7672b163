package stack

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/kafka"
	"nightwire.dev/shared/names"
)

// TestCluster lets in, for each kind of security, who reaches Kafka as the
// endpoints say, and nobody in the clear.
func TestCluster(t *testing.T) {
	t.Parallel()
	cases := map[Security]string{Plaintext: "PLAINTEXT", TLS: "SSL", SCRAM: "SASL_PLAINTEXT", TLSWithSCRAM: "SASL_SSL"}
	for security, protocol := range cases {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			e := Endpoints{Dir: t.TempDir(), Stream: names.ZTF}.secure(security)
			options := kafka.Options{Dir: e.kafkaFolder(), TLS: security.encrypts(), Logger: slog.New(slog.DiscardHandler)}
			if security.signsIn() {
				options.User, options.Password = kafkaUser, e.KafkaPassword
			}
			server, err := kafka.Open(options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			e.Kafka = server.Address()
			if k := e.Cluster(); k.Protocol != protocol {
				t.Errorf("protocol %s, want %s", k.Protocol, protocol)
			}
			if err := ping(t, e.Cluster(), time.Minute); err != nil {
				t.Errorf("the stack's own client: %v", err)
			}
			while := 3 * time.Second // it would try for ever
			if security == Plaintext {
				while = time.Minute
			}
			if err := ping(t, cluster.Kafka{Bootstrap: e.Kafka}, while); (err == nil) != (security == Plaintext) {
				t.Errorf("a client in the clear: %v", err)
			}
		})
	}
}

// ping asks for a sign of life, again and again for a while.
func ping(t *testing.T, k cluster.Kafka, while time.Duration) error {
	t.Helper()
	client, err := k.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), while)
	defer cancel()
	return client.Ping(ctx)
}

// TestSecure gives each start a password of its own, and keeps it from others on
// the machine.
func TestSecure(t *testing.T) {
	t.Parallel()
	one, other := Endpoints{}.secure(SCRAM), Endpoints{}.secure(TLSWithSCRAM)
	if one.KafkaPassword == "" || one.KafkaPassword == other.KafkaPassword {
		t.Errorf("passwords %q and %q", one.KafkaPassword, other.KafkaPassword)
	}
	if p := (Endpoints{}.secure(TLS)).KafkaPassword; p != "" {
		t.Errorf("a password without a user: %q", p)
	}
	dir := t.TempDir()
	if err := one.save(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir + "/" + endpointsFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if last, ok := Last(dir); !ok || last.Cluster() != one.Cluster() {
		t.Errorf("read back %+v, want %+v", last.Cluster(), one.Cluster())
	}
}

// TestConnectorEnvironment overrides what a shell has set for another Kafka.
func TestConnectorEnvironment(t *testing.T) {
	t.Parallel()
	environment := Endpoints{Stream: names.ZTF, Kafka: "127.0.0.1:1"}.connectorEnvironment()
	for _, want := range []string{"KAFKA_SECURITY_PROTOCOL=PLAINTEXT", "KAFKA_SASL_MECHANISM=", "KAFKA_SASL_PASSWORD=", "KAFKA_CA_FILE="} {
		if !slices.Contains(environment, want) {
			t.Errorf("%s is not in %v", want, environment)
		}
	}
}
