package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"nightwire.dev/infra/models"
	salt "nightwire.dev/shared/models"
)

// modelsCommand looks after the models of supernovae.
type modelsCommand struct {
	Fetch modelsFetch `cmd:"" help:"Fetch models and bandpasses into a folder, and check them."`
}

type modelsFetch struct {
	Into string `help:"Folder to fetch into." default:"models" type:"path"`
	List string `help:"JSON file of addresses and checksums, instead of the one that is built in." type:"existingfile" placeholder:"FILE"`
}

// Help is what --help shows besides the flags.
func (modelsFetch) Help() string {
	return `Files that are there and right are kept; a transfer that broke off goes on where
it ended; what has another checksum than the list says is refused.

The list that is built in, infra/models/models.json, has SALT2-4 and ZTF's
bandpasses. Another list may name archives (.tar.gz), which are unpacked.

Examples:
  nightwire models fetch
  nightwire run --models models/salt2-4`
}

// Run fetches every file of the list.
func (c *modelsFetch) Run(ctx context.Context, out io.Writer) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	folders := map[string]bool{}
	for _, file := range files {
		fetcher := models.Fetcher{Into: c.Into}
		bar := newByteBar(file.Path)
		fetcher.Progress = func(_ models.File, done, total int64) { bar(done, total) }
		kept, err := fetcher.Fetch(ctx, file)
		if err != nil {
			return err
		}
		state := "fetched"
		if kept {
			state = "is there"
		}
		fmt.Fprintf(out, "%-9s %s\n", state, filepath.Join(c.Into, filepath.FromSlash(file.Path)))
		folders[file.Folder()] = true
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		tellModel(out, filepath.Join(c.Into, filepath.FromSlash(folder)))
	}
	return nil
}

func (c *modelsFetch) files() ([]models.File, error) {
	if c.List != "" {
		return models.ReadList(c.List)
	}
	return models.Published()
}

// tellModel says whether what is in the folder can be used.
func tellModel(out io.Writer, folder string) {
	if filepath.Base(folder) == "bandpasses" {
		return // belongs to the model above it
	}
	set, err := salt.Open(folder)
	if err != nil {
		fmt.Fprintf(out, "not yet a model that can be used: %v\n", err)
		return
	}
	fmt.Fprintf(out, "model %s; use it with make run MODELS=%s\n", set, folder)
}

// newByteBar shows how much of a file is there, on a terminal.
func newByteBar(name string) func(done, total int64) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func(int64, int64) {}
	}
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(max(total, -1),
				progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(name),
				progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done)
	}
}

// describeModel says what a survey's supernovae are fitted with.
func describeModel(set *salt.Set, survey string) string {
	text := "model of supernova fits: " + set.String()
	if !set.Sees(survey) {
		text += "; it has no bandpasses of " + survey + ": the fits will be without SALT"
	}
	return text
}

// openModel checks the model in a folder, so that a stack does not start with
// one that its functions refuse. Without a folder it is the demonstration model.
func openModel(folder string) (*salt.Set, error) {
	if folder == "" {
		return salt.Demonstration()
	}
	return salt.Open(folder)
}
