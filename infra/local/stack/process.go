package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is a program that is kept running.
type process struct {
	name        string
	path        string
	arguments   []string
	environment []string
	listen      string // it is ready when something answers here
	logFile     string
	lock        *os.File // of the state folder: the system holds it while any process lives

	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	running  *os.Process
	failure  error // why it cannot be started at all
	used     Usage
	restarts int
}

// Usage is what a process has used, over all its lives.
type Usage struct {
	Name     string
	CPU      time.Duration
	MaxRSS   int64 // bytes, the largest of its lives
	RSS      int64 // bytes now, 0 where the system does not tell
	Restarts int
}

// The time between a process's death and its next start.
const (
	firstRestart = 100 * time.Millisecond
	lastRestart  = 5 * time.Second
)

// graceToStop is how long a process may take to end by itself.
const graceToStop = 20 * time.Second

// graceForAll is how long a whole stack may take to end, one process after the
// other.
const graceForAll = time.Minute

func (p *process) start(log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done = cancel, make(chan struct{})
	p.used.Name = p.name
	go p.keep(ctx, log)
}

// keep starts the program whenever it is not running. It holds on to its
// thread, since some systems end a child with the thread that started it.
func (p *process) keep(ctx context.Context, log *slog.Logger) {
	runtime.LockOSThread()
	defer close(p.done)
	for pause := firstRestart; ; pause = min(2*pause, lastRestart) {
		began := time.Now()
		err := p.live(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastRestart {
			pause = firstRestart
		}
		log.Warn("process ended and is started again", "process", p.name, "cause", err)
		p.mu.Lock()
		p.restarts++
		p.mu.Unlock()
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// live is one life of the program.
func (p *process) live(ctx context.Context) error {
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return p.fail(fmt.Errorf("open its log: %w", err))
	}
	defer log.Close()
	command := exec.CommandContext(ctx, p.path, p.arguments...)
	command.Env, command.Stdout, command.Stderr = p.environment, log, log
	command.ExtraFiles = []*os.File{p.lock}
	command.SysProcAttr = childAttributes()
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = graceToStop
	if err := command.Start(); err != nil {
		return p.fail(err)
	}
	p.mu.Lock()
	p.running = command.Process
	p.mu.Unlock()
	err = command.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = nil
	p.used.add(command.ProcessState)
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return err
}

func (p *process) fail(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = err
	return err
}

// awaitReady returns when the program answers.
func (p *process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := await(ctx, 20*time.Millisecond, func() (bool, error) {
		p.mu.Lock()
		failure, restarts := p.failure, p.restarts
		p.mu.Unlock()
		if failure == nil && restarts > 2 {
			failure = errors.New("it ends as soon as it starts")
		}
		return dialable(p.listen), failure
	})
	if err != nil {
		return fmt.Errorf("start %s: %w; the end of %s: %s", p.name, err, p.logFile, lastLine(p.logFile))
	}
	return nil
}

// stop ends the program and returns when it has ended.
func (p *process) stop() {
	p.cancel()
	<-p.done
}

// usage adds what the present life has used, where the system tells.
func (p *process) usage() Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.used
	u.Restarts = p.restarts
	if p.running != nil {
		cpu, rss := readProcess(p.running.Pid)
		u.CPU, u.RSS, u.MaxRSS = u.CPU+cpu, rss, max(u.MaxRSS, rss)
	}
	return u
}

// ownUsage is what this process has used.
func ownUsage() Usage {
	u := Usage{Name: "nightwire"}
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil {
		u.CPU = time.Duration(r.Utime.Nano() + r.Stime.Nano())
		u.MaxRSS = r.Maxrss * rssUnit
	}
	_, u.RSS = readProcess(os.Getpid())
	return u
}

// add adds the figures of a life that has ended.
func (u *Usage) add(state *os.ProcessState) {
	u.CPU += state.UserTime() + state.SystemTime()
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.MaxRSS = max(u.MaxRSS, r.Maxrss*rssUnit)
	}
}

// lastLine is the last line of a log, for an error message.
func lastLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	text = bytes.TrimSpace(text)
	return string(text[bytes.LastIndexByte(text, '\n')+1:])
}
