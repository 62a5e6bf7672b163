package stack

import (
	"crypto/rand"
	"path/filepath"

	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/kafka"
)

// Security is what the local Kafka asks of its clients, the connector and our
// own commands among them.
type Security string

// What it may ask: nothing, as ZTF's brokers do inside their network; a
// connection that is encrypted; a user who signs in by SCRAM-SHA-512, as LSST's
// brokers have it; or both.
const (
	Plaintext    Security = "none"
	TLS          Security = "tls"
	SCRAM        Security = "scram"
	TLSWithSCRAM Security = "tls+scram"
)

func (s Security) encrypts() bool { return s == TLS || s == TLSWithSCRAM }
func (s Security) signsIn() bool  { return s == SCRAM || s == TLSWithSCRAM }

// protocol is the name that Kafka has for it.
func (s Security) protocol() string {
	switch s {
	case TLS:
		return "SSL"
	case SCRAM:
		return "SASL_PLAINTEXT"
	case TLSWithSCRAM:
		return "SASL_SSL"
	default:
		return "PLAINTEXT"
	}
}

// Wants says it in a sentence's end, for people.
func (s Security) Wants() string {
	switch s {
	case TLS:
		return "TLS"
	case SCRAM:
		return "a user and a password"
	case TLSWithSCRAM:
		return "TLS, a user and a password"
	default:
		return "nothing"
	}
}

// kafkaUser is who signs in.
const kafkaUser = "nightwire"

// secure has the stack's Kafka ask for that much. The password is another one at
// each start, and stack.json, which only its owner may read, has it.
func (e Endpoints) secure(s Security) Endpoints {
	e.KafkaSecurity = s
	if s.signsIn() {
		e.KafkaPassword = rand.Text()
	}
	return e
}

// kafkaFolder is where the local Kafka keeps its state.
func (e Endpoints) kafkaFolder() string { return filepath.Join(e.Dir, "kafka") }

// Cluster is the local Kafka as its clients reach it.
func (e Endpoints) Cluster() cluster.Kafka {
	k := cluster.Kafka{Bootstrap: e.Kafka, Protocol: e.KafkaSecurity.protocol()}
	if e.KafkaSecurity.signsIn() {
		k.Mechanism, k.Username, k.Password = "SCRAM-SHA-512", kafkaUser, e.KafkaPassword
	}
	if e.KafkaSecurity.encrypts() {
		k.CAFile = kafka.CAFile(e.kafkaFolder())
	}
	return k
}

// kafkaServer is the local Kafka as a process. The password is in its
// environment, since everybody may read a command line.
func (s *Stack) kafkaServer(nightwire string) *process {
	var flags []string
	if s.KafkaSecurity.encrypts() {
		flags = append(flags, "--tls")
	}
	if s.KafkaSecurity.signsIn() {
		flags = append(flags, "--user", kafkaUser)
	}
	p := s.server(nightwire, "kafka", s.Kafka, flags...)
	p.environment = append(p.environment, KafkaPasswordVariable+"="+s.KafkaPassword)
	return p
}

// KafkaPasswordVariable tells the process of the local Kafka its user's password.
const KafkaPasswordVariable = "NIGHTWIRE_LOCAL_KAFKA_PASSWORD"
