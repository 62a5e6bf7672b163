package googlesql

import (
	"fmt"
	"strconv"
	"strings"
)

func ordinal(n int) string { return strconv.Itoa(n) }

// callable are reserved words that also begin a call.
var callable = set("CAST EXTRACT IF STRUCT ARRAY")

// bare are calls that need no brackets.
var bare = map[string]string{
	"CURRENT_TIMESTAMP": "now()",
	"CURRENT_DATE":      "CAST(now() AS DATE)",
	"CURRENT_DATETIME":  "CAST(now() AS TIMESTAMP)",
	"CURRENT_TIME":      "CAST(now() AS TIME)",
}

// templates are the functions that DuckDB names or orders differently, by name
// and number of arguments. $1 is the first argument; $'1 the first argument as
// the name of a date part, in quotes; $* all arguments.
var templates = map[string][]string{
	"CURRENT_TIMESTAMP": {"now()"},
	"CURRENT_DATE":      {"CAST(now() AS DATE)", "CAST(timezone($1, now()) AS DATE)"},
	"CURRENT_DATETIME":  {"CAST(now() AS TIMESTAMP)", "timezone($1, now())"},
	"CURRENT_TIME":      {"CAST(now() AS TIME)"},

	"TIMESTAMP": {1: "CAST($1 AS TIMESTAMPTZ)", 2: "timezone($2, CAST($1 AS TIMESTAMP))"},
	"DATE":      {1: "CAST($1 AS DATE)", 2: "CAST(timezone($2, $1) AS DATE)", 3: "make_date($*)"},
	"DATETIME":  {1: "CAST($1 AS TIMESTAMP)", 2: "timezone($2, $1)", 6: "make_timestamp($*)"},
	"TIME":      {1: "CAST($1 AS TIME)", 3: "make_time($*)"},
	"STRING":    {1: "CAST($1 AS VARCHAR)"},

	"TIMESTAMP_ADD":   {2: "($1 + $2)"},
	"TIMESTAMP_SUB":   {2: "($1 - $2)"},
	"DATETIME_ADD":    {2: "($1 + $2)"},
	"DATETIME_SUB":    {2: "($1 - $2)"},
	"DATE_ADD":        {2: "CAST($1 + $2 AS DATE)"},
	"DATE_SUB":        {2: "CAST($1 - $2 AS DATE)"},
	"TIME_ADD":        {2: "($1 + $2)"},
	"TIME_SUB":        {2: "($1 - $2)"},
	"TIMESTAMP_DIFF":  {3: "date_sub($'3, $2, $1)"},
	"LAST_DAY":        {1: "last_day($1)"},
	"TIMESTAMP_TRUNC": {2: "date_trunc($'2, $1)", 3: "timezone($3, date_trunc($'2, timezone($3, $1)))"},
	"DATETIME_TRUNC":  {2: "date_trunc($'2, $1)"},
	"DATE_TRUNC":      {2: "CAST(date_trunc($'2, $1) AS DATE)"},
	"DATE_DIFF":       {3: "date_diff($'3, $2, $1)"},
	"DATETIME_DIFF":   {3: "date_diff($'3, $2, $1)"},
	"TIME_DIFF":       {3: "date_diff($'3, $2, $1)"},

	"UNIX_SECONDS":        {1: "CAST(floor(epoch_us($1) / 1000000) AS BIGINT)"},
	"UNIX_MILLIS":         {1: "CAST(floor(epoch_us($1) / 1000) AS BIGINT)"},
	"UNIX_MICROS":         {1: "epoch_us($1)"},
	"UNIX_DATE":           {1: "date_diff('day', DATE '1970-01-01', $1)"},
	"TIMESTAMP_SECONDS":   {1: "make_timestamptz($1 * 1000000)"},
	"TIMESTAMP_MILLIS":    {1: "make_timestamptz($1 * 1000)"},
	"TIMESTAMP_MICROS":    {1: "make_timestamptz($1)"},
	"DATE_FROM_UNIX_DATE": {1: "(DATE '1970-01-01' + CAST($1 AS INTEGER))"},

	"COUNTIF":     {1: "count(CASE WHEN $1 THEN 1 END)"}, // count_if is NULL where there is no row
	"LOGICAL_AND": {1: "bool_and($1)"},
	"LOGICAL_OR":  {1: "bool_or($1)"},

	"LOG":           {1: "ln($1)", 2: "(ln($1) / ln($2))"},
	"SAFE_DIVIDE":   {2: "($1 / nullif($2, 0))"},
	"IEEE_DIVIDE":   {2: "(CAST($1 AS DOUBLE) / CAST($2 AS DOUBLE))"},
	"SAFE_ADD":      {2: "TRY($1 + $2)"},
	"SAFE_SUBTRACT": {2: "TRY($1 - $2)"},
	"SAFE_MULTIPLY": {2: "TRY($1 * $2)"},
	"SAFE_NEGATE":   {1: "TRY(-$1)"},
	"DIV":           {2: "($1 // $2)"},
	"MOD":           {2: "($1 % $2)"},
	"IS_NAN":        {1: "isnan($1)"},
	"IS_INF":        {1: "isinf($1)"},
	"RAND":          {"random()"},
	"BIT_COUNT":     {1: "bit_count($1)"},

	"GENERATE_UUID":                {"CAST(uuid() AS VARCHAR)"},
	"BYTE_LENGTH":                  {1: "octet_length(encode($1))"},
	"CHAR_LENGTH":                  {1: "length($1)"},
	"STARTS_WITH":                  {2: "starts_with($*)"},
	"ENDS_WITH":                    {2: "ends_with($*)"},
	"SPLIT":                        {1: "string_split($1, ',')", 2: "string_split($*)"},
	"REGEXP_CONTAINS":              {2: "regexp_matches($*)"},
	"REGEXP_REPLACE":               {3: "regexp_replace($*, 'g')"},
	"TO_HEX":                       {1: "lower(hex($1))"},
	"FROM_HEX":                     {1: "unhex($1)"},
	"TO_BASE64":                    {1: "base64($1)"},
	"FROM_BASE64":                  {1: "from_base64($1)"},
	"SHA256":                       {1: "unhex(sha256($1))"},
	"SHA1":                         {1: "unhex(sha1($1))"},
	"MD5":                          {1: "unhex(md5($1))"},
	"SAFE_CONVERT_BYTES_TO_STRING": {1: "TRY(decode($1))"},

	"ARRAY_LENGTH":    {1: "len($1)"},
	"ARRAY_TO_STRING": {2: "array_to_string($*)"},
	"ARRAY_CONCAT":    {2: "list_concat($*)", 3: "list_concat($1, list_concat($2, $3))"},
	"ARRAY_REVERSE":   {1: "list_reverse($1)"},
	"ARRAY_FIRST":     {1: "($1)[1]"},
	"ARRAY_LAST":      {1: "($1)[-1]"},
	"GENERATE_ARRAY":  {2: "generate_series($*)", 3: "generate_series($*)"},
	"GENERATE_DATE_ARRAY": {
		2: "list_transform(generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), INTERVAL 1 DAY), lambda d: CAST(d AS DATE))",
		3: "list_transform(generate_series(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP), $3), lambda d: CAST(d AS DATE))",
	},
	"GENERATE_TIMESTAMP_ARRAY": {3: "generate_series($*)"},

	"JSON_VALUE":          {1: "json_extract_string($1, '$$')", 2: "json_extract_string($*)"},
	"JSON_EXTRACT_SCALAR": {2: "json_extract_string($*)"},
	"JSON_QUERY":          {1: "json_extract($1, '$$')", 2: "json_extract($*)"},
	"JSON_EXTRACT":        {2: "json_extract($*)"},
	"JSON_QUERY_ARRAY":    {1: "CAST($1 AS JSON[])", 2: "CAST(json_extract($*) AS JSON[])"},
	"JSON_VALUE_ARRAY":    {1: "CAST($1 AS VARCHAR[])", 2: "CAST(json_extract($*) AS VARCHAR[])"},
	"PARSE_JSON":          {1: "CAST($1 AS JSON)"},
	"TO_JSON":             {1: "to_json($1)"},
	"TO_JSON_STRING":      {1: "CAST(to_json($1) AS VARCHAR)"},
	"INT64":               {1: "CAST($1 AS BIGINT)"},
	"FLOAT64":             {1: "CAST($1 AS DOUBLE)"},
	"BOOL":                {1: "CAST($1 AS BOOLEAN)"},

	"PERCENTILE_CONT": {2: "quantile_cont($*)"},
	"PERCENTILE_DISC": {2: "quantile_disc($*)"},

	"ST_GEOGPOINT": {2: "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN " +
		"struct_pack(geo_lon := CAST($1 AS DOUBLE), geo_lat := CAST($2 AS DOUBLE)) END"},
	"ST_X":            {1: "struct_extract($1, 'geo_lon')"},
	"ST_Y":            {1: "struct_extract($1, 'geo_lat')"},
	"ST_ASTEXT":       {1: "('POINT(' || " + shortest("struct_extract($1, 'geo_lon')") + " || ' ' || " + shortest("struct_extract($1, 'geo_lat')") + " || ')')"},
	"ST_GEOGFROMTEXT": {1: pointFromText},
	"ST_DISTANCE":     {2: haversine},
	"ST_DWITHIN":      {3: "(" + haversine + " <= $3)"},
}

