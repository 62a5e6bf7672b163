package endtoend

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/stack"
)

// killed is the size of the night in which processes are killed, of which a part
// is sent at a time.
const killed, part = 1500, 140

// TestKill kills each process in the middle of a night, and then the whole
// stack, and compares the end with that of an undisturbed night.
func TestKill(t *testing.T) {
	t.Parallel()
	undisturbed, disturbed := t.TempDir(), t.TempDir()
	night := newGated(t, killed, part)
	want := counts{Records: killed, Stored: killed, Files: killed, Rows: killed}
	if diff := cmp.Diff(want, countsOf(run(t, undisturbed, night.folder))); diff != "" {
		t.Fatalf("undisturbed night (-want +got):\n%s", diff)
	}

	// First life: in each part of the night a process dies, until the stack does.
	// What lies behind the last gate is not sent.
	night.shut(t)
	life := start(t, disturbed, "run", "--port", "0", night.folder)
	e := life.endpoints(t, disturbed)
	sent := part
	victims := []string{"connector", "functions", "storage", "pubsub", "bigquery",
		"kafka", "kafka", "kafka", "kafka"} // which forgets the group's members, each time
	for _, victim := range victims {
		awaitRows(t, e, sent-part+1)
		life.killChild(t, victim)
		awaitRows(t, e, sent)
		night.openNext(t)
		sent += part
	}
	passed := awaitRows(t, e, sent-part+1)
	life.kill(t)
	night.openAll(t)

	// Second life: the same night is sent again, as after a lost connection.
	c := run(t, disturbed, night.folder)
	if c.Missing != 0 || c.Files != killed || c.Rows != killed || c.Stored != killed || c.Records != c.Stored+c.Duplicates {
		t.Errorf("after the kills: %+v", countsOf(c))
	}
	t.Logf("%d times a process was killed, then all at once with %d rows: %d records, %d stored, %d duplicates, %d files, %d rows, %d missing",
		len(victims), passed, c.Records, c.Stored, c.Duplicates, c.Files, c.Rows, c.Missing)
	if diff := cmp.Diff(listFiles(t, undisturbed), listFiles(t, disturbed)); diff != "" {
		t.Errorf("files (-undisturbed +disturbed):\n%s", diff)
	}
	for table, contents := range map[string]string{
		"alerts": `SELECT candid, objectId, night, observed_at, candidate.magpsf, ARRAY_LENGTH(prv_candidates), nightwire.sha256
			FROM alerts ORDER BY candid`,
		"evaluated": `SELECT candid, filters FROM evaluated ORDER BY candid`,
		"matches":   `SELECT candid, filter, version, computed FROM matches ORDER BY candid, filter`,
		"fits":      `SELECT candid, t0, x1, c, chi2, ndof, reason, plausible_ia, plot FROM fits ORDER BY candid`,
	} {
		_, rows := query(t, undisturbed, contents)
		_, again := query(t, disturbed, contents)
		if len(rows) == 0 {
			t.Errorf("%s: no rows", table)
		}
		if diff := cmp.Diff(rows, again); diff != "" {
			t.Errorf("%s (-undisturbed +disturbed):\n%s", table, diff)
		}
	}
}

// life is a running stack.
type life struct{ command *exec.Cmd }

func start(t *testing.T, dir string, arguments ...string) *life {
	t.Helper()
	command := exec.Command(filepath.Join(programs, "nightwire"), arguments...)
	command.Env = append(os.Environ(), "NIGHTWIRE_DIR="+dir)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	l := &life{command}
	t.Cleanup(func() {
		if l.command.ProcessState == nil { // the test has not seen its end
			l.kill(t)
		}
		if t.Failed() {
			t.Logf("nightwire %s:\n%s\n%s", arguments[0], &out, logs(dir))
		}
	})
	return l
}

func (l *life) endpoints(t *testing.T, dir string) stack.Endpoints {
	t.Helper()
	var e stack.Endpoints
	await(t, func() bool {
		var ok bool
		e, ok = stack.Running(dir)
		return ok
	})
	return e
}

// killChild sends SIGKILL to one of the stack's processes.
func (l *life) killChild(t *testing.T, name string) {
	t.Helper()
	l.signalChild(t, name, syscall.SIGKILL)
}

func (l *life) signalChild(t *testing.T, name string, signal syscall.Signal) {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc here, from which to learn the stack's processes")
	}
	await(t, func() bool { // it may just be started again
		for _, pid := range children(l.command.Process.Pid) {
			line, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
			words := strings.Split(string(line), "\x00")
			if strings.HasSuffix(words[0], "nightwire-"+name) || len(words) > 2 && words[1] == "serve" && words[2] == name {
				return syscall.Kill(pid, signal) == nil
			}
		}
		return false
	})
}

// kill sends SIGKILL to the stack, with which its processes die.
func (l *life) kill(t *testing.T) {
	t.Helper()
	pids := children(l.command.Process.Pid)
	_ = l.command.Process.Kill() // it may just have ended by itself
	_ = l.command.Wait()
	for _, pid := range pids {
		await(t, func() bool { state, _ := stateOf(pid); return state == "" || state == "Z" })
	}
}

// children lists a process's children, where there is a /proc to tell.
func children(parent int) (pids []int) {
	paths, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range paths {
		pid, _ := strconv.Atoi(filepath.Base(path))
		if _, of := stateOf(pid); of == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// stateOf is the state of a process and its parent, or nothing if it is gone.
func stateOf(pid int) (state, parent string) {
	stat, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	// The name, in brackets, may contain anything; the fields follow it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return "", ""
	}
	return fields[0], fields[1]
}

// awaitRows waits until the table has so many rows, and returns how many it
// then has.
func awaitRows(t *testing.T, e stack.Endpoints, want int) int {
	t.Helper()
	have := 0
	await(t, func() bool {
		w, err := e.Warehouse(t.Context(), discard)
		if err != nil {
			return false
		}
		defer w.Close()
		result, err := w.Query(t.Context(), "SELECT COUNT(*) FROM alerts", nil)
		if err != nil {
			return false // the server is being started again
		}
		for row, err := range result.Rows() {
			n, _ := row[0].(int64)
			have = int(n)
			return err == nil && have >= want
		}
		return false
	})
	return have
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}
