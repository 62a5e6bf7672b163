// Stage makes the one folder that every Cloud Function is deployed from, and
// its archive.
//
// The sources of functions, shared and schemas enter. A folder leaves that
// Google's Go buildpack builds without a network: the package with the entry
// points at its root, every dependency in vendor, and no workspace. It suits
// both ways of deployment,
//
//	gcloud functions deploy NAME --gen2 --runtime=go126 --source=build/functions --entry-point=NAME
//
// and terraform, which uploads the archive build/functions.zip. The same
// sources make the same archive, byte for byte, so that terraform deploys only
// what has changed. `make stage` is the caller.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

const usage = `Usage: stage REPOSITORY FOLDER

Stages the functions of the repository into the folder, which is made anew, and
packs it into the archive FOLDER.zip beside it.
`

func main() {
	if len(os.Args) != 3 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "stage:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context, repository, folder string) error {
	if err := stage(ctx, repository, folder); err != nil {
		return err
	}
	archive := folder + ".zip"
	digest, err := pack(folder, archive)
	if err != nil {
		return err
	}
	info, err := os.Stat(archive)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s: %.1f MB, SHA-256 %s\n", folder, archive, float64(info.Size())/1e6, digest)
	return nil
}
