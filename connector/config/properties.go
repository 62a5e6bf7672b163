package config

import (
	"maps"
	"strconv"
	"strings"
)

const ownSetting = "it has a setting of its own"

// reservedProperties are those on which "nothing is lost" rests, or that are
// set by name elsewhere.
var reservedProperties = map[string]string{
	"enable.auto.commit":            "offsets are committed only behind confirmed publishes",
	"enable.auto.offset.store":      "offsets are committed only behind confirmed publishes",
	"auto.offset.reset":             "a reset would hide a gap",
	"partition.assignment.strategy": "the connector rebalances cooperatively",
	"group.protocol":                "the connector rebalances cooperatively",
	"enable.partition.eof":          "the connector has no use for it",
	"bootstrap.servers":             ownSetting,
	"metadata.broker.list":          ownSetting,
	"group.id":                      ownSetting,
	"security.protocol":             ownSetting,
	"sasl.mechanism":                ownSetting,
	"sasl.mechanisms":               ownSetting,
	"sasl.username":                 ownSetting,
	"sasl.password":                 ownSetting,
	"sasl.kerberos.service.name":    ownSetting,
	"sasl.kerberos.keytab":          ownSetting,
	"sasl.kerberos.principal":       ownSetting,
	"ssl.ca.location":               ownSetting,
}

// reserved says why the property may not be set; empty: it may.
func reserved(property string) (why string) {
	if strings.HasPrefix(property, "go.") {
		return "go.* is how the connector itself is served by its Kafka client"
	}
	return reservedProperties[property]
}

// queuedKilobytes bounds what librdkafka reads ahead, over all partitions.
const queuedKilobytes = 16 << 10

// ConsumerProperties are librdkafka's, for the stream's consumer. They hold
// the password in clear.
func (s *Stream) ConsumerProperties() map[string]string {
	k := s.Kafka
	p := map[string]string{
		"client.id":                  "nightwire-connector",
		"queued.max.messages.kbytes": strconv.Itoa(queuedKilobytes),
		"fetch.max.bytes":            strconv.Itoa(queuedKilobytes << 10),
		// Records come together, and are published together: one by one, each
		// would wake every part of the way.
		"fetch.min.bytes":   strconv.Itoa(1 << 20),
		"fetch.wait.max.ms": "100",
		// The default of a second leaves a small queue empty between fetches.
		"fetch.queue.backoff.ms":             "20",
		"topic.metadata.refresh.interval.ms": strconv.FormatInt(max(s.TopicRefresh.Milliseconds(), 10), 10),
		"allow.auto.create.topics":           "false",
		"socket.keepalive.enable":            "true",
		// Bytes in, bytes kept: what the network spoils is fetched again.
		"check.crcs": "true",
	}
	maps.Copy(p, k.Properties)
	maps.Copy(p, map[string]string{
		"bootstrap.servers":        k.BootstrapServers,
		"group.id":                 k.GroupID,
		"security.protocol":        k.SecurityProtocol,
		"enable.auto.commit":       "false",
		"enable.auto.offset.store": "false",
		// The relay chooses every starting offset itself; what is out of range
		// must come back as an error, so that it is reported as a gap.
		"auto.offset.reset": "error",
		// A new topic each night means a rebalance each night: the cooperative
		// protocol lets the partitions that stay flow on meanwhile.
		"partition.assignment.strategy": "cooperative-sticky",
	})
	set := func(name, value string) {
		if value != "" {
			p[name] = value
		}
	}
	set("sasl.mechanism", k.SASLMechanism)
	set("sasl.username", k.SASLUsername)
	set("sasl.password", string(k.SASLPassword))
	set("sasl.kerberos.service.name", k.KerberosService)
	set("sasl.kerberos.keytab", k.KerberosKeytab)
	set("sasl.kerberos.principal", k.KerberosName)
	set("ssl.ca.location", k.CAFile)
	return p
}
