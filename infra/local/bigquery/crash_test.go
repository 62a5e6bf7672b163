package bigquery_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/bigquery"

	local "nightwire.dev/infra/local/bigquery"
	"nightwire.dev/infra/local/conformance/disk"
)

// childDir names, in a child process of this test, the directory to serve.
const childDir = "BIGQUERY_TEST_CHILD_DIR"

// serveChild serves until it is killed, having printed its addresses.
func serveChild(dir string) error {
	disk.Outlive()
	s, err := local.Open(local.Options{Dir: dir, Project: project})
	if err != nil {
		return err
	}
	rest, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	write, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(rest.Addr(), write.Addr())
	return s.Serve(rest, write)
}

// startChild runs a server in its own process and connects to it.
func startChild(t testing.TB, dir string) (*running, *exec.Cmd) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill() // it may have been
		_ = child.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addresses := strings.Fields(line)
	return dial(t, addresses[0], addresses[1]), child
}

func TestKillLosesNoAcknowledgedRow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	schema := bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType, Required: true}}
	var acknowledged sync.Map
	next := 0
	for round := range 5 {
		r, child := startChild(t, dir)
		if round == 0 {
			r.dataset(t, "ztf")
			r.table(t, "alerts", schema)
		}
		w := r.stream(t, r.Dataset("ztf").Table("alerts"), schema)
		ctx, cancel := context.WithCancel(t.Context())
		enough := make(chan struct{})
		var wg sync.WaitGroup
		var once sync.Once
		for k := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					candid := next + i*4 + k
					result, err := w.stream.AppendRows(ctx, w.encode(t, fmt.Sprintf(`{"candid":"%d"}`, candid)))
					if err == nil {
						_, err = result.GetResult(ctx)
					}
					if err != nil {
						return
					}
					acknowledged.Store(candid, true)
					if i == 20 {
						once.Do(func() { close(enough) })
					}
				}
			})
		}
		go func() {
			wg.Wait()
			once.Do(func() { close(enough) }) // there will be no more
		}()
		<-enough
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		cancel()
		wg.Wait()
		r.close()
		next += 1000
	}
	r := startIn(t, dir)
	stored := map[int]int{}
	for _, row := range r.must(t, "SELECT candid FROM ztf.alerts") {
		stored[int(row[0].(int64))]++
	}
	count := 0
	acknowledged.Range(func(candid, _ any) bool {
		count++
		if stored[candid.(int)] == 0 {
			t.Errorf("row %d was acknowledged and is lost", candid)
		}
		return true
	})
	if count < 5*20 {
		t.Errorf("only %d rows were acknowledged before the kills", count)
	}
}
