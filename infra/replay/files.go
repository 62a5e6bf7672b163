package replay

import (
	"context"
	"fmt"

	"nightwire.dev/infra/source"
	"nightwire.dev/shared/origin"
)

// Files plans to send the packets of a folder or a tarball as raw messages.
// They come from no Kafka, and their coordinates say so: see origin.File. The
// ledger has them, and the certificate, which counts Kafka's records, does not.
//
// A packet whose alert is in the archive is a duplicate there, and changes
// nothing. That holds also for a file of an archive whose header was mended when
// the survey's packet came (ZTF before schema 3.5, and 4.01): its bytes are not
// those that were sent, and the archive knows its own file.
func Files(t Target, s *source.Source) (*Plan, error) {
	p := &Plan{
		From: s.Name, What: "packets", To: t.Resources.TopicPath(t.Resources.RawTopic()), Notify: t.Notify,
		Notes: []string{fmt.Sprintf("they come from no Kafka: the ledger has them under the topic %s", origin.File(s.Name, nil).Topic)},
	}
	for packet, err := range s.Packets {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.Name, err)
		}
		p.add(packet.Name, int64(len(packet.Bytes)))
	}
	p.send = func(ctx context.Context, progress func(Result)) (Result, error) {
		return t.sendRaw(ctx, func(yield func(raw, error) bool) {
			for packet, err := range s.Packets {
				if !yield(raw{origin.File(s.Name, packet.Bytes), packet.Bytes}, err) {
					return
				}
			}
		}, progress)
	}
	return p, nil
}
