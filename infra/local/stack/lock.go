package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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
		return nil, fmt.Errorf("another stack uses the folder %s: stop it with nightwire down, or choose another folder with --dir", dir)
	}
	if err := signLock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("sign the lock of the state folder: %w", err)
	}
	return f, nil
}

// takeDir locks a state folder whose state this version can read.
func takeDir(ctx context.Context, dir string) (*os.File, error) {
	lock, err := lockDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := checkFormat(dir); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// signLock says in the lock whose it is.
func signLock(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
}

// Down asks the stack of a folder to stop, as Ctrl-C does, and returns when all
// of it has ended.
func Down(ctx context.Context, dir string) error {
	if !lockedDir(dir) {
		return fmt.Errorf("no stack runs in %s", dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, "lock"))
	if err != nil {
		return fmt.Errorf("find the stack's process: %w", err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("find the stack's process: the lock in %s names none", dir)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, graceForAll)
	defer cancel()
	if await(ctx, 50*time.Millisecond, func() (bool, error) { return !lockedDir(dir), nil }) != nil {
		return fmt.Errorf("process %d has been told to stop and has not ended: see %s", pid, filepath.Join(dir, "log"))
	}
	return nil
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
	for _, name := range append(serverNames, "log", formatFile, endpointsFile, "certificate.json") {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("forget the state: %w", err)
		}
	}
	return nil
}

// serverNames are the folders of the servers' state.
var serverNames = []string{"kafka", "pubsub", "storage", "bigquery"}
