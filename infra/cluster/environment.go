package cluster

// Environment is how a program is told by its environment to reach the cluster:
// the connector, and our own commands. What is not asked for is named, too, and
// empty, so that no shell's setting takes its place.
func (k Kafka) Environment() []string {
	return []string{
		"KAFKA_BOOTSTRAP_SERVERS=" + k.Bootstrap,
		"KAFKA_SECURITY_PROTOCOL=" + k.Protocol,
		"KAFKA_SASL_MECHANISM=" + k.Mechanism,
		"KAFKA_SASL_USERNAME=" + k.Username,
		"KAFKA_SASL_PASSWORD=" + k.Password,
		"KAFKA_CA_FILE=" + k.CAFile,
	}
}
