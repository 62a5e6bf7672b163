package main

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"nightwire.dev/infra/source"
)

// draw writes a source's packets into a tar file, and reads them from there: to
// draw the sky takes about as long as to process it, and only the latter is to be
// measured. The file lies on the disk, so a night of any size takes the same
// memory.
func draw(ctx context.Context, from *source.Source, path string) (*source.Source, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("draw the alerts: %w", err)
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	archive := tar.NewWriter(buffered)
	err = writePackets(ctx, from, archive)
	if err := errors.Join(err, archive.Close(), buffered.Flush(), file.Close()); err != nil {
		return nil, fmt.Errorf("draw the alerts: %w", err)
	}
	return source.Open(path)
}

func writePackets(ctx context.Context, from *source.Source, into *tar.Writer) error {
	bar := newProgress(from.Count, "drawn")
	n := 0
	for packet, err := range from.Packets {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		header := &tar.Header{Name: fmt.Sprintf("%07d.avro", n), Mode: 0o600, Size: int64(len(packet.Bytes))}
		if err := into.WriteHeader(header); err != nil {
			return err
		}
		if _, err := into.Write(packet.Bytes); err != nil {
			return err
		}
		n++
		_ = bar.Set(n)
	}
	return bar.Finish()
}
