package telemetry

import (
	"fmt"
	"net"
	"time"
)

// Config is what an instance is told about its telemetry.
type Config struct {
	// Export is where metrics and spans are sent: "off", nowhere; "google", to
	// Cloud Monitoring and Cloud Trace; host:port, to an OTLP collector that
	// wants no encryption, such as one on the same machine. "log" writes spans as
	// log lines. /metrics is there in any case.
	Export string `env:"NIGHTWIRE_TELEMETRY, default=off"`

	// Interval is the shortest time between two exports.
	Interval time.Duration `env:"NIGHTWIRE_TELEMETRY_INTERVAL, default=60s"`

	// Service is the name under which an instance appears; Cloud Run sets it.
	Service string `env:"K_SERVICE, default=nightwire-functions"`
}

// The values of Config.Export that are no address.
const (
	Off    = "off"
	Log    = "log"
	Google = "google"
)

// shortestInterval is what Cloud Monitoring allows between two points of one
// series, with room for a clock.
const shortestInterval = 10 * time.Second

// Validate says which variable is wrong.
func (c *Config) Validate() error {
	switch c.Export {
	case Off, Log, Google:
	default:
		if _, _, err := net.SplitHostPort(c.Export); err != nil {
			return fmt.Errorf("NIGHTWIRE_TELEMETRY: %q: want off, log, google, or host:port of an OTLP collector", c.Export)
		}
	}
	if c.Interval < shortestInterval {
		return fmt.Errorf("NIGHTWIRE_TELEMETRY_INTERVAL: %s is too short: want at least %s", c.Interval, shortestInterval)
	}
	return nil
}
