package deadletter

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
)

// Print shows a letter of a stream to a person: where it comes from and why, all
// its attributes, and its content.
func (l *Letter) Print(ctx context.Context, stream names.Stream, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "letter\t%s\n", l.ID)
	fmt.Fprintf(w, "at\t%s\n", l.At.UTC().Format(time.RFC3339))
	fmt.Fprintf(w, "function\t%s\n", l.Function)
	fmt.Fprintf(w, "reason\t%s\n", l.Reason)
	fmt.Fprintf(w, "from\t%s\n", l.From())
	fmt.Fprintf(w, "content\t%d bytes\n", l.Bytes)
	fmt.Fprintln(w, "\nattributes\t")
	for _, key := range slices.Sorted(maps.Keys(l.Attributes)) {
		fmt.Fprintf(w, "  %s\t%s\n", key, l.Attributes[key])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n", bytes.TrimSpace(l.content(ctx, stream)))
	return err
}

// dumped is how much of content that nobody can read is shown.
const dumped = 512

// content is the message's content in a form for people: an alert, without its
// stamps, or a bucket's notification as JSON; else its first bytes.
func (l *Letter) content(ctx context.Context, stream names.Stream) []byte {
	decoder := packet.Decoder{Registry: &packet.Registry{Shipped: func(id uint32) ([]byte, bool) {
		schema, ok := schemas.FindConfluent(stream.Survey(), int(id))
		return schema.JSON, ok
	}}}
	var indented bytes.Buffer
	text := l.Data
	p, err := decoder.Decode(ctx, l.Data)
	if err == nil {
		text = p.Record.AppendExactJSON(nil, schemas.Cutouts()...)
	}
	if json.Indent(&indented, text, "", "  ") == nil && indented.Len() > 0 {
		return indented.Bytes()
	}
	head := l.Data[:min(len(l.Data), dumped)]
	return fmt.Appendf(nil, "no alert, and no JSON: %v\n%s", err, hex.Dump(head))
}