// haversine is the distance in metres between two points on the sphere of
// BigQuery's ST_DISTANCE, whose radius is 6,371,010 m. The formula keeps its
// digits at the arcsecond separations of a cross-match. A point that is NULL has
// no distance: DuckDB's least would pass over it and answer half the Earth.
const haversine = "(2 * 6371010 * asin(sqrt(" +
	"CASE WHEN " + halfChord + " > 1 THEN 1 ELSE " + halfChord + " END)))"

// halfChord is the square of half the chord between two points of the unit
// sphere. Rounding may put it above 1 where they are opposite.
const halfChord = "(" +
	"pow(sin(radians(struct_extract($2, 'geo_lat') - struct_extract($1, 'geo_lat')) / 2), 2) + " +
	"cos(radians(struct_extract($1, 'geo_lat'))) * cos(radians(struct_extract($2, 'geo_lat'))) * " +
	"pow(sin(radians(struct_extract($2, 'geo_lon') - struct_extract($1, 'geo_lon')) / 2), 2))"

// shortest writes a number as text, without a fraction of zero.
func shortest(sql string) string {
	return `regexp_replace(CAST(` + sql + ` AS VARCHAR), '\.0$$', '')`
}

// pointFromText reads the well-known text of a point: longitude, latitude.
const pointFromText = "CASE WHEN $1 IS NOT NULL THEN struct_pack(" +
	`geo_lon := CAST(regexp_extract($1, '(?i)^\s*point\s*\(\s*(\S+)\s+(\S+)\s*\)\s*$$', 1) AS DOUBLE), ` +
	`geo_lat := CAST(regexp_extract($1, '(?i)^\s*point\s*\(\s*(\S+)\s+(\S+)\s*\)\s*$$', 2) AS DOUBLE)) END`

