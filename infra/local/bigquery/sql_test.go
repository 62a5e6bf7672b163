package bigquery_test

import (
	"math"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Three alerts, as the cases below see them: magnitudes 18.5, 19.5 and none;
// histories of two, one and no entries.
var sqlSchema = bigquery.Schema{
	{Name: "objectId", Type: bigquery.StringFieldType},
	{Name: "candid", Type: bigquery.IntegerFieldType},
	{Name: "candidate", Type: bigquery.RecordFieldType, Schema: bigquery.Schema{
		{Name: "magpsf", Type: bigquery.FloatFieldType},
		{Name: "fid", Type: bigquery.IntegerFieldType},
	}},
	{Name: "prv_candidates", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{
		{Name: "jd", Type: bigquery.FloatFieldType},
		{Name: "magpsf", Type: bigquery.FloatFieldType},
		{Name: "tags", Type: bigquery.StringFieldType, Repeated: true},
	}},
	{Name: "observed_at", Type: bigquery.TimestampFieldType},
	{Name: "night", Type: bigquery.DateFieldType},
	{Name: "position", Type: bigquery.GeographyFieldType},
}

var sqlRows = []string{
	`{"objectId":"ZTF18a","candid":"1","candidate":{"magpsf":18.5,"fid":"1"},"prv_candidates":[{"jd":1,"magpsf":18.25,"tags":["x","y"]},{"jd":2}],
		"observed_at":"1700000000000000","night":19675,"position":"POINT(10 0)"}`,
	`{"objectId":"ZTF18b","candid":"2","candidate":{"magpsf":19.5,"fid":"2"},"prv_candidates":[{"jd":3,"magpsf":20.5}],
		"observed_at":"1700003600000000","night":19675,"position":"POINT(10 1)"}`,
	`{"objectId":"ZTF19c","candid":"3","candidate":{"fid":"1"},"observed_at":"1700100000000000","night":19676}`,
}

var sqlCases = []struct {
	sql  string
	want [][]bigquery.Value
}{
	// Literals, names and operators.
	{"SELECT 'it\\'s ' || \"q\", r'a\\d', '''a'b''', \"tab\\t\\u00e9\", b'\\x00\\xff'", [][]bigquery.Value{{"it's q", `a\d`, "a'b", "tab\té", []byte{0, 255}}}},
	{"SELECT 1.5, .5, 1e3, 0x10, 7 / 2, 10 - -2 -- a comment\n # another\n /* and one more */", [][]bigquery.Value{{1.5, .5, 1000.0, int64(16), 3.5, int64(12)}}},
	{"SELECT TRUE AND NOT FALSE, NULL IS NULL, 3 BETWEEN 1 AND 5, 'abc' LIKE 'a%', 'a_c' LIKE 'a\\\\_c'", [][]bigquery.Value{{true, true, true, true, true}}},
	{"SELECT `objectId` FROM `sky.ztf.alerts` WHERE candid = 1", [][]bigquery.Value{{"ZTF18a"}}},
	{"SELECT OBJECTID FROM sky.ztf.alerts AS a WHERE A.CANDID = 1", [][]bigquery.Value{{"ZTF18a"}}},
	{"SELECT user, `end`, check FROM (SELECT 1 AS user, 2 AS `end`, 3 AS check)", [][]bigquery.Value{{int64(1), int64(2), int64(3)}}},
	// The select list.
	{"SELECT * EXCEPT (candidate, prv_candidates, observed_at, night, position) FROM ztf.alerts ORDER BY candid LIMIT 1", [][]bigquery.Value{{"ZTF18a", int64(1)}}},
	{"SELECT * EXCEPT (b) REPLACE (a + 1 AS a) FROM (SELECT 1 AS a, 2 AS b)", [][]bigquery.Value{{int64(2)}}},
	{"SELECT DISTINCT candidate.fid FROM ztf.alerts ORDER BY 1", [][]bigquery.Value{{int64(1)}, {int64(2)}}},
	{"SELECT AS STRUCT 1 AS a", [][]bigquery.Value{{[]bigquery.Value{int64(1)}}}},
	{"SELECT STRUCT(1 AS a, 'x' AS b), STRUCT(candid) FROM ztf.alerts WHERE candid = 2", [][]bigquery.Value{{[]bigquery.Value{int64(1), "x"}, []bigquery.Value{int64(2)}}}},
	// Joins, set operators, WITH, windows.
	{"WITH a AS (SELECT 1 AS x UNION ALL SELECT 2), b AS (SELECT x FROM a WHERE x > 1) SELECT * FROM b JOIN a USING (x)", [][]bigquery.Value{{int64(2)}}},
	{"(SELECT 1 UNION DISTINCT SELECT 1) INTERSECT DISTINCT SELECT 1", [][]bigquery.Value{{int64(1)}}},
	{"SELECT 1 EXCEPT DISTINCT SELECT 2", [][]bigquery.Value{{int64(1)}}},
	{"SELECT a.candid FROM ztf.alerts a LEFT JOIN (SELECT 2 AS candid) b ON a.candid = b.candid WHERE b.candid IS NOT NULL", [][]bigquery.Value{{int64(2)}}},
	{"SELECT candid FROM ztf.alerts QUALIFY ROW_NUMBER() OVER (PARTITION BY night ORDER BY candid DESC) = 1 ORDER BY candid", [][]bigquery.Value{{int64(2)}, {int64(3)}}},
	{"SELECT candid FROM ztf.alerts ORDER BY candidate.magpsf", [][]bigquery.Value{{int64(3)}, {int64(1)}, {int64(2)}}},
	{"SELECT candid FROM ztf.alerts ORDER BY candidate.magpsf DESC LIMIT 2 OFFSET 1", [][]bigquery.Value{{int64(1)}, {int64(3)}}},
	{"SELECT candidate.fid, COUNT(*) AS n FROM ztf.alerts GROUP BY candidate.fid HAVING n > 1", [][]bigquery.Value{{int64(1), int64(2)}}},
	// Arrays.
	{"SELECT objectId, p.jd FROM ztf.alerts, UNNEST(prv_candidates) AS p ORDER BY p.jd", [][]bigquery.Value{{"ZTF18a", 1.0}, {"ZTF18a", 2.0}, {"ZTF18b", 3.0}}},
	{"SELECT a.objectId, p.jd, i FROM ztf.alerts AS a CROSS JOIN UNNEST(a.prv_candidates) AS p WITH OFFSET AS i WHERE i = 1", [][]bigquery.Value{{"ZTF18a", 2.0, int64(1)}}},
	{"SELECT a.candid, p.jd FROM ztf.alerts a LEFT JOIN UNNEST(a.prv_candidates) p ON TRUE WHERE a.candid > 1 ORDER BY 1", [][]bigquery.Value{{int64(2), 3.0}, {int64(3), nil}}},
	{"SELECT a.objectId, tag FROM ztf.alerts a, a.prv_candidates AS p, UNNEST(p.tags) AS tag ORDER BY tag", [][]bigquery.Value{{"ZTF18a", "x"}, {"ZTF18a", "y"}}},
	{"SELECT a.* EXCEPT (candidate, prv_candidates, observed_at, night, position), p.jd FROM ztf.alerts a, UNNEST(prv_candidates) p WHERE p.jd = 3", [][]bigquery.Value{{"ZTF18b", int64(2), 3.0}}},
	{"SELECT candid, jd FROM ztf.alerts, UNNEST(prv_candidates) WHERE jd = 3", [][]bigquery.Value{{int64(2), 3.0}}},
	{"SELECT candid, (SELECT MAX(p.magpsf) FROM UNNEST(prv_candidates) AS p) FROM ztf.alerts ORDER BY 1", [][]bigquery.Value{{int64(1), 18.25}, {int64(2), 20.5}, {int64(3), nil}}},
	{"SELECT candid, (SELECT COUNT(magpsf) FROM UNNEST(prv_candidates)) FROM ztf.alerts ORDER BY 1", [][]bigquery.Value{{int64(1), int64(1)}, {int64(2), int64(1)}, {int64(3), int64(0)}}},
	{"SELECT candid FROM ztf.alerts WHERE EXISTS (SELECT 1 FROM UNNEST(prv_candidates) AS p WHERE p.magpsf > 20)", [][]bigquery.Value{{int64(2)}}},
	{"SELECT ARRAY(SELECT p.jd FROM UNNEST(prv_candidates) AS p ORDER BY p.jd DESC) FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{[]bigquery.Value{2.0, 1.0}}}},
	{"SELECT prv_candidates[OFFSET(0)].jd, prv_candidates[ORDINAL(2)].jd, prv_candidates[SAFE_OFFSET(9)].jd FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{1.0, 2.0, nil}}},
	{"SELECT ARRAY_LENGTH([1, 2]), ARRAY<INT64>[], [1, 2][0], 2 IN UNNEST([1, 2]), 3 NOT IN UNNEST([1, 2]), ARRAY_TO_STRING(['a', 'b'], '-')", [][]bigquery.Value{{int64(2), []bigquery.Value(nil), int64(1), true, true, "a-b"}}},
	{"SELECT ARRAY_AGG(candid ORDER BY candid DESC LIMIT 2), ARRAY_AGG(candidate.magpsf IGNORE NULLS ORDER BY candid) FROM ztf.alerts", [][]bigquery.Value{{[]bigquery.Value{int64(3), int64(2)}, []bigquery.Value{18.5, 19.5}}}},
	{"SELECT x, o FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS o ORDER BY o", [][]bigquery.Value{{"a", int64(0)}, {"b", int64(1)}}},
	{"SELECT GENERATE_ARRAY(1, 3), ARRAY_CONCAT([1], [2]), ARRAY_REVERSE([1, 2])", [][]bigquery.Value{{[]bigquery.Value{int64(1), int64(2), int64(3)}, []bigquery.Value{int64(1), int64(2)}, []bigquery.Value{int64(2), int64(1)}}}},
	{"SELECT CAST(STRUCT(1 AS a) AS STRUCT<a FLOAT64>).a, STRUCT<a INT64, b ARRAY<STRUCT<c STRING>>>(1, [STRUCT('z' AS c)]).b[OFFSET(0)].c", [][]bigquery.Value{{1.0, "z"}}},
	// Conditions, casts and numbers.
	{"SELECT IF(candid > 2, 'faint', 'bright'), IFNULL(candidate.magpsf, 99), CASE candid WHEN 3 THEN 'c' ELSE 'd' END FROM ztf.alerts WHERE candid = 3", [][]bigquery.Value{{"faint", 99.0, "c"}}},
	{"SELECT SAFE_DIVIDE(1, 0), SAFE_CAST('x' AS INT64), CAST('12' AS INT64), CAST(1 AS STRING), SAFE.LN(0), CAST('2.5' AS NUMERIC) = 2.5", [][]bigquery.Value{{nil, nil, int64(12), "1", nil, true}}},
	{"SELECT LOG(8, 2), LOG10(100), POW(2, 3), MOD(7, 3), DIV(7, 2), GREATEST(1, 2), LEAST(1, NULL), ROUND(2.567, 1), TRUNC(-1.5), ABS(-2)", [][]bigquery.Value{{3.0, 2.0, 8.0, int64(1), int64(3), int64(2), nil, 2.6, -1.0, int64(2)}}},
	{"SELECT LOG(1), IEEE_DIVIDE(1, 0), IS_NAN(IEEE_DIVIDE(0, 0)), SQRT(4), EXP(0), SIGN(-3)", [][]bigquery.Value{{0.0, math.Inf(1), true, 2.0, 1.0, int64(-1)}}},
	// Aggregates.
	{"SELECT COUNTIF(candid > 0), COUNT(*) FROM ztf.alerts WHERE candid < 0", [][]bigquery.Value{{int64(0), int64(0)}}},
	{"SELECT MAX(n) FROM (SELECT COUNTIF(candid > 1) OVER (PARTITION BY night) AS n FROM ztf.alerts)", [][]bigquery.Value{{int64(1)}}},
	{"SELECT COUNTIF(candidate.fid = 1), SUM(candid), AVG(candid), MIN(objectId), COUNT(DISTINCT night), LOGICAL_OR(candid = 3), APPROX_COUNT_DISTINCT(night) FROM ztf.alerts", [][]bigquery.Value{{int64(2), int64(6), 2.0, "ZTF18a", int64(2), true, int64(2)}}},
	{"SELECT APPROX_QUANTILES(x, 4)[OFFSET(2)], STRING_AGG(CAST(x AS STRING), ',' ORDER BY x), ANY_VALUE(x HAVING MAX -x) FROM UNNEST([3, 1, 2]) AS x", [][]bigquery.Value{{int64(2), "1,2,3", int64(1)}}},
	{"SELECT SUM(x) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM UNNEST([1, 2]) AS x ORDER BY 1", [][]bigquery.Value{{int64(1)}, {int64(3)}}},
	// Times.
	{"SELECT TIMESTAMP_DIFF(MAX(observed_at), MIN(observed_at), HOUR), DATE_DIFF(MAX(night), MIN(night), DAY) FROM ztf.alerts", [][]bigquery.Value{{int64(27), int64(1)}}},
	{"SELECT TIMESTAMP_ADD(TIMESTAMP '2024-01-01 00:00:00', INTERVAL 90 MINUTE), TIMESTAMP_SUB(TIMESTAMP('2024-01-01'), INTERVAL 1 + 1 DAY)", [][]bigquery.Value{{time.Date(2024, 1, 1, 1, 30, 0, 0, time.UTC), time.Date(2023, 12, 30, 0, 0, 0, 0, time.UTC)}}},
	{"SELECT DATE_ADD(DATE '2024-01-31', INTERVAL 1 MONTH), DATE_SUB(DATE(2024, 3, 1), INTERVAL 1 DAY), DATE_TRUNC(DATE '2024-05-17', MONTH), DATE_TRUNC(DATE '2024-05-17', WEEK), DATE(TIMESTAMP '2024-01-01 23:00:00+00')", [][]bigquery.Value{{civil.Date{Year: 2024, Month: 2, Day: 29}, civil.Date{Year: 2024, Month: 2, Day: 29}, civil.Date{Year: 2024, Month: 5, Day: 1}, civil.Date{Year: 2024, Month: 5, Day: 12}, civil.Date{Year: 2024, Month: 1, Day: 1}}}},
	{"SELECT DATE_DIFF(DATE '2024-05-12', DATE '2024-05-11', WEEK), DATE_DIFF(DATE '2024-05-12', DATE '2024-05-11', ISOWEEK)", [][]bigquery.Value{{int64(1), int64(0)}}},
	{"SELECT TIMESTAMP_TRUNC(TIMESTAMP '2024-05-17 13:14:15', HOUR), UNIX_SECONDS(TIMESTAMP '1970-01-02'), UNIX_MICROS(TIMESTAMP_MICROS(5)), TIMESTAMP_SECONDS(1), TIMESTAMP_MILLIS(1)", [][]bigquery.Value{{time.Date(2024, 5, 17, 13, 0, 0, 0, time.UTC), int64(86400), int64(5), time.Unix(1, 0).UTC(), time.UnixMilli(1).UTC()}}},
	{"SELECT FORMAT_TIMESTAMP('%F %H:%M:%E3S', TIMESTAMP '2024-01-02 03:04:05.678'), FORMAT_DATE('%Y%m%d', DATE '2024-01-02'), PARSE_TIMESTAMP('%Y-%m-%d', '2024-01-02'), PARSE_DATE('%Y%m%d', '20240102')", [][]bigquery.Value{{"2024-01-02 03:04:05.678", "20240102", time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC), civil.Date{Year: 2024, Month: 1, Day: 2}}}},
	{"SELECT EXTRACT(YEAR FROM night), EXTRACT(DAYOFWEEK FROM DATE '2024-05-12'), EXTRACT(DATE FROM observed_at), EXTRACT(HOUR FROM observed_at AT TIME ZONE 'America/Los_Angeles') FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{int64(2023), int64(1), civil.Date{Year: 2023, Month: 11, Day: 14}, int64(14)}}},
	{"SELECT CURRENT_TIMESTAMP() > TIMESTAMP '2024-01-01', CURRENT_DATE > DATE '2024-01-01', DATETIME '2024-01-02 03:04:05', TIME '03:04:05'", [][]bigquery.Value{{true, true, civil.DateTime{Date: civil.Date{Year: 2024, Month: 1, Day: 2}, Time: civil.Time{Hour: 3, Minute: 4, Second: 5}}, civil.Time{Hour: 3, Minute: 4, Second: 5}}}},
	// Text and bytes.
	{"SELECT REGEXP_CONTAINS('ZTF18a', r'^ZTF\\d+'), REGEXP_EXTRACT('ZTF18a', r'ZTF(\\d+)'), REGEXP_EXTRACT('x', r'\\d'), REGEXP_REPLACE('a1b2', r'\\d', '')", [][]bigquery.Value{{true, "18", nil, "ab"}}},
	{"SELECT TO_HEX(SHA256('a')) LIKE 'ca978112%', TO_HEX(MD5(b'')), FROM_HEX('00ff'), TO_BASE64(b'a'), SPLIT('a,b')[OFFSET(1)], CONCAT('a', NULL), STARTS_WITH('abc', 'ab'), SUBSTR('abcdef', 2, 3), LOWER('A')", [][]bigquery.Value{{true, "d41d8cd98f00b204e9800998ecf8427e", []byte{0, 255}, "YQ==", "b", nil, true, "bcd", "a"}}},
	{"SELECT FORMAT('%s %05d %.2f %t', 'a', 7, 1.5, TRUE), FORMAT('100%% $1')", [][]bigquery.Value{{"a 00007 1.50 true", "100% $1"}}},
	{"SELECT JSON_VALUE(JSON '{\"a\": {\"b\": 12345678901234567}}', '$.a.b'), JSON_QUERY('{\"a\":[1]}', '$.a'), TO_JSON_STRING(STRUCT(1 AS a)), JSON '{\"a\":1}'", [][]bigquery.Value{{"12345678901234567", "[1]", `{"a":1}`, `{"a":1}`}}},
	// Positions.
	{"SELECT position, ST_X(position), ROUND(ST_DISTANCE(position, ST_GEOGPOINT(10, 1))), ST_DWITHIN(position, ST_GEOGPOINT(10, 0), 1) FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{"POINT(10 0)", 10.0, 111195.0, true}}},
	{"SELECT candid FROM ztf.alerts WHERE ST_DISTANCE(position, ST_GEOGFROMTEXT('POINT(10 1)')) < 10", [][]bigquery.Value{{int64(2)}}},
}

func TestSQL(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	r.stream(t, r.table(t, "alerts", sqlSchema), sqlSchema).must(t, sqlRows...)
	for _, tt := range sqlCases {
		t.Run(tt.sql, func(t *testing.T) {
			got, err := r.rows(t.Context(), tt.sql)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-9), ratCompare); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}
