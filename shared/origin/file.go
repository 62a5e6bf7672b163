package origin

import (
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"strings"
)

// fileScheme begins the topic of a packet that came from no Kafka. No topic of
// Kafka's can have it: their names hold letters, digits, ".", "_" and "-".
const fileScheme = "file:"

// File is the coordinates of a packet out of a folder or a tarball. The topic
// says so, file:<name>, with the last part of the path. The partition is 0; the
// offset is no position but the first 63 bits of the content's SHA-256: the same
// packet has the same coordinates each time that it is sent, and no two packets
// share theirs. Whoever counts Kafka's records passes such topics over: see
// InKafka.
func File(path string, content []byte) Origin {
	digest := sha256.Sum256(content)
	return Origin{Topic: fileScheme + filepath.Base(path), Offset: int64(binary.BigEndian.Uint64(digest[:8]) >> 1)}
}

// InKafka says whether the topic of coordinates is one of Kafka's.
func InKafka(topic string) bool { return !strings.HasPrefix(topic, fileScheme) }
