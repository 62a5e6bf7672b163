package evidence

import (
	"context"
	"fmt"
	"time"

	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/ledger"
)

const ledgerQuery = `
SELECT kafka.topic, kafka.partition, kafka.offset, outcome, reason, object
FROM ledger
`

// readLedgerOf tells the account what became of the records of a night. Nearly
// all stand in the ledger under the night itself or one beside it. Only where a
// record has no good outcome there are the other nights read, since an alert
// may be of any.
func (s *Sources) readLedgerOf(ctx context.Context, g *gathering, day time.Time) error {
	const near = "WHERE night BETWEEN CAST(@since AS DATE) AND CAST(@until AS DATE)"
	values := map[string]any{
		"since": day.AddDate(0, 0, -1).Format(time.DateOnly), "until": day.AddDate(0, 0, 1).Format(time.DateOnly),
	}
	if err := s.readLedger(ctx, g, near, values); err != nil {
		return err
	}
	unsettled := false
	g.tell(func(a *certificate.Account) {
		unsettled = a.Unsettled()
		values["topics"], values["first"], values["last"] = a.Range()
	})
	if !unsettled {
		return nil
	}
	const far = "WHERE (night IS NULL OR night < CAST(@since AS DATE) OR night > CAST(@until AS DATE))\n" +
		"  AND kafka.topic IN UNNEST(@topics) AND kafka.offset BETWEEN @first AND @last"
	return s.readLedger(ctx, g, far, values)
}

func (s *Sources) readLedger(ctx context.Context, g *gathering, where string, values map[string]any) error {
	err := s.Tables.Visit(ctx, ledgerQuery+where, values, func(row []any) error {
		e := certificate.Entry{
			Topic: as[string](row[0]), Partition: as[int64](row[1]), Offset: as[int64](row[2]),
			Outcome: ledger.Outcome(as[string](row[3])), Reason: as[string](row[4]), Object: as[string](row[5]),
		}
		g.tell(func(a *certificate.Account) { a.Record(e) })
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	return nil
}
