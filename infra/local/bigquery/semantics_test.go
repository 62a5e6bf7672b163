package bigquery_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/google/go-cmp/cmp"
)

// semanticGroups are queries whose answers DuckDB would give otherwise.
var semanticGroups = []sqlGroup{
	{"conversions", "Conversion rules: half an integer goes away from zero; text has no needless zeros; no digit of an integer is lost on the way.", []sqlCase{
		{"SELECT CAST(2.5 AS INT64), CAST(0.5 AS INT64), CAST(-2.5 AS INT64), CAST(2460000.5 AS INT64), CAST(2.4 AS INT64), SAFE_CAST(3.5 AS INT64)", [][]bigquery.Value{{int64(3), int64(1), int64(-3), int64(2460001), int64(2), int64(4)}}},
		{"SELECT CAST(x AS INT64) FROM UNNEST([0.5, 1.5, NULL]) AS x ORDER BY 1", [][]bigquery.Value{{nil}, {int64(1)}, {int64(2)}}},
		{"SELECT CAST('9007199254740993' AS INT64), CAST(NUMERIC '9007199254740993' AS INT64), CAST(NUMERIC '2.5' AS INT64), CAST(TRUE AS INT64), CAST('0x10' AS INT64)", [][]bigquery.Value{{int64(9007199254740993), int64(9007199254740993), int64(3), int64(1), int64(16)}}},
		{"SELECT SAFE_CAST('1.5' AS INT64), SAFE_CAST(1e30 AS INT64), SAFE_CAST('x' AS INT64), SAFE_CAST(b'\\xff' AS STRING)", [][]bigquery.Value{{nil, nil, nil, nil}}},
		{"SELECT CAST(1.0 AS STRING), CAST(0.1 AS STRING), CAST(1e15 AS STRING), CAST(123456789.125 AS STRING), CAST(1e-5 AS STRING), CAST(-0.5 AS STRING)", [][]bigquery.Value{{"1", "0.1", "1e+15", "123456789.125", "1e-05", "-0.5"}}},
		{"SELECT CAST(NUMERIC '1.5' AS STRING), CAST(NUMERIC '100' AS STRING), CAST(9007199254740993 AS STRING), CAST(TRUE AS STRING)", [][]bigquery.Value{{"1.5", "100", "9007199254740993", "true"}}},
		{"SELECT CAST(TIMESTAMP '2024-01-02 03:04:05.5' AS STRING), CAST(TIMESTAMP '2024-01-02' AS STRING), CAST(DATETIME '2024-01-02 03:04:05' AS STRING)", [][]bigquery.Value{{"2024-01-02 03:04:05.500+00", "2024-01-02 00:00:00+00", "2024-01-02 03:04:05"}}},
		{"SELECT CAST(CAST('100' AS NUMERIC(10, 0)) AS STRING), CAST(ROUND(NUMERIC '1200.4') AS STRING), CAST(NUMERIC '-20.50' AS STRING)", [][]bigquery.Value{{"100", "1200", "-20.5"}}},
		{"SELECT CAST(b'\\xc3\\xa9' AS STRING), CAST('é' AS BYTES)", [][]bigquery.Value{{"é", []byte{0xc3, 0xa9}}}},
	}},
	{"names of columns", "Implicit aliases: a path in the select list is known by its last name.", []sqlCase{
		{"SELECT candidate.magpsf FROM ztf.alerts WHERE candid < 3 ORDER BY magpsf DESC", [][]bigquery.Value{{19.5}, {18.5}}},
		{"SELECT candidate.fid, COUNT(*) FROM ztf.alerts GROUP BY fid ORDER BY fid", [][]bigquery.Value{{int64(1), int64(2)}, {int64(2), int64(1)}}},
		{"SELECT p.jd FROM ztf.alerts, UNNEST(prv_candidates) AS p ORDER BY jd DESC LIMIT 2", [][]bigquery.Value{{3.0}, {2.0}}},
		{"SELECT jd + 1 FROM (SELECT prv_candidates[OFFSET(0)].jd FROM ztf.alerts WHERE candid = 2)", [][]bigquery.Value{{4.0}}},
		{"SELECT a.candid FROM ztf.alerts AS a ORDER BY a.candid LIMIT 1", [][]bigquery.Value{{int64(1)}}},
		{"SELECT current_mag, CURRENT_DATE > DATE '2024-01-01' FROM (SELECT 1 AS current_mag)", [][]bigquery.Value{{int64(1), true}}},
		{"SELECT asof + anti + semi + positional + glob + binary + isnull + verbose + similar, ilike FROM (SELECT 1 AS asof, 2 AS anti, 3 AS semi, 4 AS positional, 5 AS glob, 6 AS binary, 7 AS isnull, 8 AS verbose, 9 AS similar, 0 AS ilike)", [][]bigquery.Value{{int64(45), int64(0)}}},
		{"SELECT x, offset FROM UNNEST(['a', 'b', 'c']) AS x WITH OFFSET WHERE 3 > offset AND offset >= 0 ORDER BY offset DESC LIMIT 1 OFFSET 1", [][]bigquery.Value{{"b", int64(1)}}},
		{"SELECT 3 > x, 2 > [1, 2][OFFSET(0)], 1 / SUM(x) OVER w FROM (SELECT 1 AS x) WINDOW w AS ()", [][]bigquery.Value{{true, true, 1.0}}},
		{"SELECT a.candid FROM ztf.alerts AS a WHERE -a.candid < -2", [][]bigquery.Value{{int64(3)}}},
	}},
	{"scopes", "Scope rules: an alias and a name of WITH are known in their own query and those within it, and in no other.", []sqlCase{
		{"SELECT COUNT(*) FROM (SELECT 1 FROM ztf.alerts AS ztf UNION ALL SELECT 2 FROM ztf.alerts)", [][]bigquery.Value{{int64(6)}}},
		{"SELECT candid FROM ztf.alerts WHERE candid IN (SELECT candid FROM ztf.alerts ztf WHERE candid = 2) OR NOT EXISTS (SELECT 1 FROM ztf.alerts)", [][]bigquery.Value{{int64(2)}}},
		{"SELECT (SELECT COUNT(*) FROM ztf.alerts, UNNEST(prv_candidates) AS ztf), COUNT(*) FROM (SELECT 1 FROM ztf.alerts AS ztf) AS q, ztf.alerts", [][]bigquery.Value{{int64(3), int64(9)}}},
		{"SELECT a.candid FROM ztf.alerts AS a WHERE EXISTS (SELECT 1 FROM a.prv_candidates AS p WHERE p.jd = 3 UNION ALL SELECT 2 FROM a.prv_candidates AS q WHERE q.jd = 1) ORDER BY 1", [][]bigquery.Value{{int64(1)}, {int64(2)}}},
		{"SELECT COUNT(*) FROM ztf.alerts AS ztf JOIN (SELECT 2 AS k FROM ztf.alerts) AS q ON TRUE", [][]bigquery.Value{{int64(9)}}},
		{"SELECT (WITH alerts AS (SELECT 7 AS x) SELECT SUM(x) FROM alerts), (SELECT COUNT(*) FROM ztf.alerts)", [][]bigquery.Value{{int64(7), int64(3)}}},
	}},
	{"elements", "Subscripts: of arrays they count from 0 or, by ORDINAL, from 1; so they do of JSON; outside an array SAFE_ ones give NULL.", []sqlCase{
		{"SELECT (JSON '[10, 20, 30]')[1], j.b[2].c, j['b'][0] FROM (SELECT JSON '{\"b\": [1, 2, {\"c\": 7}]}' AS j)", [][]bigquery.Value{{"20", "7", "1"}}},
		{"SELECT [1, 2][1], [1, 2][OFFSET(1)], [1, 2][ORDINAL(1)], [1, 2][SAFE_OFFSET(-1)], [1, 2][SAFE_ORDINAL(-1)], [1, 2][SAFE_ORDINAL(3)]", [][]bigquery.Value{{int64(2), int64(2), int64(1), nil, nil, nil}}},
		{"SELECT IF(candid > 1, prv_candidates, [])[SAFE_OFFSET(0)].jd, ARRAY(SELECT p.jd FROM UNNEST(prv_candidates) AS p ORDER BY jd DESC)[SAFE_OFFSET(0)] AS last FROM ztf.alerts ORDER BY candid", [][]bigquery.Value{{nil, 2.0}, {3.0, 3.0}, {nil, nil}}},
		{"SELECT prv_candidates[OFFSET(0)].tags[OFFSET(1)] FROM ztf.alerts WHERE candid = 1 AND prv_candidates[OFFSET(0)].jd = 1", [][]bigquery.Value{{"y"}}},
		{"SELECT ARRAY_AGG(candid ORDER BY candid)[OFFSET(2)], SPLIT('a-b', '-')[ORDINAL(2)] FROM ztf.alerts", [][]bigquery.Value{{int64(3), "b"}}},
	}},
	{"JSON and text", "JSON functions: JSON_VALUE is of scalars; of text a piece is text; of what is no JSON it is NULL. String functions on BYTES count bytes.", []sqlCase{
		{"SELECT JSON_VALUE(JSON '{\"a\": {\"b\": 1}}', '$.a'), JSON_VALUE('[1]'), JSON_VALUE('not json', '$.a'), STRING(JSON '\"x\"'), JSON_VALUE('{\"a\": 9007199254740993}', '$.a')", [][]bigquery.Value{{nil, nil, nil, "x", "9007199254740993"}}},
		{"SELECT TO_JSON_STRING(STRUCT(candid + 9007199254740990 AS c, candid, CAST('nan' AS FLOAT64) AS n, CAST('-inf' AS FLOAT64) AS i, NULL AS x, position, observed_at AS t, night AS d, 1.0 AS f, [1.5, 2] AS a, NUMERIC '1.50' AS m, '12345678901234567890,NaN' AS s)) FROM ztf.alerts WHERE candid = 3", [][]bigquery.Value{{`{"c":"9007199254740993","candid":3,"n":"NaN","i":"-Infinity","x":null,"position":null,"t":"2023-11-16T02:00:00Z","d":"2023-11-15","f":1,"a":[1.5,2],"m":1.5,"s":"12345678901234567890,NaN"}`}}},
		{"SELECT TO_JSON_STRING(position), TO_JSON_STRING(b'abc'), TO_JSON_STRING(NULL), TO_JSON_STRING(DATETIME '2024-01-02 03:04:05'), TO_JSON_STRING('2024-01-02 03:04:05'), TO_JSON_STRING(JSON '{\"a\": 1}') FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{`{"type":"Point","coordinates":[10,0]}`, `"YWJj"`, "null", `"2024-01-02T03:04:05"`, `"2024-01-02 03:04:05"`, `{"a":1}`}}},
		{"SELECT CONCAT(JSON_QUERY('{\"a\": {\"b\": 1}}', '$.a'), '!'), JSON_QUERY('not json', '$.a'), JSON_QUERY_ARRAY('[1, \"a\"]'), JSON_VALUE_ARRAY('[\"a\", \"b\"]'), JSON_EXTRACT_ARRAY('[1]')", [][]bigquery.Value{{`{"b":1}!`, nil, []bigquery.Value{"1", `"a"`}, []bigquery.Value{"a", "b"}, []bigquery.Value{"1"}}}},
		{"SELECT SUBSTR('hello', 0, 2), SUBSTR('hello', -2), SUBSTR('hello', -9, 3), SUBSTR(b'hello', -2), SUBSTR(b'hello', 0, 2), LENGTH(b'\\xc3\\xa9'), LENGTH('é'), BYTE_LENGTH('é')", [][]bigquery.Value{{"he", "lo", "hel", []byte("lo"), []byte("he"), int64(2), int64(1), int64(2)}}},
		{"SELECT CONCAT('x', candid * 7), CONCAT(b'a', b'b'), INITCAP('rr LYRAE-type') FROM ztf.alerts WHERE candid = 2", [][]bigquery.Value{{"x14", []byte("ab"), "Rr Lyrae-Type"}}},
		{"SELECT FORMAT_TIMESTAMP('%s', TIMESTAMP '1970-01-01 00:01:40'), DATE_DIFF('2024-01-03', '2024-01-01', DAY)", [][]bigquery.Value{{"100", int64(2)}}},
	}},
	{"arrays, numbers and points", "GENERATE_ARRAY of any number; RANGE_BUCKET; longitudes lie within 180 degrees; SAFE. makes a failure NULL.", []sqlCase{
		{"SELECT GENERATE_ARRAY(0.0, 1, 0.5), GENERATE_ARRAY(5, 1, -2), RANGE_BUCKET(20, [0, 10, 20, 30])", [][]bigquery.Value{{[]bigquery.Value{0.0, 0.5, 1.0}, []bigquery.Value{int64(5), int64(3), int64(1)}, int64(3)}}},
		{"SELECT SAFE.MOD(5, 0), SAFE.EXP(1000), SAFE.POW(10, 400 * candid), SAFE.ST_GEOGPOINT(0, 91) FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{nil, nil, nil, nil}}},
		{"SELECT ST_GEOGPOINT(200, 1), ST_GEOGPOINT(-180, 0), ST_ASGEOJSON(ST_GEOGPOINT(1, 2.5))", [][]bigquery.Value{{"POINT(-160 1)", "POINT(-180 0)", `{ "type": "Point", "coordinates": [1, 2.5] }`}}},
		{"SELECT night, COUNT(*) / SUM(COUNT(*)) OVER (), 6 / COUNT(*) OVER w + 1 FROM ztf.alerts GROUP BY night WINDOW w AS () ORDER BY 2", [][]bigquery.Value{{civil.Date{Year: 2023, Month: 11, Day: 15}, 1.0 / 3, 4.0}, {civil.Date{Year: 2023, Month: 11, Day: 14}, 2.0 / 3, 4.0}}},
		{"SELECT CAST(1 / NUMERIC '2' AS FLOAT64), CAST(DIV(NUMERIC '7.5', 2) AS FLOAT64), DIV(-7, 2), IS_NAN(LEAST(1, CAST('nan' AS FLOAT64))), LEAST('b', 'nan'), LEAST(2, 1.5)", [][]bigquery.Value{{0.5, 3.0, int64(-3), true, "b", 1.5}}},
		{"SELECT IF(candid > 5, candid / (candid - candid), 0), IF(candid > 5, MOD(5, candid - candid), 0) FROM ztf.alerts WHERE candid = 1", [][]bigquery.Value{{0.0, int64(0)}}},
	}},
}

// testSemanticsOfChanges asks what statements that change rows make of records
// and arrays.
func testSemanticsOfChanges(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	record := bigquery.Schema{{Name: "a", Type: "INTEGER"}, {Name: "b", Type: "STRING"}}
	r.must(t, "CREATE TABLE ztf.t (id INT64 NOT NULL, s STRUCT<a INT64, b STRING>, l ARRAY<STRUCT<a INT64, b STRING>>, xs ARRAY<STRING>)")
	made, err := r.Dataset("ztf").Table("t").Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	schema := bigquery.Schema{
		{Name: "id", Type: "INTEGER", Required: true}, {Name: "s", Type: "RECORD", Schema: record},
		{Name: "l", Type: "RECORD", Repeated: true, Schema: record}, {Name: "xs", Type: "STRING", Repeated: true},
	}
	if diff := cmp.Diff(schema, made.Schema); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	for _, sql := range []string{
		"INSERT ztf.t (id, s) VALUES (1, STRUCT(1, 'one'))",
		"INSERT ztf.t VALUES (2, STRUCT(2, 'two'), [STRUCT(3, 'x'), STRUCT(4, 'y')], ['b'])",
		"INSERT ztf.t (id, s, l) SELECT 3, STRUCT(3, 'three'), [STRUCT(5, 'z')]",
		"UPDATE ztf.t SET s.a = 70 + id, s.b = CONCAT('y', id) WHERE id = 2",
		"UPDATE ztf.t AS x SET x.s.b = IF(x.id IS DISTINCT FROM 3, 'other', s.b), l = x.l FROM (SELECT 3 AS k UNION ALL SELECT 4) AS u WHERE x.id = u.k",
		"UPDATE ztf.t SET t.xs = xs, s.a = IF(s.a IS DISTINCT FROM 3 AND s.a IS DISTINCT FROM 1, 72, s.a) WHERE TRUE",
		"UPDATE ztf.t SET id = id, xs = IF(TRUE, xs, xs) WHERE s.a IS NOT DISTINCT FROM 72",
		"MERGE ztf.t AS t USING (SELECT 1 AS k, TRUE AS last UNION ALL SELECT 1, FALSE) AS u ON t.id = u.k WHEN MATCHED AND u.last THEN UPDATE SET s.a = 90",
		"MERGE ztf.t AS t USING (SELECT 9 AS id, STRUCT(9 AS a, 'nine' AS b) AS s, [STRUCT(6 AS a, 'w' AS b)] AS l, ['c'] AS xs) AS u ON t.id = u.id WHEN NOT MATCHED THEN INSERT ROW",
		"INSERT ztf.t (id, s, l, xs) SELECT * FROM (SELECT 4 AS id, STRUCT(4 AS a, 'four' AS b) AS s, [STRUCT(6 AS a, 'w' AS b)] AS l, ['c'] AS xs)",
		// The names of a record's fields do not matter to the column that takes it.
		"INSERT ztf.t (id, s, l) SELECT k, STRUCT(k AS b, 'five' AS name), [STRUCT(7 AS b, 'v' AS a)] FROM (SELECT 5 AS k)",
		"INSERT ztf.t (id, s) VALUES (6, STRUCT(0 AS b, 'six' AS a)), (7, (STRUCT((SELECT q.r.v FROM (SELECT STRUCT(7 AS v) AS r) AS q) AS x, 'seven' AS y)))",
		"UPDATE ztf.t SET s = STRUCT(id AS b, 'six' AS a) WHERE id = 6",
		"MERGE ztf.t AS t USING (SELECT 8 AS k) AS u ON t.id = u.k WHEN NOT MATCHED THEN INSERT (id, s) VALUES (k, STRUCT(k AS b, 'eight' AS a)) WHEN MATCHED THEN DELETE",
	} {
		r.must(t, sql)
	}
	want := [][]bigquery.Value{
		{int64(1), int64(90), "one", int64(0), nil}, {int64(2), int64(72), "y2", int64(1), int64(4)},
		{int64(3), int64(3), "three", int64(0), int64(5)}, {int64(4), int64(4), "four", int64(1), int64(6)},
		{int64(5), int64(5), "five", int64(0), int64(7)}, {int64(6), int64(6), "six", int64(0), nil},
		{int64(7), int64(7), "seven", int64(0), nil}, {int64(8), int64(8), "eight", int64(0), nil},
		{int64(9), int64(9), "nine", int64(1), int64(6)},
	}
	got := r.must(t, "SELECT id, t.s.a, s.b, ARRAY_LENGTH(xs), (SELECT MAX(e.a) FROM t.l AS e) FROM ztf.t AS t ORDER BY id")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for sql, message := range map[string]string{
		"DELETE ztf.t":             "DELETE must have a WHERE clause",
		"UPDATE ztf.t SET id = id": "UPDATE must have a WHERE clause",
		"MERGE ztf.t USING (SELECT 1 AS k UNION ALL SELECT 1) ON id = k WHEN MATCHED THEN DELETE":                                             "UPDATE/MERGE must match at most one source row for each target row",
		"UPDATE ztf.t AS x SET s.a = u.v FROM (SELECT 1 AS k, 2 AS v UNION ALL SELECT 1, 3) AS u WHERE x.id = u.k":                            "UPDATE/MERGE must match at most one source row for each target row",
		"UPDATE ztf.t SET s.a = v.v FROM (SELECT 1 AS k) AS u JOIN (SELECT 1 AS k, 2 AS v UNION ALL SELECT 1, 3) AS v USING (k) WHERE id = k": "UPDATE/MERGE must match at most one source row for each target row",
	} {
		if _, err := r.rows(t.Context(), sql); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: error %v, want %q", sql, err, message)
		}
	}
}

// testRefusedMembers asks for what a request may say and the server does not do.
func testRefusedMembers(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	post := func(path, body string) (int, string) {
		answer, err := http.Post("http://"+r.address+"/projects/sky"+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	defer http.DefaultClient.CloseIdleConnections()
	query := func(member string) string { return `{"useLegacySql":false,"query":"SELECT 1",` + member + `}` }
	job := func(member string) string {
		return `{"configuration":{"query":{"useLegacySql":false,"query":"SELECT 1",` + member + `}}}`
	}
	table := func(member string) string {
		return `{"tableReference":{"tableId":"t"},"schema":{"fields":[{"name":"a","type":"STRING",` + member + `}]}}`
	}
	nested := func(levels int) string {
		schema := `{"fields":[{"name":"a","type":"INT64"}]}`
		for range levels - 1 {
			schema = `{"fields":[{"name":"a","type":"RECORD",` + schema[1:] + `]}`
		}
		return schema
	}
	slow := `"query":"SELECT SUM(SQRT(x * y)) FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS x, UNNEST(GENERATE_ARRAY(1, 1000000)) AS y"`
	for _, tt := range []struct {
		path, body string
		code       int
		says       string
	}{
		{"/queries", query(`"maximumBytesBilled":"1"`), 501, "maximumBytesBilled"},
		{"/queries", query(`"continuous":true`), 501, "continuous"},
		{"/queries", query(`"reservation":"r"`), 501, "reservation"},
		{"/queries", query(`"foo":1`), 501, "foo"},
		{"/jobs", job(`"tableDefinitions":{}`), 501, "tableDefinitions"},
		{"/jobs", job(`"schemaUpdateOptions":["ALLOW_FIELD_ADDITION"]`), 501, "schemaUpdateOptions"},
		{"/jobs", job(`"userDefinedFunctionResources":[]`), 501, "userDefinedFunctionResources"},
		{"/datasets", `{"datasetReference":{"datasetId":"d"},"isCaseInsensitive":true}`, 501, "isCaseInsensitive"},
		{"/datasets", `{"datasetReference":{"datasetId":"d"},"defaultEncryptionConfiguration":{"kmsKeyName":"k"}}`, 501, "defaultEncryptionConfiguration"},
		{"/datasets/ztf/tables", table(`"maxLength":"3"`), 501, "maxLength"},
		{"/datasets/ztf/tables", table(`"precision":"5","scale":"2"`), 501, "precision, scale"},
		{"/datasets/ztf/tables", `{"tableReference":{"tableId":"t"},"schema":{"fields":[null]}}`, 400, "A field of the schema is null"},
		{"/datasets/ztf/tables", `{"tableReference":{"tableId":"t"},"schema":` + nested(17) + `}`, 400, "nested more than 15 deep"},
		{"/datasets/ztf/tables", `{"tableReference":{"tableId":"deep"},"schema":` + nested(16) + `}`, 200, "deep"},
		{"/queries", query(`"queryParameters":[{"name":"a","parameterType":{"type":"ARRAY","arrayType":{"type":"STRING",` +
			`"arrayType":{"type":"INT64"}}},"parameterValue":{"arrayValues":[{"arrayValues":[{"value":"1"}]}]}}]`), 400, "Invalid type"},
		{"/queries", `{"useLegacySql":false,"location":"EU","query":"SELECT * FROM ztf.INFORMATION_SCHEMA.TABLES"}`, 404, "Dataset sky:ztf was not found in location EU"},
		{"/queries", query(`"location":"EU"`), 200, `"location":"EU"`},
		{"/queries", query(`"useQueryCache":false,"labels":{"a":"b"},"requestId":"1","timeoutMs":1000,"jobTimeoutMs":"60000"`), 200, "jobComplete"},
		{"/queries", `{"useLegacySql":false,"jobTimeoutMs":"50","timeoutMs":60000,` + slow + `}`, 400, "stopped"},
	} {
		if code, text := post(tt.path, tt.body); code != tt.code || !strings.Contains(text, tt.says) {
			t.Errorf("%s %s: %d %s; want %d with %q", tt.path, tt.body, code, text, tt.code, tt.says)
		}
	}
}

// testFailures asks for what fails, in the words of the service.
func testFailures(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	r.stream(t, r.table(t, "alerts", sqlSchema), sqlSchema).must(t, sqlRows...)
	for _, tt := range []struct{ sql, reason, message string }{
		{"SELECT prv_candidates[OFFSET(9)] FROM ztf.alerts", "invalidQuery", "Array index 9 is out of bounds"},
		{"SELECT [1][ORDINAL(0)]", "invalidQuery", "Array index 0 is out of bounds"},
		{"SELECT MOD(candid, 0) FROM ztf.alerts", "invalidQuery", "division by zero: MOD"},
		{"SELECT DIV(5, 0)", "invalidQuery", "division by zero: DIV(5, 0)"},
		{"SELECT candid / (candid - 1) FROM ztf.alerts", "invalidQuery", "division by zero"},
		{"SELECT EXP(1000)", "invalidQuery", "Floating point error in function: EXP"},
		{"SELECT POW(10, 400)", "invalidQuery", "Floating point error in function: POW"},
		{"SELECT CAST('1.5' AS INT64)", "invalidQuery", "Bad int64 value: 1.5"},
		{"SELECT ST_GEOGPOINT(0, 91)", "invalidQuery", "Latitude must be between -90 and 90 degrees"},
		{"SELECT ARRAY_LENGTH(GENERATE_ARRAY(1, 20000000))", "invalidQuery", "Cannot generate arrays with more than 1048575 elements"},
		{"SELECT magpfs FROM ztf.alerts", "invalidQuery", "Unrecognized name: magpfs"},
		{"SELECT a.magpfs FROM ztf.alerts AS a", "invalidQuery", "magpfs"},
		{"SELECT candidate.magpfs FROM ztf.alerts", "invalidQuery", "Field name magpfs does not exist in STRUCT"},
		{"SELECT LIST_SORTED([1])", "invalidQuery", "Function not found: list_sorted"},
		{"SELECT ST_BUFFER(position, 1) FROM ztf.alerts", "invalidQuery", "Function not found: st_buffer"},
		{"SELECT * FROM ztf.alerts PIVOT(COUNT(candid) FOR night IN (1))", "invalidQuery", "Not supported in FROM clause: PIVOT"},
		{"SELECT SQRT('x') FROM ztf.alerts WHERE", "invalidQuery", "Syntax error"},
		{"SELECT [STRUCT(1 AS a, 2 AS b), STRUCT(3)]", "invalidQuery", "Array elements of types that have no common supertype"},
		{"SELECT SUM(x) FROM UNNEST([9223372036854775807, 1]) AS x", "invalidQuery", "out of range"},
		{"SELECT PARSE_DATE('%F')", "invalidQuery", "parse_date"},
		{"SELECT candidate.jd FROM ztf.alerts, UNNEST(prv_candidates) AS candidate", "invalidQuery", "Ambiguous reference to column name \"candidate\""},
	} {
		t.Run(tt.sql, func(t *testing.T) {
			rows, err := r.rows(t.Context(), tt.sql)
			if code, reason := status(err); code != 400 || reason != tt.reason || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("rows %v, error %v; want %s with %q", rows, err, tt.reason, tt.message)
			}
			if err != nil && (strings.Contains(err.Error(), "Error: ") || strings.Contains(err.Error(), "INSTALL")) {
				t.Errorf("DuckDB speaks: %v", err)
			}
		})
	}
}
