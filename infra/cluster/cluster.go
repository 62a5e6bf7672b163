// Package cluster is a Kafka cluster as its clients see it: how to reach it,
// and what it holds. The feeder, the certificate and the local broker use it.
package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Kafka is how to reach a cluster.
type Kafka struct {
	Bootstrap string `help:"Brokers, host:port, comma-separated; the running local stack's if empty." env:"KAFKA_BOOTSTRAP_SERVERS"`
	Mechanism string `help:"SASL mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; none if empty." env:"KAFKA_SASL_MECHANISM"`
	Username  string `help:"For SASL." env:"KAFKA_SASL_USERNAME"`
	Password  string `help:"For SASL." env:"KAFKA_SASL_PASSWORD"`
	Protocol  string `help:"PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; what else is set decides if empty." name:"security-protocol" env:"KAFKA_SECURITY_PROTOCOL"`
	TLS       bool   `help:"Encrypt the connection." name:"tls"`
	CAFile    string `help:"CA certificates for TLS, in PEM; the system's if empty." type:"existingfile" env:"KAFKA_CA_FILE"`
}

// maxRecord is the largest record that we send: Pub/Sub takes 10 MB.
const maxRecord = 10 << 20

// Connect makes a client; it connects at its first request.
func (k Kafka) Connect(more ...kgo.Opt) (*kgo.Client, error) {
	options := append([]kgo.Opt{
		kgo.SeedBrokers(strings.Split(k.Bootstrap, ",")...),
		kgo.AllowAutoTopicCreation(),
		kgo.ProducerBatchMaxBytes(maxRecord),
		kgo.MaxBufferedBytes(64 << 20),
		// Alerts hold gzip files; compressing them again gains nothing.
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	}, more...)
	mechanism, encrypted, err := k.security()
	if err != nil {
		return nil, err
	}
	switch mechanism {
	case "":
	case "PLAIN":
		options = append(options, kgo.SASL(plain.Auth{User: k.Username, Pass: k.Password}.AsMechanism()))
	case "SCRAM-SHA-256":
		options = append(options, kgo.SASL(scram.Auth{User: k.Username, Pass: k.Password}.AsSha256Mechanism()))
	case "SCRAM-SHA-512":
		options = append(options, kgo.SASL(scram.Auth{User: k.Username, Pass: k.Password}.AsSha512Mechanism()))
	default:
		return nil, fmt.Errorf("mechanism %s is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", k.Mechanism)
	}
	if encrypted {
		c, err := k.tlsConfig()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(c))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("connect to Kafka: %w", err)
	}
	return client, nil
}

// security is how to sign in, and whether the connection is encrypted. The
// protocol decides, as it does for librdkafka; without one, what is set does.
func (k Kafka) security() (mechanism string, encrypted bool, err error) {
	mechanism = strings.ToUpper(k.Mechanism)
	switch protocol := strings.ToUpper(k.Protocol); protocol {
	case "":
		return mechanism, k.TLS || k.CAFile != "", nil
	case "PLAINTEXT":
		return "", k.TLS, nil
	case "SSL":
		return "", true, nil
	case "SASL_PLAINTEXT", "SASL_SSL":
		if mechanism == "" {
			return "", false, fmt.Errorf("security protocol %s wants a SASL mechanism", protocol)
		}
		return mechanism, k.TLS || protocol == "SASL_SSL", nil
	default:
		return "", false, fmt.Errorf("security protocol %s is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL", k.Protocol)
	}
}

func (k Kafka) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if k.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(k.CAFile)
	if err != nil {
		return nil, fmt.Errorf("CA certificates: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA certificates: %s holds none in PEM", k.CAFile)
	}
	return c, nil
}
