package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir takes a state folder for this process. The system gives it back when
// the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
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
func Forget(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "lock")); os.IsNotExist(err) {
		return nil // not a state folder: leave it alone
	}
	lock, err := lockDir(dir)
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
