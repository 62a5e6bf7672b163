package relay

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

func TestStopDrains(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.produce(night, 0, numbered(20)...)
	held, open := make(chan struct{}, 100), make(chan struct{})
	s.refusal.set(func(*pubsubpb.PublishRequest) error {
		held <- struct{}{}
		<-open
		return nil
	})
	r := s.start(s.stream())
	<-held // a publish is on its way, and not confirmed
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	select {
	case <-stopped:
		t.Error("stopped with a publish in flight")
	default:
	}
	close(open)
	<-stopped
	if got, want := s.committed(night, 0), int64(s.distinct()); got != want || want == 0 {
		t.Errorf("committed %d, with %d records in Pub/Sub", got, want)
	}
	if members := s.kafka.GroupInfo(group).Members; len(members) != 0 {
		t.Errorf("%d members are left in the group", len(members))
	}
}

func TestWorkOutlivesItsContextByTheDrainTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		work, abandon := outlive(ctx, time.Minute)
		defer abandon()
		time.Sleep(time.Hour)
		end()
		for _, test := range []struct {
			wait time.Duration
			want error
		}{{0, nil}, {time.Minute - 1, nil}, {1, context.Canceled}} {
			time.Sleep(test.wait) // on synctest's clock
			synctest.Wait()
			if !errors.Is(work.Err(), test.want) {
				t.Errorf("%s later: work's error is %v, want %v", test.wait, work.Err(), test.want)
			}
		}
	})
}

func TestAbandonedWorkEndsAtOnce(t *testing.T) {
	t.Parallel()
	work, abandon := outlive(t.Context(), time.Hour)
	abandon()
	<-work.Done()
}
