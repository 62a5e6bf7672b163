package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockDir takes a state folder for this process and its children. The system
// gives it back when the last of them has ended, however they end; those of a
// stack that was killed may take a moment.
func lockDir(ctx context.Context, dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, graceForPorts)
	defer cancel()
	err = await(ctx, 50*time.Millisecond, func() (bool, error) {
		return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil, nil
	})
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another stack uses the folder %s: stop it, or choose another folder with --dir", dir)
	}
	return f, nil
}

// lockedDir says whether a process has taken the folder.
func lockedDir(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// Forget deletes the state in a folder, but not one that a stack uses.
func Forget(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "lock")); os.IsNotExist(err) {
		return nil // not a state folder: leave it alone
	}
	lock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	for _, name := range append(serverNames, "log", endpointsFile, "certificate.json") {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("forget the state: %w", err)
		}
	}
	return nil
}

// serverNames are the folders of the servers' state.
var serverNames = []string{"kafka", "pubsub", "storage", "bigquery"}
