package simulate

import (
	"fmt"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
)

// Packet is alert i as the survey would send it: an object container.
func (n *Night) Packet(i int) ([]byte, error) { return n.Encode(n.Alert(i)) }

// Encode makes a packet of a record of the night's schema, such as one of its
// alerts that has been changed.
func (n *Night) Encode(record map[string]any) ([]byte, error) {
	schema, err := n.writer()
	if err != nil {
		return nil, err
	}
	b, err := schema.Encode(nil, record)
	if err != nil {
		return nil, fmt.Errorf("encode synthetic alert: %w", err)
	}
	return packet.Container(schema, b), nil
}

// parseWriter parses the schema that packets are written with.
func parseWriter(version string) (*packet.Schema, error) {
	shipped, ok := schemas.Find(schemas.ZTF, version)
	if !ok {
		return nil, fmt.Errorf("the schema of ZTF %s is not shipped", version)
	}
	return packet.ParseSchema(shipped.JSON)
}
