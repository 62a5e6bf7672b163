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

// sqlCase is a query and its rows.
type sqlCase struct {
	sql  string
	want [][]bigquery.Value
}

// sqlGroup is a chapter of the reference of GoogleSQL.
type sqlGroup struct {
	name, says string
	cases      []sqlCase
}

// sqlGroups are queries of the three alerts, by the chapter of the reference of
// GoogleSQL that they are of.
var sqlGroups = []sqlGroup{
	{"literals, names and operators", "Lexical structure: strings, bytes, numbers, comments and quoted names are GoogleSQL's; names of columns and aliases are not case sensitive.", []sqlCase{
		{"SELECT 'it\\'s ' || \"q\", r'a\\d', '''a'b''', \"tab\\t\\u00e9\", b'\\x00\\xff'", [][]bigquery.Value{{"it's q", `a\d`, "a'b", "tab\té", []byte{0, 255}}}},
		{"SELECT 1.5, .5, 5., 2.e1, 1e3, 0x10, 7 / 2, 10 - -2 -- a comment\n # another\n /* and one more */", [][]bigquery.Value{{1.5, .5, 5.0, 20.0, 1000.0, int64(16), 3.5, int64(12)}}},
		{"SELECT TRUE AND NOT FALSE, NULL IS NULL, 3 BETWEEN 1 AND 5, 'abc' LIKE 'a%', 'a_c' LIKE 'a\\\\_c', 'abc' NOT LIKE r'a\\_c'", [][]bigquery.Value{{true, true, true, true, true, true}}},
		{"SELECT `objectId` FROM `sky.ztf.alerts` WHERE candid = 1", [][]bigquery.Value{{"ZTF18a"}}},
		{"SELECT OBJECTID FROM sky.ztf.alerts AS a WHERE A.CANDID = 1", [][]bigquery.Value{{"ZTF18a"}}},
		{"SELECT user, `end`, check FROM (SELECT 1 AS user, 2 AS `end`, 3 AS check)", [][]bigquery.Value{{int64(1), int64(2), int64(3)}}},
	}},
	{"the select list", "Query syntax: SELECT DISTINCT, * EXCEPT, * REPLACE, AS STRUCT.", []sqlCase{
		{"SELECT * EXCEPT (candidate, prv_candidates, observed_at, night, position) FROM ztf.alerts ORDER BY candid LIMIT 1", [][]bigquery.Value{{"ZTF18a", int64(1)}}},
		{"SELECT * EXCEPT (b) REPLACE (a + 1 AS a) FROM (SELECT 1 AS a, 2 AS b)", [][]bigquery.Value{{int64(2)}}},
		{"SELECT DISTINCT candidate.fid FROM ztf.alerts ORDER BY 1", [][]bigquery.Value{{int64(1)}, {int64(2)}}},
		{"SELECT AS STRUCT 1 AS a", [][]bigquery.Value{{[]bigquery.Value{int64(1)}}}},
		{"SELECT STRUCT(1 AS a, 'x' AS b), STRUCT(candid) FROM ztf.alerts WHERE candid = 2", [][]bigquery.Value{{[]bigquery.Value{int64(1), "x"}, []bigquery.Value{int64(2)}}}},
	}},
	{"joins, set operators, WITH and windows", "Query syntax: every kind of join, set operators, recursive WITH, QUALIFY; NULL is the smallest value of an order; window functions with their frames.", []sqlCase{
		{"WITH a AS (SELECT 1 AS x UNION ALL SELECT 2), b AS (SELECT x FROM a WHERE x > 1) SELECT * FROM b JOIN a USING (x)", [][]bigquery.Value{{int64(2)}}},
		{"(SELECT 1 UNION DISTINCT SELECT 1) INTERSECT DISTINCT SELECT 1", [][]bigquery.Value{{int64(1)}}},
		{"SELECT 1 EXCEPT DISTINCT SELECT 2", [][]bigquery.Value{{int64(1)}}},
		{"SELECT a.candid FROM ztf.alerts a LEFT JOIN (SELECT 2 AS candid) b ON a.candid = b.candid WHERE b.candid IS NOT NULL", [][]bigquery.Value{{int64(2)}}},
		{"SELECT candid FROM ztf.alerts QUALIFY ROW_NUMBER() OVER (PARTITION BY night ORDER BY candid DESC) = 1 ORDER BY candid", [][]bigquery.Value{{int64(2)}, {int64(3)}}},
		{"SELECT candid FROM ztf.alerts ORDER BY candidate.magpsf", [][]bigquery.Value{{int64(3)}, {int64(1)}, {int64(2)}}},
		{"SELECT candid FROM ztf.alerts ORDER BY candidate.magpsf DESC LIMIT 2 OFFSET 1", [][]bigquery.Value{{int64(1)}, {int64(3)}}},
		{"SELECT candidate.fid, COUNT(*) AS n FROM ztf.alerts GROUP BY candidate.fid HAVING n > 1", [][]bigquery.Value{{int64(1), int64(2)}}},
		{"SELECT a.x, b.y FROM (SELECT 1 AS x UNION ALL SELECT 2) AS a FULL OUTER JOIN (SELECT 2 AS y UNION ALL SELECT 3) AS b ON a.x = b.y ORDER BY 1, 2", [][]bigquery.Value{{nil, int64(3)}, {int64(1), nil}, {int64(2), int64(2)}}},
		{"SELECT x, y FROM UNNEST([1]) AS x RIGHT JOIN UNNEST([1, 2]) AS y ON x = y ORDER BY y", [][]bigquery.Value{{int64(1), int64(1)}, {nil, int64(2)}}},
		{"SELECT COUNT(*) FROM ztf.alerts AS a, ztf.alerts AS b WHERE a.candid < b.candid", [][]bigquery.Value{{int64(3)}}},
		{"SELECT candid FROM ztf.alerts WHERE candid NOT IN (SELECT candid FROM ztf.alerts WHERE candidate.fid = 1)", [][]bigquery.Value{{int64(2)}}},
		{"SELECT a.candid, (SELECT COUNT(*) FROM ztf.alerts AS b WHERE b.night = a.night) FROM ztf.alerts AS a ORDER BY 1", [][]bigquery.Value{{int64(1), int64(2)}, {int64(2), int64(2)}, {int64(3), int64(1)}}},
		{"WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 3) SELECT SUM(x) FROM n", [][]bigquery.Value{{int64(6)}}},
		{"SELECT x, LAG(x) OVER w, LEAD(x, 1, 0) OVER w, RANK() OVER w, FIRST_VALUE(x) OVER w FROM UNNEST([10, 20]) AS x WINDOW w AS (ORDER BY x) ORDER BY x", [][]bigquery.Value{{int64(10), nil, int64(20), int64(1), int64(10)}, {int64(20), int64(10), int64(0), int64(2), int64(10)}}},
		{"SELECT DISTINCT PERCENTILE_CONT(x, 0.5) OVER () FROM UNNEST([1, 2, 3, 4]) AS x", [][]bigquery.Value{{2.5}}},
		{"SELECT candid, COUNT(*) OVER (PARTITION BY night) AS n FROM ztf.alerts QUALIFY n = 1", [][]bigquery.Value{{int64(3), int64(1)}}},
	}},
	{"arrays and UNNEST", "Working with arrays: every form of UNNEST, correlated and with offsets; ARRAY subqueries; elements by OFFSET, ORDINAL and SAFE_OFFSET.", []sqlCase{
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
		{"SELECT prv_candidates[OFFSET(0)].jd, prv_candidates[ORDINAL(2)].jd AS b, prv_candidates[SAFE_OFFSET(9)].jd AS c FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{1.0, 2.0, nil}}},
		{"SELECT ARRAY_LENGTH([1, 2]), ARRAY<INT64>[], [1, 2][0], 2 IN UNNEST([1, 2]), 3 NOT IN UNNEST([1, 2]), ARRAY_TO_STRING(['a', 'b'], '-')", [][]bigquery.Value{{int64(2), []bigquery.Value(nil), int64(1), true, true, "a-b"}}},
		{"SELECT ARRAY_AGG(candid ORDER BY candid DESC LIMIT 2), ARRAY_AGG(candidate.magpsf IGNORE NULLS ORDER BY candid) FROM ztf.alerts", [][]bigquery.Value{{[]bigquery.Value{int64(3), int64(2)}, []bigquery.Value{18.5, 19.5}}}},
		{"SELECT x, o FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS o ORDER BY o", [][]bigquery.Value{{"a", int64(0)}, {"b", int64(1)}}},
		{"SELECT GENERATE_ARRAY(1, 3), ARRAY_CONCAT([1], [2]), ARRAY_REVERSE([1, 2])", [][]bigquery.Value{{[]bigquery.Value{int64(1), int64(2), int64(3)}, []bigquery.Value{int64(1), int64(2)}, []bigquery.Value{int64(2), int64(1)}}}},
		{"SELECT CAST(STRUCT(1 AS a) AS STRUCT<a FLOAT64>).a, STRUCT<a INT64, b ARRAY<STRUCT<c STRING>>>(1, [STRUCT('z' AS c)]).b[OFFSET(0)].c", [][]bigquery.Value{{1.0, "z"}}},
		{"SELECT SUM(p.magpsf) FROM ztf.alerts CROSS JOIN UNNEST(prv_candidates) AS p", [][]bigquery.Value{{38.75}}},
		{"SELECT * FROM UNNEST([STRUCT(1 AS a, 'x' AS b), STRUCT(2, 'y')]) ORDER BY a", [][]bigquery.Value{{int64(1), "x"}, {int64(2), "y"}}},
		{"SELECT ARRAY_AGG(STRUCT(candid AS id, objectId AS name) ORDER BY candid LIMIT 1) FROM ztf.alerts", [][]bigquery.Value{{[]bigquery.Value{[]bigquery.Value{int64(1), "ZTF18a"}}}}},
		{"SELECT (SELECT AS STRUCT p.jd, p.magpsf FROM UNNEST(prv_candidates) AS p ORDER BY p.jd LIMIT 1).magpsf FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{18.25}}},
		{"SELECT ARRAY(SELECT AS STRUCT x AS a, x * 2 AS b FROM UNNEST([1]) AS x), EXISTS(SELECT 1 FROM UNNEST([1]) AS x WHERE x = 2)", [][]bigquery.Value{{[]bigquery.Value{[]bigquery.Value{int64(1), int64(2)}}, false}}},
		{"SELECT GENERATE_DATE_ARRAY(DATE '2024-02-28', DATE '2024-03-01')", [][]bigquery.Value{{[]bigquery.Value{civil.Date{Year: 2024, Month: 2, Day: 28}, civil.Date{Year: 2024, Month: 2, Day: 29}, civil.Date{Year: 2024, Month: 3, Day: 1}}}}},
		{"SELECT candid, ARRAY_LENGTH(prv_candidates), ARRAY_LENGTH(ARRAY(SELECT p FROM UNNEST(prv_candidates) AS p WHERE p.magpsf IS NOT NULL)) FROM ztf.alerts ORDER BY 1", [][]bigquery.Value{{int64(1), int64(2), int64(1)}, {int64(2), int64(1), int64(1)}, {int64(3), int64(0), int64(0)}}},
		{"SELECT s.a, s.b FROM UNNEST([STRUCT(1 AS a, 2 AS b), STRUCT(3 AS x, 4 AS y)]) AS s ORDER BY s.a", [][]bigquery.Value{{int64(1), int64(2)}, {int64(3), int64(4)}}},
	}},
	{"conditions, casts and numbers", "Conditional expressions, conversion rules, mathematical functions: SAFE_ forms give NULL.", []sqlCase{
		{"SELECT IF(candid > 2, 'faint', 'bright'), IFNULL(candidate.magpsf, 99), CASE candid WHEN 3 THEN 'c' ELSE 'd' END FROM ztf.alerts WHERE candid = 3", [][]bigquery.Value{{"faint", 99.0, "c"}}},
		{"SELECT SAFE_DIVIDE(1, 0), SAFE_CAST('x' AS INT64), CAST('12' AS INT64), CAST(1 AS STRING), SAFE.LN(0), CAST('2.5' AS NUMERIC) = 2.5", [][]bigquery.Value{{nil, nil, int64(12), "1", nil, true}}},
		{"SELECT LOG(8, 2), LOG10(100), POW(2, 3), MOD(7, 3), DIV(7, 2), GREATEST(1, 2), LEAST(1, NULL), ROUND(2.567, 1), TRUNC(-1.5), ABS(-2)", [][]bigquery.Value{{3.0, 2.0, 8.0, int64(1), int64(3), int64(2), nil, 2.6, -1.0, int64(2)}}},
		{"SELECT LOG(1), IEEE_DIVIDE(1, 0), IS_NAN(IEEE_DIVIDE(0, 0)), SQRT(4), EXP(0), SIGN(-3)", [][]bigquery.Value{{0.0, math.Inf(1), true, 2.0, 1.0, int64(-1)}}},
		{"SELECT CAST(1.5 AS INT64), CAST(-1.5 AS INT64), CAST(TRUE AS INT64), CAST('true' AS BOOL)", [][]bigquery.Value{{int64(2), int64(-2), int64(1), true}}},
		{"SELECT COALESCE(NULL, 2), NULLIF(1, 1), IF(NULL, 1, 2), CASE WHEN FALSE THEN 1 END", [][]bigquery.Value{{int64(2), nil, int64(2), nil}}},
		{"SELECT NULL IS DISTINCT FROM 1, 1 IS NOT DISTINCT FROM 1, MOD(-7, 3), DIV(-7, 2), 6 & 3, 6 | 1, 1 << 3, 8 >> 1, ROUND(-2.5), FLOOR(-1.5), CEIL(1.2)", [][]bigquery.Value{{true, true, int64(-1), int64(-3), int64(2), int64(7), int64(8), int64(4), -3.0, -2.0, 2.0}}},
		{"SELECT IS_INF(CAST('inf' AS FLOAT64)), IS_NAN(CAST('nan' AS FLOAT64)), ACOS(1), ATAN2(0, 1)", [][]bigquery.Value{{true, true, 0.0, 0.0}}},
	}},
	{"aggregates", "Aggregate functions, with DISTINCT, ORDER BY, LIMIT and HAVING MAX within them.", []sqlCase{
		{"SELECT COUNTIF(candid > 0), COUNT(*) FROM ztf.alerts WHERE candid < 0", [][]bigquery.Value{{int64(0), int64(0)}}},
		{"SELECT MAX(n) FROM (SELECT COUNTIF(candid > 1) OVER (PARTITION BY night) AS n FROM ztf.alerts)", [][]bigquery.Value{{int64(1)}}},
		{"SELECT COUNTIF(candidate.fid = 1), SUM(candid), AVG(candid), MIN(objectId), COUNT(DISTINCT night), LOGICAL_OR(candid = 3), APPROX_COUNT_DISTINCT(night) FROM ztf.alerts", [][]bigquery.Value{{int64(2), int64(6), 2.0, "ZTF18a", int64(2), true, int64(2)}}},
		{"SELECT APPROX_QUANTILES(x, 4)[OFFSET(2)], STRING_AGG(CAST(x AS STRING), ',' ORDER BY x), ANY_VALUE(x HAVING MAX -x) FROM UNNEST([3, 1, 2]) AS x", [][]bigquery.Value{{int64(2), "1,2,3", int64(1)}}},
		{"SELECT STRING_AGG(x, '-' ORDER BY x DESC LIMIT 2), STRING_AGG(DISTINCT x, ',' ORDER BY x LIMIT 1) FROM UNNEST(['a', NULL, 'b', 'c']) AS x WHERE x IS NULL OR x > 'a'", [][]bigquery.Value{{"c-b", "b"}}},
		{"SELECT SUM(x) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM UNNEST([1, 2]) AS x ORDER BY 1", [][]bigquery.Value{{int64(1)}, {int64(3)}}},
		{"SELECT MAX_BY(objectId, candid), MIN_BY(objectId, candid), ARRAY_AGG(DISTINCT candidate.fid ORDER BY candidate.fid) FROM ztf.alerts", [][]bigquery.Value{{"ZTF19c", "ZTF18a", []bigquery.Value{int64(1), int64(2)}}}},
		{"SELECT STDDEV(x), VAR_SAMP(x), STDDEV_POP(x), CORR(x, 2 * x) FROM UNNEST([1.0, 3.0]) AS x", [][]bigquery.Value{{math.Sqrt2, 2.0, 1.0, 1.0}}},
		{"SELECT night, COUNT(*) FROM ztf.alerts GROUP BY 1 ORDER BY 2 DESC LIMIT 1", [][]bigquery.Value{{civil.Date{Year: 2023, Month: 11, Day: 14}, int64(2)}}},
		{"SELECT candidate.fid, COUNT(*) AS n FROM ztf.alerts GROUP BY ROLLUP (candidate.fid) ORDER BY n DESC, 1", [][]bigquery.Value{{nil, int64(3)}, {int64(1), int64(2)}, {int64(2), int64(1)}}},
	}},
	{"times", "Date, datetime, time and timestamp functions; weeks begin on Sunday unless they are ISO weeks.", []sqlCase{
		{"SELECT TIMESTAMP_DIFF(MAX(observed_at), MIN(observed_at), HOUR), DATE_DIFF(MAX(night), MIN(night), DAY) FROM ztf.alerts", [][]bigquery.Value{{int64(27), int64(1)}}},
		{"SELECT TIMESTAMP_ADD(TIMESTAMP '2024-01-01 00:00:00', INTERVAL 90 MINUTE), TIMESTAMP_SUB(TIMESTAMP('2024-01-01'), INTERVAL 1 + 1 DAY)", [][]bigquery.Value{{time.Date(2024, 1, 1, 1, 30, 0, 0, time.UTC), time.Date(2023, 12, 30, 0, 0, 0, 0, time.UTC)}}},
		{"SELECT DATE_ADD(DATE '2024-01-31', INTERVAL 1 MONTH), DATE_SUB(DATE(2024, 3, 1), INTERVAL 1 DAY), DATE_TRUNC(DATE '2024-05-17', MONTH), DATE_TRUNC(DATE '2024-05-17', WEEK), DATE(TIMESTAMP '2024-01-01 23:00:00+00')", [][]bigquery.Value{{civil.Date{Year: 2024, Month: 2, Day: 29}, civil.Date{Year: 2024, Month: 2, Day: 29}, civil.Date{Year: 2024, Month: 5, Day: 1}, civil.Date{Year: 2024, Month: 5, Day: 12}, civil.Date{Year: 2024, Month: 1, Day: 1}}}},
		{"SELECT DATE_DIFF(DATE '2024-05-12', DATE '2024-05-11', WEEK), DATE_DIFF(DATE '2024-05-12', DATE '2024-05-11', ISOWEEK)", [][]bigquery.Value{{int64(1), int64(0)}}},
		{"SELECT TIMESTAMP_TRUNC(TIMESTAMP '2024-05-17 13:14:15', HOUR), UNIX_SECONDS(TIMESTAMP '1970-01-02'), UNIX_MICROS(TIMESTAMP_MICROS(5)), TIMESTAMP_SECONDS(1), TIMESTAMP_MILLIS(1)", [][]bigquery.Value{{time.Date(2024, 5, 17, 13, 0, 0, 0, time.UTC), int64(86400), int64(5), time.Unix(1, 0).UTC(), time.UnixMilli(1).UTC()}}},
		{"SELECT FORMAT_TIMESTAMP('%F %H:%M:%E3S', TIMESTAMP '2024-01-02 03:04:05.678'), FORMAT_DATE('%Y%m%d', DATE '2024-01-02'), PARSE_TIMESTAMP('%Y-%m-%d', '2024-01-02'), PARSE_DATE('%Y%m%d', '20240102')", [][]bigquery.Value{{"2024-01-02 03:04:05.678", "20240102", time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC), civil.Date{Year: 2024, Month: 1, Day: 2}}}},
		{"SELECT EXTRACT(YEAR FROM night), EXTRACT(DAYOFWEEK FROM DATE '2024-05-12'), EXTRACT(DATE FROM observed_at), EXTRACT(HOUR FROM observed_at AT TIME ZONE 'America/Los_Angeles') FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{int64(2023), int64(1), civil.Date{Year: 2023, Month: 11, Day: 14}, int64(14)}}},
		{"SELECT CURRENT_TIMESTAMP() > TIMESTAMP '2024-01-01', CURRENT_DATE > DATE '2024-01-01', DATETIME '2024-01-02 03:04:05', TIME '03:04:05'", [][]bigquery.Value{{true, true, civil.DateTime{Date: civil.Date{Year: 2024, Month: 1, Day: 2}, Time: civil.Time{Hour: 3, Minute: 4, Second: 5}}, civil.Time{Hour: 3, Minute: 4, Second: 5}}}},
		{"SELECT DATE '2024-01-31' + INTERVAL 1 DAY, DATETIME '2024-01-01 00:00:00' + INTERVAL 2 HOUR AS later", [][]bigquery.Value{{civil.DateTime{Date: civil.Date{Year: 2024, Month: 2, Day: 1}}, civil.DateTime{Date: civil.Date{Year: 2024, Month: 1, Day: 1}, Time: civil.Time{Hour: 2}}}}},
		{"SELECT LAST_DAY(DATE '2024-02-10'), UNIX_DATE(DATE '1970-01-02'), DATE_FROM_UNIX_DATE(1), EXTRACT(ISOWEEK FROM DATE '2024-01-01'), DATE '2024-01-01' + 1", [][]bigquery.Value{{civil.Date{Year: 2024, Month: 2, Day: 29}, int64(1), civil.Date{Year: 1970, Month: 1, Day: 2}, int64(1), civil.Date{Year: 2024, Month: 1, Day: 2}}}},
		{"SELECT TIMESTAMP('2024-01-01 00:00:00', 'America/Los_Angeles'), DATETIME(TIMESTAMP '2024-01-01 12:00:00+00'), DATE(TIMESTAMP '2024-01-01 01:00:00+00', 'America/Los_Angeles')", [][]bigquery.Value{{time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC), civil.DateTime{Date: civil.Date{Year: 2024, Month: 1, Day: 1}, Time: civil.Time{Hour: 12}}, civil.Date{Year: 2023, Month: 12, Day: 31}}}},
		{"SELECT DATETIME_DIFF(DATETIME '2024-01-02 00:00:00', DATETIME '2024-01-01 12:00:00', HOUR), DATETIME_ADD(DATETIME '2024-01-01 00:00:00', INTERVAL 1 HOUR), TIMESTAMP_DIFF(TIMESTAMP '2024-01-01 00:00:01', TIMESTAMP '2024-01-01 00:00:00', MILLISECOND)", [][]bigquery.Value{{int64(12), civil.DateTime{Date: civil.Date{Year: 2024, Month: 1, Day: 1}, Time: civil.Time{Hour: 1}}, int64(1000)}}},
	}},
	{"text, bytes and JSON", "String, hash and JSON functions: characters are counted, not bytes; the first position is 1.", []sqlCase{
		{"SELECT REGEXP_CONTAINS('ZTF18a', r'^ZTF\\d+'), REGEXP_EXTRACT('ZTF18a', r'ZTF(\\d+)'), REGEXP_EXTRACT('x', r'\\d'), REGEXP_REPLACE('a1b2', r'\\d', '')", [][]bigquery.Value{{true, "18", nil, "ab"}}},
		{"SELECT TO_HEX(SHA256('a')) LIKE 'ca978112%', TO_HEX(MD5(b'')), FROM_HEX('00ff'), TO_BASE64(b'a'), SPLIT('a,b')[OFFSET(1)], CONCAT('a', NULL), STARTS_WITH('abc', 'ab'), SUBSTR('abcdef', 2, 3), LOWER('A')", [][]bigquery.Value{{true, "d41d8cd98f00b204e9800998ecf8427e", []byte{0, 255}, "YQ==", "b", nil, true, "bcd", "a"}}},
		{"SELECT FORMAT('%s %05d %.2f', 'a', 7, 1.5), FORMAT('100%% $1')", [][]bigquery.Value{{"a 00007 1.50", "100% $1"}}},
		{"SELECT JSON_VALUE(JSON '{\"a\": {\"b\": 12345678901234567}}', '$.a.b'), JSON_QUERY('{\"a\":[1]}', '$.a'), TO_JSON_STRING(STRUCT(1 AS a)), JSON '{\"a\":1}'", [][]bigquery.Value{{"12345678901234567", "[1]", `{"a":1}`, `{"a":1}`}}},
		{"SELECT LENGTH('é'), BYTE_LENGTH('é'), LPAD('7', 3, '0'), TRIM('  a '), STRPOS('abc', 'c'), REPLACE('aba', 'a', 'x'), UPPER('a'), REVERSE('ab'), ENDS_WITH('abc', 'bc'), LEFT('abc', 2), RIGHT('abc', 2)", [][]bigquery.Value{{int64(1), int64(2), "007", "a", int64(3), "xbx", "A", "ba", true, "ab", "bc"}}},
		{"SELECT REGEXP_EXTRACT_ALL('a1b22', r'\\d+')", [][]bigquery.Value{{[]bigquery.Value{"1", "22"}}}},
		{"SELECT JSON_EXTRACT_SCALAR('{\"a\":1}', '$.a'), JSON_VALUE(PARSE_JSON('{\"a\":\"x\"}'), '$.a'), JSON_QUERY_ARRAY('[1,2]'), JSON_VALUE_ARRAY('[\"a\"]'), JSON_VALUE('{}', '$.a')", [][]bigquery.Value{{"1", "x", []bigquery.Value{"1", "2"}, []bigquery.Value{"a"}, nil}}},
		{"SELECT JSON '{\"a\":{\"b\":5}}'.a.b, INT64(JSON '5')", [][]bigquery.Value{{"5", int64(5)}}},
	}},
	{"positions", "Geography functions: points in longitude and latitude, distances in metres.", []sqlCase{
		{"SELECT position, ST_X(position), ROUND(ST_DISTANCE(position, ST_GEOGPOINT(10, 1))), ST_DWITHIN(position, ST_GEOGPOINT(10, 0), 1) FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{"POINT(10 0)", 10.0, 111195.0, true}}},
		{"SELECT candid FROM ztf.alerts WHERE ST_DISTANCE(position, ST_GEOGFROMTEXT('POINT(10 1)')) < 10", [][]bigquery.Value{{int64(2)}}},
		{"SELECT ST_Y(position), ST_ASTEXT(position), ST_DISTANCE(position, position), ST_DWITHIN(position, ST_GEOGPOINT(10, 1), 1), position IS NULL FROM ztf.alerts ORDER BY candid DESC LIMIT 2", [][]bigquery.Value{{nil, nil, nil, nil, true}, {1.0, "POINT(10 1)", 0.0, true, false}}},
		{"SELECT ST_GEOGPOINT(NULL, 1) IS NULL, ROUND(ST_DISTANCE(ST_GEOGPOINT(0, 0), ST_GEOGPOINT(180, 0)))", [][]bigquery.Value{{true, 20015118.0}}},
	}},
}

func testSQL(cases []sqlCase) func(*testing.T, *running) {
	return func(t *testing.T, r *running) {
		r.dataset(t, "ztf")
		r.stream(t, r.table(t, "alerts", sqlSchema), sqlSchema).must(t, sqlRows...)
		for _, tt := range cases {
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
}
