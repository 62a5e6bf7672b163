package cluster

import (
	"strings"
	"testing"
)

func TestSecurity(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kafka     Kafka
		mechanism string
		encrypted bool
		refused   string
	}{
		"nothing":                     {Kafka{}, "", false, ""},
		"what is set":                 {Kafka{Mechanism: "plain", TLS: true}, "PLAIN", true, ""},
		"a certificate":               {Kafka{CAFile: "ca.pem"}, "", true, ""},
		"plain text, whatever is set": {Kafka{Protocol: "PLAINTEXT", Mechanism: "PLAIN", CAFile: "ca.pem"}, "", false, ""},
		"encrypted alone":             {Kafka{Protocol: "SSL", Mechanism: "PLAIN"}, "", true, ""},
		"signed in alone":             {Kafka{Protocol: "sasl_plaintext", Mechanism: "SCRAM-SHA-512"}, "SCRAM-SHA-512", false, ""},
		"both":                        {Kafka{Protocol: "SASL_SSL", Mechanism: "SCRAM-SHA-512"}, "SCRAM-SHA-512", true, ""},
		"signed in without a way to":  {Kafka{Protocol: "SASL_SSL"}, "", false, "wants a SASL mechanism"},
		"a protocol of nobody's":      {Kafka{Protocol: "TLS"}, "", false, "TLS is none of PLAINTEXT, SSL"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mechanism, encrypted, err := c.kafka.security()
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("error is %v, want it to say %q", err, c.refused)
				}
				return
			}
			if err != nil || mechanism != c.mechanism || encrypted != c.encrypted {
				t.Errorf("mechanism %q, encrypted %v, %v; want %q, %v", mechanism, encrypted, err, c.mechanism, c.encrypted)
			}
		})
	}
}

// TestConnectRefuses names the mechanism that is not supported.
func TestConnectRefuses(t *testing.T) {
	t.Parallel()
	if _, err := (Kafka{Protocol: "SASL_SSL", Mechanism: "GSSAPI"}).Connect(); err == nil || !strings.Contains(err.Error(), "mechanism GSSAPI is none of") {
		t.Errorf("error is %v", err)
	}
}
