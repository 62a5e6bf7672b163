package deadletter

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// slip is what an exported letter's .json holds.
type slip struct {
	ID         string            `json:"id"`
	Published  time.Time         `json:"published"`
	At         time.Time         `json:"at"`
	Function   string            `json:"function"`
	Reason     string            `json:"reason"`
	From       string            `json:"from"`
	Bytes      int               `json:"bytes"`
	Attributes map[string]string `json:"attributes"`
}

// Export writes each chosen letter into a folder: its message's content as
// <id>.bin, and the rest as <id>.json. Without remove the letters stay; with it,
// a letter ends when the disk has both its files. A choice that names what is
// not there is an error.
func (b *Box) Export(ctx context.Context, choice Choice, dir string, remove bool, progress func(written int)) (written int, walked Walked, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, walked, fmt.Errorf("make the folder: %w", err)
	}
	chosen := newChooser(choice)
	walked, err = b.Walk(ctx, func(ctx context.Context, letters []*Letter) (settled []*Letter, err error) {
		for _, l := range letters {
			if !chosen.takes(l) {
				continue
			}
			if ctx.Err() != nil {
				return settled, ctx.Err()
			}
			if err := l.write(dir); err != nil {
				return settled, fmt.Errorf("export letter %s: %w", l.ID, err)
			}
			written++
			progress(written)
			if remove {
				settled = append(settled, l)
			}
		}
		return settled, nil
	})
	if err == nil {
		err = chosen.missed()
	}
	return written, walked, err
}

// write writes the letter's two files; the .json comes last, so that where it is
// the other is whole.
func (l *Letter) write(dir string) error {
	if !filepath.IsLocal(l.ID) || filepath.Base(l.ID) != l.ID {
		return fmt.Errorf("its ID %q is no name for a file", l.ID)
	}
	text, err := json.MarshalIndent(slip{
		ID: l.ID, Published: l.Published, At: l.At, Function: l.Function, Reason: l.Reason, From: l.From(), Bytes: l.Bytes, Attributes: l.Attributes,
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, l.ID+".bin"), l.Data); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, l.ID+".json"), append(text, '\n'))
}

// writeFile writes a file that is whole or not there, and on the disk when it
// returns.
func writeFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
