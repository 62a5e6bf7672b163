package evidence

import (
	"context"
	"time"

	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/origin"
)

// watermarksQuery puts the reports of a night together. passed is whether
// records of a later night have been read.
const watermarksQuery = "" +
	"SELECT topic, `partition`, MIN(IF(night = CAST(@night AS DATE), first, NULL)) AS first,\n" +
	"  MAX(IF(night = CAST(@night AS DATE), last, NULL)) AS last, MIN(IF(night = CAST(@night AS DATE), low, NULL)) AS low,\n" +
	"  MAX(IF(night = CAST(@night AS DATE), high, NULL)) AS high, MAX(IF(night = CAST(@night AS DATE), confirmed, NULL)) AS confirmed,\n" +
	"  MAX(IF(night = CAST(@night AS DATE), reported_at, NULL)) AS reported,\n" +
	"  COALESCE(LOGICAL_OR(night > CAST(@night AS DATE) AND first IS NOT NULL), FALSE) AS passed\n" +
	"FROM watermarks\n" +
	"WHERE night >= CAST(@night AS DATE) AND topic IS NOT NULL\n" +
	"GROUP BY topic, `partition`\n" +
	"HAVING reported IS NOT NULL\n" +
	"ORDER BY topic, `partition`"

const gapsQuery = "" +
	"SELECT DISTINCT topic, `partition`, g.`from` AS first, g.`to` AS past\n" +
	"FROM watermarks, UNNEST(gaps) AS g\n" +
	"WHERE night = CAST(@night AS DATE) AND topic IS NOT NULL"

// heardQuery asks when a connector last gave a sign of life, since the day
// before the night.
const heardQuery = `
SELECT MAX(reported_at)
FROM watermarks
WHERE night >= DATE_SUB(CAST(@night AS DATE), INTERVAL 1 DAY)`

// readWatermarks tells the account what the connectors saw of Kafka.
func (s *Sources) readWatermarks(ctx context.Context, a *certificate.Account, night string) error {
	type partition struct {
		topic  string
		number int64
	}
	values := map[string]any{"night": night}
	gaps := map[partition][]certificate.Gap{}
	if err := s.ask(ctx, gapsQuery, values, func(row []any) error {
		at := partition{as[string](row[0]), as[int64](row[1])}
		gaps[at] = append(gaps[at], certificate.Gap{From: as[int64](row[2]), To: as[int64](row[3])})
		return nil
	}); err != nil {
		return err
	}
	if err := s.ask(ctx, watermarksQuery, values, func(row []any) error {
		w := certificate.Watermark{
			Topic: as[string](row[0]), Partition: as[int64](row[1]), First: pointer(row[2]), Last: pointer(row[3]),
			Low: as[int64](row[4]), High: as[int64](row[5]), Confirmed: as[int64](row[6]),
			Reported: as[time.Time](row[7]), Passed: as[bool](row[8]),
			Gaps: gaps[partition{as[string](row[0]), as[int64](row[1])}],
		}
		return a.Hold(w.Of(night))
	}); err != nil {
		return err
	}
	return s.ask(ctx, heardQuery, values, func(row []any) error {
		a.Heard(as[time.Time](row[0]))
		return nil
	})
}

func pointer(v any) *int64 {
	n, ok := v.(int64)
	if !ok {
		return nil
	}
	return &n
}

const extentQuery = "" +
	"SELECT kafka.topic, kafka.partition, MIN(kafka.offset) AS first, MAX(kafka.offset) AS last\n" +
	"FROM ledger\n" +
	"GROUP BY kafka.topic, kafka.partition\n" +
	"ORDER BY kafka.topic, kafka.partition"

// readExtent reads between which offsets the ledger knows each partition.
func (s *Sources) readExtent(ctx context.Context) ([]certificate.Held, error) {
	var known []certificate.Held
	err := s.ask(ctx, extentQuery, nil, func(row []any) error {
		if topic := as[string](row[0]); origin.InKafka(topic) {
			known = append(known, certificate.Held{
				Topic: topic, Partition: as[int64](row[1]), First: as[int64](row[2]), End: as[int64](row[3]) + 1,
			})
		}
		return nil
	})
	return known, err
}

// extend adds to what Kafka holds the records that it has let go of since the
// first that the ledger knows; what is missing of these, it let go of too early.
func extend(kafka, known []certificate.Held) []certificate.Held {
	type partition struct {
		topic  string
		number int64
	}
	at := map[partition]int{}
	var all []certificate.Held
	for _, h := range kafka {
		at[partition{h.Topic, h.Partition}] = len(all)
		all = append(all, h)
	}
	for _, k := range known {
		i, there := at[partition{k.Topic, k.Partition}]
		if !there {
			k.Confirmed = k.End
			k.Gaps = []certificate.Gap{{From: k.First, To: k.End}}
			all = append(all, k)
			continue
		}
		h := &all[i]
		if k.First < h.First {
			h.Gaps = append(h.Gaps, certificate.Gap{From: k.First, To: h.First})
			h.First = k.First
		}
		h.End = max(h.End, k.End)
	}
	return all
}
