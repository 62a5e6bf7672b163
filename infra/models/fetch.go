package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Fetcher fetches files into a folder.
type Fetcher struct {
	Into   string
	Client *http.Client // http.DefaultClient if nil

	// Progress is told, if not nil, how much of a file is there; total is 0
	// where the server does not say.
	Progress func(f File, done, total int64)
}

// attempts is how often a transfer that breaks off is taken up again.
const attempts = 4

// partEnd is the end of the name of a file that is not there completely.
const partEnd = ".part"

// Fetch brings one file into the folder, and unpacks it if it is an archive.
// Kept says that it was there.
func (f *Fetcher) Fetch(ctx context.Context, file File) (kept bool, err error) {
	target := filepath.Join(f.Into, filepath.FromSlash(file.Path))
	if file.isArchive() {
		target += archiveEnds[0]
	}
	sum, err := fileSum(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("fetch %s: %w", file.Path, err)
	}
	kept = err == nil && sum == strings.ToLower(file.SHA256)
	if !kept {
		if err := f.download(ctx, file, target); err != nil {
			return false, fmt.Errorf("fetch %s: %w", file.Path, err)
		}
	}
	if file.isArchive() {
		if err := unpack(target, filepath.Join(f.Into, filepath.FromSlash(file.Path))); err != nil {
			return false, fmt.Errorf("unpack %s: %w", target, err)
		}
	}
	return kept, nil
}

// download fetches a file, checks it, and gives it its name.
func (f *Fetcher) download(ctx context.Context, file File, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	part := target + partEnd
	resumed, err := f.transfer(ctx, file, part)
	if err != nil {
		return err
	}
	err = check(file, part)
	if err != nil && resumed {
		// The beginning may be of another version: once more, from the start.
		if err := os.Remove(part); err != nil {
			return err
		}
		if _, err := f.transfer(ctx, file, part); err != nil {
			return err
		}
		err = check(file, part)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, target)
}

// check compares a file's checksum with the list's.
func check(file File, path string) error {
	sum, err := fileSum(path)
	if err != nil {
		return err
	}
	if sum != strings.ToLower(file.SHA256) {
		return fmt.Errorf("%s has the SHA-256 %s, the list says %s: it is not kept", file.Address, sum, file.SHA256)
	}
	return nil
}

// transfer brings the whole file to a path, from where an earlier transfer
// ended. Resumed says that its beginning is that of an earlier one. Where
// nothing has come, no file is left.
func (f *Fetcher) transfer(ctx context.Context, file File, part string) (resumed bool, err error) {
	var final bool
	for range attempts {
		var appended bool
		appended, final, err = f.attempt(ctx, file, part)
		resumed = resumed || appended
		if final = final || ctx.Err() != nil; err == nil || final {
			break
		}
	}
	if err == nil {
		return resumed, nil
	}
	if size, serr := os.Stat(part); serr == nil && size.Size() == 0 {
		return resumed, errors.Join(err, os.Remove(part))
	}
	if final {
		return resumed, err
	}
	return resumed, fmt.Errorf("%w; what has come is kept, fetch again to go on", err)
}

// attempt is one request. Final says that its error will not go away.
func (f *Fetcher) attempt(ctx context.Context, file File, part string) (appended, final bool, err error) {
	out, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return false, true, err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	had, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return false, true, err
	}
	response, err := f.request(ctx, file, had)
	if err != nil {
		return false, false, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusPartialContent:
		appended = true
	case http.StatusOK:
		had, err = 0, restart(out)
	case http.StatusRequestedRangeNotSatisfiable:
		err = errors.Join(errors.New("the transfer cannot be resumed where it ended"), restart(out))
	default:
		err = fmt.Errorf("%s answers %s", file.Address, response.Status)
		final = response.StatusCode < http.StatusInternalServerError
	}
	if err != nil {
		return false, final, err
	}
	total := int64(0)
	if response.ContentLength > 0 {
		total = had + response.ContentLength
	}
	_, err = io.Copy(out, &counted{response.Body, had, func(done int64) {
		if f.Progress != nil {
			f.Progress(file, done, total)
		}
	}})
	return appended, false, err
}

// request asks for the file from a byte on.
func (f *Fetcher) request(ctx context.Context, file File, from int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, file.Address, nil)
	if err != nil {
		return nil, err
	}
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	return f.client().Do(request)
}

// restart forgets what was transferred.
func restart(out *os.File) error {
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return out.Truncate(0)
}

func (f *Fetcher) client() *http.Client {
	if f.Client != nil {
		return f.Client
	}
	return http.DefaultClient
}

// counted tells how much has been read.
type counted struct {
	io.Reader
	done int64
	tell func(done int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.done += int64(n)
	c.tell(c.done)
	return n, err
}

// fileSum is a file's SHA-256 in hexadecimal digits.
func fileSum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
