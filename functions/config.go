package functions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nightwire.dev/shared/config"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/supernova"
	"nightwire.dev/shared/telemetry"
	"nightwire.dev/shared/warehouse"
)

// Config is what an instance is told by its environment. The clients also read
// PUBSUB_EMULATOR_HOST and STORAGE_EMULATOR_HOST, which point them at a local
// stack.
type Config struct {
	Project string       `env:"GOOGLE_CLOUD_PROJECT, required"`
	Stream  names.Stream `env:"NIGHTWIRE_STREAM, required"`
	Suffix  string       `env:"NIGHTWIRE_SUFFIX"` // of a test deployment

	SchemaRegistry         string `env:"SCHEMA_REGISTRY_URL"` // of the survey, if it sends the Confluent wire format
	SchemaRegistryUsername string `env:"SCHEMA_REGISTRY_USERNAME"`
	SchemaRegistryPassword string `env:"SCHEMA_REGISTRY_PASSWORD"`

	ClaimLease    time.Duration `env:"NIGHTWIRE_CLAIM_LEASE, default=2m"`     // how long filter respects another instance's claim on an alert
	FilterRefresh time.Duration `env:"NIGHTWIRE_FILTER_REFRESH, default=15s"` // how often filter looks for changed filters

	RepairPatience time.Duration `env:"NIGHTWIRE_REPAIR_PATIENCE, default=5m"` // how long nothing may get better before night's certificate is final: more than a claim's lease
	RepairBudget   time.Duration `env:"NIGHTWIRE_REPAIR_BUDGET, default=6m"`   // how old a look at a night may be that still sends notifications again

	TarballBudget time.Duration `env:"NIGHTWIRE_TARBALL_BUDGET, default=6m"` // how long one event works on a tarball before another goes on

	Models    string `env:"MODELS"` // folder of the model that supernova fits; without it, that of the bucket of products
	Supernova supernova.Config

	Warehouse warehouse.Config
	Telemetry telemetry.Config
}

// shortestLease leaves an instance time to publish and to write rows.
const shortestLease = 2 * time.Second

// longestBudget leaves a function, which ends after nine minutes, time to put a
// tarball together, or to keep a certificate.
const longestBudget = 7 * time.Minute

// Resources names what the instance's stream owns.
func (c *Config) Resources() names.Resources {
	return names.Resources{Project: c.Project, Stream: c.Stream, Suffix: c.Suffix}
}

// CheckEnvironment says what is missing in the environment, or wrong in it.
func CheckEnvironment(ctx context.Context) error {
	_, err := config.Load[Config](ctx)
	return err
}

// Validate says which variable is wrong.
func (c *Config) Validate() error {
	if c.Project == "" {
		return errors.New("GOOGLE_CLOUD_PROJECT: want a project")
	}
	if err := c.Stream.Validate(); err != nil {
		return fmt.Errorf("NIGHTWIRE_STREAM: %w", err)
	}
	if err := c.Resources().Validate(); err != nil {
		return fmt.Errorf("NIGHTWIRE_SUFFIX: %w", err)
	}
	if c.ClaimLease < shortestLease {
		return fmt.Errorf("NIGHTWIRE_CLAIM_LEASE: %s is too short: want at least %s", c.ClaimLease, shortestLease)
	}
	if c.FilterRefresh <= 0 {
		return fmt.Errorf("NIGHTWIRE_FILTER_REFRESH: want more than %s", c.FilterRefresh)
	}
	if err := c.Telemetry.Validate(); err != nil {
		return err
	}
	if c.RepairPatience <= 0 {
		return fmt.Errorf("NIGHTWIRE_REPAIR_PATIENCE: want more than %s", c.RepairPatience)
	}
	if c.RepairBudget <= 0 || c.RepairBudget > longestBudget {
		return fmt.Errorf("NIGHTWIRE_REPAIR_BUDGET: want more than 0s and at most %s, not %s", longestBudget, c.RepairBudget)
	}
	if c.TarballBudget <= 0 || c.TarballBudget > longestBudget {
		return fmt.Errorf("NIGHTWIRE_TARBALL_BUDGET: want more than 0s and at most %s, not %s", longestBudget, c.TarballBudget)
	}
	return c.Supernova.Validate()
}