// call writes a function call; nodes[i] is the name and nodes[i+1] its
// arguments.
func (w *writer) call(name string, nodes []node, i int) (string, int, error) {
	arguments := nodes[i+1].kids
	if write := w.special(name); write != nil {
		sql, err := write(arguments)
		return sql, 2, err
	}
	args := split(arguments)
	forms, ok := templates[name]
	if !ok {
		inner, err := w.inside(nodes[i+1])
		return nodes[i].text + "(" + inner + ")", 2, err
	}
	if len(args) >= len(forms) || forms[len(args)] == "" {
		return "", 0, refuse("No matching signature for function %s with %d arguments", name, len(args))
	}
	sql, err := w.fill(forms[len(args)], args)
	return sql, 2, err
}

// fill puts arguments into a template.
func (w *writer) fill(template string, args [][]node) (string, error) {
	written := make([]string, len(args))
	for i, a := range args {
		if len(a) == 1 && a[0].kind == word && units[strings.ToUpper(a[0].text)] != "" &&
			strings.Contains(template, fmt.Sprintf("$'%d", i+1)) {
			continue
		}
		sql, err := w.expression(a)
		if err != nil {
			return "", err
		}
		written[i] = sql
		if len(a) > 1 && (len(a) != 2 || !a[1].group) {
			written[i] = "(" + sql + ")"
		}
	}
	var out strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '$' {
			out.WriteByte(template[i])
			continue
		}
		i++
		switch c := template[i]; c {
		case '$':
			out.WriteByte('$')
		case '*':
			out.WriteString(strings.Join(written, ", "))
		case '\'':
			i++
			unit, err := datePart(args[template[i]-'1'])
			if err != nil {
				return "", err
			}
			out.WriteString(Literal(unit))
		default:
			out.WriteString(written[c-'1'])
		}
	}
	return out.String(), nil
}

func datePart(nodes []node) (string, error) {
	if len(nodes) == 1 && nodes[0].kind == word {
		if unit, ok := units[strings.ToUpper(nodes[0].text)]; ok {
			return unit, nil
		}
	}
	return "", refuse("A valid date part name is required but found %s", describe(nodes))
}
