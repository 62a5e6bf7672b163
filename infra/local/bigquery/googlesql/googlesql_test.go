package googlesql_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// sky knows every table by its own name, and one parameter.
type sky struct{}

func (sky) Relation(path []string) (googlesql.Relation, error) {
	quoted := make([]string, len(path))
	for i, p := range path {
		quoted[i] = googlesql.Quote(p)
	}
	return googlesql.Relation{SQL: strings.Join(quoted, "."), Name: path[len(path)-1], Columns: []string{"candidate"}}, nil
}

func (sky) Parameter(name string) (string, error) {
	if name == "x" || name == "1" {
		return "42", nil
	}
	return "", errors.New("no parameter " + name)
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
	}{
		{"array of a table becomes part of its select list",
			"SELECT p.jd FROM ds.t, UNNEST(prv) AS p WITH OFFSET",
			`SELECT p."jd" AS "jd" FROM (SELECT *, unnest(prv) AS "p", unnest(range(len(prv))) AS "offset" FROM "ds"."t" AS "t") AS "t"`},
		{"array after an outer join stays a join",
			"SELECT 1 FROM ds.a AS a LEFT JOIN ds.b AS b ON a.x = b.x, UNNEST(b.arr) AS e",
			`SELECT 1 FROM "ds"."a" AS "a" LEFT JOIN "ds"."b" AS "b" ON a."x" = b."x" , (SELECT unnest(b."arr") AS "e") AS "e"`},
		{"what an array added stays out of a star",
			"SELECT t.* FROM ds.t AS t, UNNEST(t.prv) AS p",
			`SELECT t.* EXCLUDE ("p") FROM (SELECT *, unnest(t."prv") AS "p" FROM "ds"."t" AS "t") AS "t"`},
		{"project with hyphens", "SELECT 1 FROM my-sky-1.ds.t", `SELECT 1 FROM "my-sky-1"."ds"."t" AS "t"`},
		{"WITH hides a table", "WITH t AS (SELECT 1) SELECT * FROM t", `WITH t AS (SELECT 1) SELECT * FROM "t" AS "t"`},
		{"parameters", "SELECT @x, ?", "SELECT 42, 42"},
		{"array whose alias is a column stays a join",
			"SELECT 1 FROM ds.t, UNNEST(prv) AS candidate",
			`SELECT 1 FROM "ds"."t" AS "t" , (SELECT unnest(prv) AS "candidate") AS "candidate"`},
		{"array with a condition stays a join",
			"SELECT 1 FROM ds.t LEFT JOIN UNNEST(t.prv) AS p ON p.jd > 1",
			`SELECT 1 FROM "ds"."t" AS "t" LEFT JOIN (SELECT unnest(t."prv") AS "p") AS "p" ON p."jd" > 1`},
		{"name of WITH is a table's elsewhere", // which has a column candidate
			"(WITH t AS (SELECT 1) SELECT * FROM t) UNION ALL SELECT 1 FROM t, UNNEST(t.prv) AS candidate",
			`(WITH t AS (SELECT 1) SELECT * FROM "t" AS "t") UNION ALL SELECT 1 FROM "t" AS "t" , (SELECT unnest(t."prv") AS "candidate") AS "candidate"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := googlesql.Rewrite(tt.in, sky{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.SQL); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
	}{
		{"empty", " -- nothing", "Syntax error: Unexpected end of statement"},
		{"unclosed string", "SELECT 'a", `literal or comment without an end, at "'a"`},
		{"unclosed comment", "SELECT\n /* a", `literal or comment without an end, at "/* a"`},
		{"unclosed bracket", "SELECT (1", `Expected ")"`},
		{"stray character", "SELECT 1 $ 2", `Illegal character, or a literal or comment without an end, at "$ 2"`},
		{"bad escape", `SELECT '\q'`, "Illegal escape sequence"},
		{"script", "SELECT 1; SELECT 2", "Scripts"},
		{"unknown statement", "CREATE MATERIALIZED VIEW v", "Statement not supported: CREATE MATERIALIZED VIEW"},
		{"another statement", "alter view ds.v\nSET OPTIONS()", "Statement not supported: alter view ds."},
		{"unknown type", "SELECT CAST(1 AS TEXT)", "Type not found: TEXT"},
		{"default", "CREATE TABLE ds.t (a INT64 DEFAULT 5)", "Not supported behind a type: DEFAULT"},
		{"length", "SELECT CAST('a' AS STRING(3))", "Not supported behind a type: ("},
		{"default of an array", "CREATE TABLE ds.t (a ARRAY<INT64> DEFAULT [5])", "Not supported behind a type: DEFAULT"},
		{"unknown date part", "SELECT DATE_DIFF(a, b, FORTNIGHT)", "FORTNIGHT"},
		{"table function", "SELECT * FROM read_csv('x')", "Not supported in FROM clause: ("},
		{"condition behind a comma", "SELECT 1 FROM ds.t, UNNEST(t.prv) AS p ON TRUE", "Unexpected ON behind a comma"},
		{"unknown parameter", "SELECT @y", "no parameter y"},
		{"change of nothing", "TRUNCATE TABLE", "Expected a name, got end of statement"},
		{"merge into nothing", "MERGE", "Expected a name, got end of statement"},
		{"merge without a branch", "MERGE ds.t USING (SELECT 1 AS x) AS s ON TRUE", "Expected MERGE target USING source ON condition WHEN"},
		{"letters behind a number", "SELECT 1_000", `Missing whitespace between literal and alias at "_000"`},
		{"exclusive or", "SELECT 1 ^ 2", `"^ 2"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := googlesql.Rewrite(tt.in, sky{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestStringLiteralsKeepTheirText(t *testing.T) {
	t.Parallel()
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		got, err := googlesql.Rewrite("SELECT '"+escape.Replace(s)+"'", sky{})
		if err != nil {
			t.Fatal(err)
		}
		if want := "SELECT " + googlesql.Literal(s); got.SQL != want {
			t.Fatalf("got %q, want %q", got.SQL, want)
		}
	})
}

func FuzzRewrite(f *testing.F) {
	for _, s := range []string{
		"SELECT a.* EXCEPT (b) FROM `p.d.t` AS a, UNNEST(a.x) AS y WITH OFFSET WHERE y IN UNNEST([1, 2.5])",
		"WITH q AS (SELECT STRUCT<a INT64>(1).a) SELECT CAST(a AS ARRAY<STRING>) FROM q UNION ALL SELECT 1",
		"SELECT FORMAT('%5d', 1), FORMAT_DATE('%F', d), EXTRACT(DAY FROM d), INTERVAL 1 DAY, ARRAY_AGG(x ORDER BY y LIMIT 1)",
		"MERGE d.t USING (SELECT 1) s ON TRUE WHEN MATCHED THEN DELETE",
		"CREATE TABLE d.t (a INT64 NOT NULL) PARTITION BY DATE(a) CLUSTER BY a, b OPTIONS(description='x')",
		"ALTER TABLE d.t ADD COLUMN IF NOT EXISTS a INT64, DROP COLUMN b, ALTER COLUMN c SET DATA TYPE FLOAT64",
		"CREATE OR REPLACE TABLE d.t AS SELECT r'\\d', b\"\\x00\", '''x'''",
		"SELECT STRUCT(1,), a[OFFSET(0)], SAFE.LN(0), x / CASE WHEN a THEN 1 END",
		"SELECT/-",
	} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		_, _ = googlesql.Rewrite(s, sky{})
	})
}

// BenchmarkRewrite rewrites a query of the library's length.
func BenchmarkRewrite(b *testing.B) {
	const query = `SELECT a.objectId, p.fid AS band, p.magpsf - a.candidate.magpsf AS rise_mag,
  SQRT(p.sigmapsf * p.sigmapsf + a.candidate.sigmapsf * a.candidate.sigmapsf) AS rise_err
FROM ds.alerts AS a, UNNEST(a.prv_candidates) AS p
WHERE a.night = @x AND p.fid = a.candidate.fid AND a.candidate.isdiffpos IN ('t', '1')
QUALIFY ROW_NUMBER() OVER (PARTITION BY a.objectId ORDER BY p.magpsf / a.candidate.magpsf DESC) = 1`
	for b.Loop() {
		if _, err := googlesql.Rewrite(query, sky{}); err != nil {
			b.Fatal(err)
		}
	}
}
