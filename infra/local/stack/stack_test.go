package stack

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"nightwire.dev/shared/names"
)

func TestIsSurveyTopic(t *testing.T) {
	t.Parallel()
	cases := []struct {
		stream names.Stream
		topic  string
		want   bool
	}{
		{names.ZTF, "ztf_20260901_programid1", true},
		{names.ZTF, "ztf_20260901_programid2", false},
		{names.ZTF, "other_20260901_programid1", false},
		{names.ZTFPartnership, "ztf_20260901_programid3", true},
		{names.ZTFPartnership, "ztf_20260901_programid1", false},
		{names.LSST, LSSTTopic, true},
		{names.LSST, "ztf_20260901_programid1", false},
	}
	for _, c := range cases {
		if got := (Endpoints{Stream: c.stream}).IsSurveyTopic(c.topic); got != c.want {
			t.Errorf("stream %s, topic %s: %v", c.stream, c.topic, got)
		}
	}
}

// TestFreePorts are kept until they are released: two stacks that start together
// have none in common.
func TestFreePorts(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 3 {
		p, err := FreePorts()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := p.Release(); err != nil {
				t.Error(err)
			}
		})
		for _, number := range p.Numbers {
			if number == 0 || seen[number] {
				t.Errorf("ports %v", p.Numbers)
			}
			seen[number] = true
		}
		if err := p.awaitFree(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A process takes half of the processors, unless our own environment says how
// many. As for a program that is started, the last of two values counts.
func TestShareOfProcessors(t *testing.T) {
	processors := func() string {
		last := ""
		for _, v := range (&Stack{}).process("pubsub", "nightwire", "127.0.0.1:1", nil).environment {
			if value, ok := strings.CutPrefix(v, "GOMAXPROCS="); ok {
				last = value
			}
		}
		return last
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(6))
	t.Setenv("GOMAXPROCS", "5")
	if got := processors(); got != "5" {
		t.Errorf("with GOMAXPROCS=5 a process is given %q", got)
	}
	if err := os.Unsetenv("GOMAXPROCS"); err != nil {
		t.Fatal(err)
	}
	for all, want := range map[int]string{6: "3", 1: "1"} {
		runtime.GOMAXPROCS(all)
		if got := processors(); got != want {
			t.Errorf("of %d processors a process is given %q", all, got)
		}
	}
}

func TestLockDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := lockDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !lockedDir(dir) {
		t.Error("the folder does not count as taken")
	}
	if _, err := lockDir(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "another stack uses the folder") {
		t.Errorf("the second taker got %v", err)
	}
	if err := Forget(t.Context(), dir); err == nil {
		t.Error("the state was forgotten while a stack used it")
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if lockedDir(dir) {
		t.Error("the folder still counts as taken")
	}
}

// TestForget checks that only state is deleted, and only in a state folder.
func TestForget(t *testing.T) {
	t.Parallel()
	state, other := t.TempDir(), t.TempDir()
	for _, dir := range []string{state, other} {
		for _, name := range []string{"kafka", "mine"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	lock, err := lockDir(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	_ = lock.Close()
	for _, dir := range []string{state, other} {
		if err := Forget(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{
		filepath.Join(state, "kafka"): false, filepath.Join(state, "mine"): true,
		filepath.Join(other, "kafka"): true, filepath.Join(other, "mine"): true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there is %v, want %v", path, err == nil, want)
		}
	}
}

// TestRunningWantsTheLock leaves the description of a stack whose port a
// stranger has taken since.
func TestRunningWantsTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if err := (Endpoints{Stream: names.ZTF, BigQuery: stranger.Addr().String()}).save(dir); err != nil {
		t.Fatal(err)
	}
	if _, ok := Running(dir); ok {
		t.Error("a stranger on the port counts as the stack")
	}
	if e, ok := Last(dir); !ok || e.Stream != names.ZTF {
		t.Errorf("the last stack is %+v, %v", e, ok)
	}
}
