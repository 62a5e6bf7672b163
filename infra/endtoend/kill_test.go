package endtoend

import (
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

// killed is the size of the night in which processes are killed.
const killed = 1500

// TestKill kills each process in the middle of a night, and then the whole
// stack, and compares the end with that of an undisturbed night.
func TestKill(t *testing.T) {
	t.Parallel()
	undisturbed, disturbed := t.TempDir(), t.TempDir()
	night := []string{"--synthetic", strconv.Itoa(killed), "--seed", "7"}
	want := counts{Records: killed, Stored: killed, Files: killed, Rows: killed}
	if diff := cmp.Diff(want, countsOf(run(t, undisturbed, night...))); diff != "" {
		t.Fatalf("undisturbed night (-want +got):\n%s", diff)
	}

	// First life: a slow night, in which processes die until the stack does. At
	// 30 alerts/s it lasts 50 s, several times as long as six restarts.
	life := start(t, disturbed, append([]string{"run", "--port", "0", "--rate", "30"}, night...)...)
	e := life.endpoints(t, disturbed)
	passed := awaitRows(t, e, 1)
	for _, victim := range []string{"connector", "functions", "storage", "pubsub", "bigquery", "kafka"} {
		life.killChild(t, victim)
		passed = awaitRows(t, e, passed+15)
	}
	if passed >= killed {
		t.Fatalf("the night was over before the stack was killed: %d rows", passed)
	}
	life.kill(t)

	// Second life: the same night is sent again, as after a lost connection.
	c := run(t, disturbed, night...)
	if c.Missing != 0 || c.Files != killed || c.Rows != killed || c.Stored != killed || c.Records != c.Stored+c.Duplicates {
		t.Errorf("after the kills: %+v", countsOf(c))
	}
	t.Logf("6 processes were killed one by one, then all at once with %d rows: %d records, %d stored, %d duplicates, %d files, %d rows, %d missing",
		passed, c.Records, c.Stored, c.Duplicates, c.Files, c.Rows, c.Missing)
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
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	l := &life{command}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
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
	for _, pid := range children(t, l.command.Process.Pid) {
		line, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		words := strings.Split(string(line), "\x00")
		if strings.HasSuffix(words[0], "nightwire-"+name) || len(words) > 2 && words[1] == "serve" && words[2] == name {
			if err := syscall.Kill(pid, signal); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("process %s does not run", name)
}

// kill sends SIGKILL to the stack, with which its processes die.
func (l *life) kill(t *testing.T) {
	t.Helper()
	pids := children(t, l.command.Process.Pid)
	if err := l.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = l.command.Wait()
	for _, pid := range pids {
		await(t, func() bool { return syscall.Kill(pid, 0) != nil })
	}
}

// children lists a process's children. Where there is no /proc, the test
// cannot tell which process to kill.
func children(t *testing.T, parent int) []int {
	t.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	if len(stats) == 0 {
		t.Skip("there is no /proc here, from which to learn the stack's processes")
	}
	var pids []int
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		text := string(stat)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if fields[1] == strconv.Itoa(parent) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
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
