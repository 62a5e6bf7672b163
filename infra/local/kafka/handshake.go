package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"nightwire.dev/infra/cluster"
)

// askTimeout is long for a question within the machine.
const askTimeout = 10 * time.Second

// announceHandshake has the broker announce version 0 of SaslHandshake beside
// version 1, as Kafka's own brokers do. The librdkafka of today's distributions,
// and with it kcat, signs in at none that does not, and then speaks version 1.
func (s *Server) announceHandshake() error {
	known, err := s.announced()
	if err != nil {
		return fmt.Errorf("ask what it announces: %w", err)
	}
	for i, key := range known.ApiKeys {
		if key.ApiKey == int16(kmsg.SASLHandshake) {
			known.ApiKeys[i].MinVersion = 0
		}
	}
	s.cluster.ControlKey(int16(kmsg.ApiVersions), func(request kmsg.Request) (kmsg.Response, error, bool) {
		asked, ok := request.(*kmsg.ApiVersionsRequest)
		if !ok || asked.Version > known.Version {
			return nil, nil, false
		}
		s.cluster.KeepControl()
		answer := *known
		answer.Version = asked.Version
		return &answer, nil, true
	})
	return nil
}

// announced is what the broker says that it understands, which it says before
// anybody has signed in.
func (s *Server) announced() (*kmsg.ApiVersionsResponse, error) {
	client, err := cluster.Kafka{Bootstrap: s.Address(), CAFile: s.caFile}.Connect()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	question := kmsg.NewPtrApiVersionsRequest()
	question.ClientSoftwareName, question.ClientSoftwareVersion = "nightwire", "1"
	answer, err := client.SeedBrokers()[0].Request(ctx, question)
	if err != nil {
		return nil, err
	}
	known, ok := answer.(*kmsg.ApiVersionsResponse)
	if !ok {
		return nil, fmt.Errorf("the answer is a %T", answer)
	}
	return known, nil
}
