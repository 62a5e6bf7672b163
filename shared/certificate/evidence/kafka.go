package evidence

import (
	"context"
	"time"

	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/origin"
)

// around is how many days of reports, before a night and after it, may tell of
// its records in a fixed topic: Kafka keeps them for a week.
const around = 8

// sightsQuery puts the reports of the nights around one together, apart those
// from before it began.
const sightsQuery = "" +
	"SELECT CAST(night AS STRING) AS of_night, topic, `partition`, MAX(partitions) AS partitions, MIN(first) AS first, MAX(last) AS last,\n" +
	"  MIN(low) AS low, MAX(high) AS high, MAX(confirmed) AS confirmed, MAX(reported_at) AS reported\n" +
	"FROM watermarks\n" +
	"WHERE night BETWEEN CAST(@since AS DATE) AND CAST(@until AS DATE) AND topic IS NOT NULL\n" +
	"GROUP BY of_night, topic, `partition`, reported_at < @noon"

const gapsQuery = "" +
	"SELECT DISTINCT CAST(night AS STRING) AS of_night, topic, `partition`, g.`from` AS first, g.`to` AS past\n" +
	"FROM watermarks, UNNEST(gaps) AS g\n" +
	"WHERE night BETWEEN CAST(@night AS DATE) AND CAST(@until AS DATE) AND topic IS NOT NULL"

// heardQuery asks when connectors gave a sign of life, to the minute. A report
// of the time has a row of the night that it was then.
const heardQuery = `
SELECT MAX(reported_at)
FROM watermarks
WHERE night BETWEEN DATE_SUB(CAST(@night AS DATE), INTERVAL 1 DAY) AND DATE_ADD(CAST(@night AS DATE), INTERVAL 2 DAY)
GROUP BY TIMESTAMP_TRUNC(reported_at, MINUTE)`

// readWatermarks tells the account what the connectors saw of Kafka.
func (s *Sources) readWatermarks(ctx context.Context, a *certificate.Account, day time.Time) error {
	night, noon := day.Format(time.DateOnly), day.Add(12*time.Hour)
	since, until := day.AddDate(0, 0, -around).Format(time.DateOnly), day.AddDate(0, 0, around).Format(time.DateOnly)
	var sights []certificate.Sight
	if err := s.Tables.Visit(ctx, sightsQuery, map[string]any{"since": since, "until": until, "noon": noon}, func(row []any) error {
		sights = append(sights, certificate.Sight{
			Night: as[string](row[0]), Topic: as[string](row[1]), Partition: pointer(row[2]), Partitions: as[int64](row[3]),
			First: pointer(row[4]), Last: pointer(row[5]), Low: as[int64](row[6]), High: as[int64](row[7]),
			Confirmed: as[int64](row[8]), Reported: as[time.Time](row[9]),
		})
		return nil
	}); err != nil {
		return err
	}
	gaps := map[sight][]certificate.Gap{}
	if err := s.Tables.Visit(ctx, gapsQuery, map[string]any{"night": night, "until": until}, func(row []any) error {
		of := sight{as[string](row[0]), as[string](row[1]), as[int64](row[2])}
		gaps[of] = append(gaps[of], certificate.Gap{From: as[int64](row[3]), To: as[int64](row[4])})
		return nil
	}); err != nil {
		return err
	}
	for i, v := range sights {
		if v.Partition != nil {
			sights[i].Gaps = gaps[sight{v.Night, v.Topic, *v.Partition}]
		}
	}
	if err := a.See(sights); err != nil {
		return err
	}
	return s.Tables.Visit(ctx, heardQuery, map[string]any{"night": night}, func(row []any) error {
		a.Heard(as[time.Time](row[0]))
		return nil
	})
}

// sight is one night of a partition.
type sight struct {
	night, topic string
	partition    int64
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
	err := s.Tables.Visit(ctx, extentQuery, nil, func(row []any) error {
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
