-- GoogleSQL's functions, as macros of DuckDB. Their schema stands on the search
-- path before DuckDB's own functions, so a name here hides one of theirs, which
-- is called system.main.name; operators are functions, too. What is not here means
-- the same in both dialects, or is rewritten by call.go, which hands over a date
-- part as text and an argument list of any length as an array.

-- A failure of a query, in our words: failure.go takes the message out of DuckDB's,
-- which no other cast gives. DuckDB's own error() may not stand in TRY, which is
-- what SAFE becomes. Of the value that is wrong nothing is shown: it only keeps the
-- message from being a constant, which would fail where it is never reached.
CREATE MACRO fail(message, wrong) AS
  CASE WHEN CAST(message || left(CAST(wrong AS VARCHAR), 0) AS UUID) IS NOT NULL THEN NULL END;

-- Text of a FLOAT64: 15 digits, or 17 where 15 would be another number.
CREATE MACRO float_text(x) AS CASE
  WHEN NOT isfinite(x) OR CAST(format('{:.15g}', x) AS DOUBLE) = x THEN format('{:.15g}', x)
  ELSE format('{:.17g}', x) END;
-- Text of a NUMERIC, from DuckDB's, which has all the digits of its scale.
CREATE MACRO decimal_text(s) AS CASE WHEN contains(s, '.') THEN rtrim(rtrim(s, '0'), '.') ELSE s END;
-- Text of a time: its fraction has no digit, three or six.
CREATE MACRO moment_text(x) AS
  system.main.regexp_replace(strftime(x, '%Y-%m-%d %H:%M:%S.%f'), '(\.000000|000)$', '');

-- Conversions, called by the name of a type, before which call.go puts as_, or
-- try_ for a SAFE_CAST. The type of x is known when a query is planned, and only
-- its case is left. An integer is never made a FLOAT64 on the way: a candid would
-- lose digits. Half an integer goes away from zero.
CREATE MACRO as_string(x) AS CASE
  WHEN typeof(x) = 'DOUBLE' THEN float_text(TRY_CAST(x AS DOUBLE))
  WHEN typeof(x) LIKE 'DECIMAL%' THEN decimal_text(CAST(x AS VARCHAR))
  WHEN typeof(x) = 'TIMESTAMP' THEN moment_text(TRY_CAST(x AS TIMESTAMP))
  WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN moment_text(timezone('UTC', TRY_CAST(x AS TIMESTAMPTZ))) || '+00'
  WHEN typeof(x) = 'BLOB' THEN decode(CAST(CAST(x AS VARCHAR) AS BLOB))
  WHEN typeof(x) = 'JSON' THEN json_extract_string(CAST(x AS VARCHAR), '$')
  ELSE CAST(x AS VARCHAR) END;
CREATE MACRO try_string(x) AS CASE
  WHEN typeof(x) = 'BLOB' THEN TRY(decode(CAST(CAST(x AS VARCHAR) AS BLOB)))
  ELSE as_string(x) END;
CREATE MACRO as_bytes(x) AS CASE WHEN typeof(x) = 'BLOB' THEN CAST(x AS BLOB) ELSE encode(CAST(x AS VARCHAR)) END;
CREATE MACRO try_bytes(x) AS as_bytes(x);
CREATE MACRO no_integer(x) AS typeof(x) = 'VARCHAR' AND
  NOT regexp_full_match(CAST(x AS VARCHAR), '\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*');
CREATE MACRO as_int64(x) AS CASE
  WHEN typeof(x) = 'DOUBLE' THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
  WHEN no_integer(x) THEN fail('Bad int64 value: ' || CAST(x AS VARCHAR), x)
  ELSE CAST(x AS BIGINT) END;
CREATE MACRO try_int64(x) AS CASE
  WHEN typeof(x) = 'DOUBLE' THEN TRY_CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
  WHEN no_integer(x) THEN NULL
  ELSE TRY_CAST(x AS BIGINT) END;
CREATE MACRO as_float64(x) AS CAST(x AS DOUBLE);
CREATE MACRO as_bool(x) AS CAST(x AS BOOLEAN);
CREATE MACRO as_timestamp(x) AS CAST(x AS TIMESTAMPTZ), (x, zone) AS timezone(zone, CAST(x AS TIMESTAMP));
CREATE MACRO as_datetime(x) AS CAST(x AS TIMESTAMP), (x, zone) AS timezone(zone, x),
  (y, mo, d, h, mi, s) AS make_timestamp(y, mo, d, h, mi, s);
CREATE MACRO as_date(x) AS CAST(x AS DATE), (x, zone) AS CAST(timezone(zone, x) AS DATE), (y, m, d) AS make_date(y, m, d);
CREATE MACRO as_time(x) AS CAST(x AS TIME), (h, m, s) AS make_time(h, m, s);

-- Now.
CREATE MACRO "current_timestamp"() AS now();
CREATE MACRO "current_date"() AS CAST(now() AS DATE), (zone) AS CAST(timezone(zone, now()) AS DATE);
CREATE MACRO current_datetime() AS CAST(now() AS TIMESTAMP), (zone) AS timezone(zone, now());
CREATE MACRO "current_time"() AS CAST(now() AS TIME);

-- Arithmetic of times.
CREATE MACRO timestamp_add(x, i) AS x + i;
CREATE MACRO timestamp_sub(x, i) AS x - i;
CREATE MACRO datetime_add(x, i) AS x + i;
CREATE MACRO datetime_sub(x, i) AS x - i;
CREATE MACRO date_add(x, i) AS CAST(x + i AS DATE);
CREATE MACRO date_sub(x, i) AS CAST(x - i AS DATE);
CREATE MACRO time_add(x, i) AS x + i;
CREATE MACRO time_sub(x, i) AS x - i;

-- A WEEK begins on Sunday, an ISOWEEK and a week of DuckDB on Monday: a date is
-- moved by a day and its week moved back.
CREATE MACRO unit(part) AS CASE WHEN part IN ('week', 'isoweek') THEN 'week' ELSE part END;
CREATE MACRO ahead(part) AS CASE WHEN part = 'week' THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY END;
CREATE MACRO datetime_trunc(x, part) AS system.main.date_trunc(unit(part), x + ahead(part)) - ahead(part);
CREATE MACRO date_trunc(x, part) AS CAST(datetime_trunc(x, part) AS DATE);
CREATE MACRO timestamp_trunc(x, part) AS datetime_trunc(x, part),
  (x, part, zone) AS timezone(zone, datetime_trunc(timezone(zone, x), part));
CREATE MACRO last_day(x) AS system.main.last_day(x),
  (x, part) AS CAST(datetime_trunc(x, part) + to_days(-1) + CAST('1 ' || part AS INTERVAL) AS DATE);

-- Boundaries between two dates; of timestamps, whole units that have passed.
CREATE MACRO datetime_diff(x, y, part) AS CASE WHEN unit(part) = 'week'
  THEN system.main.date_diff('day', date_trunc(y, part), date_trunc(x, part)) // 7
  ELSE system.main.date_diff(unit(part), y, x) END;
CREATE MACRO date_diff(x, y, part) AS datetime_diff(CAST(x AS DATE), CAST(y AS DATE), part);
CREATE MACRO time_diff(x, y, part) AS system.main.date_diff(part, y, x);
CREATE MACRO timestamp_diff(x, y, part) AS system.main.date_sub(part, y, x);

-- EXTRACT(part FROM x).
CREATE MACRO extract_microsecond(x) AS extract(microsecond FROM x) % 1000000;
CREATE MACRO extract_millisecond(x) AS extract(millisecond FROM x) % 1000;
CREATE MACRO extract_second(x) AS extract(second FROM x);
CREATE MACRO extract_minute(x) AS extract(minute FROM x);
CREATE MACRO extract_hour(x) AS extract(hour FROM x);
CREATE MACRO extract_day(x) AS extract(day FROM x);
CREATE MACRO extract_dayofweek(x) AS dayofweek(x) + 1;
CREATE MACRO extract_dayofyear(x) AS dayofyear(x);
CREATE MACRO extract_week(x) AS CAST(strftime(x, '%U') AS BIGINT);
CREATE MACRO extract_isoweek(x) AS extract(week FROM x);
CREATE MACRO extract_month(x) AS extract(month FROM x);
CREATE MACRO extract_quarter(x) AS extract(quarter FROM x);
CREATE MACRO extract_year(x) AS extract(year FROM x);
CREATE MACRO extract_isoyear(x) AS extract(isoyear FROM x);
CREATE MACRO extract_date(x) AS CAST(x AS DATE);
CREATE MACRO extract_time(x) AS CAST(x AS TIME);

-- Times as numbers.
CREATE MACRO unix_seconds(x) AS CAST(floor(epoch_us(x) / 1000000) AS BIGINT);
CREATE MACRO unix_millis(x) AS CAST(floor(epoch_us(x) / 1000) AS BIGINT);
CREATE MACRO unix_micros(x) AS epoch_us(x);
CREATE MACRO unix_date(x) AS system.main.date_diff('day', DATE '1970-01-01', x);
CREATE MACRO timestamp_seconds(x) AS make_timestamptz(x * 1000000);
CREATE MACRO timestamp_millis(x) AS make_timestamptz(x * 1000);
CREATE MACRO timestamp_micros(x) AS make_timestamptz(x);
CREATE MACRO date_from_unix_date(x) AS DATE '1970-01-01' + CAST(x AS INTEGER);

-- Times as text. What else stands in a format means the same, or is refused.
CREATE MACRO verbs(f) AS replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(f,
  '%E*S', '%S.%f'), '%E6S', '%S.%f'), '%E3S', '%S.%g'), '%E4Y', '%Y'), '%F', '%Y-%m-%d'), '%T', '%H:%M:%S'),
  '%R', '%H:%M'), '%D', '%m/%d/%y'), '%e', '%-d'), '%k', '%-H');
CREATE MACRO moment_format(f, x, zone) AS
  replace(strftime(timezone(zone, x), replace(verbs(f), '%s', chr(1))), chr(1), CAST(unix_seconds(x) AS VARCHAR));
CREATE MACRO format_timestamp(f, x) AS moment_format(f, x, 'UTC'), (f, x, zone) AS moment_format(f, x, zone);
CREATE MACRO format_date(f, x) AS strftime(x, verbs(f));
CREATE MACRO format_datetime(f, x) AS strftime(x, verbs(f));

-- Text as times: x has been read by strptime, which wants its format from call.go.
CREATE MACRO parse_timestamp(f, x) AS timezone('UTC', x), (f, x, zone) AS timezone(zone, x);
CREATE MACRO parse_date(f, x) AS CAST(x AS DATE);
CREATE MACRO parse_datetime(f, x) AS x;

-- Numbers.
CREATE MACRO log(x) AS ln(x), (x, base) AS ln(x) / ln(base);
CREATE MACRO safe_divide(x, y) AS x / nullif(y, 0);
CREATE MACRO ieee_divide(x, y) AS system.main."/"(CAST(x AS DOUBLE), CAST(y AS DOUBLE));
CREATE MACRO safe_add(x, y) AS TRY(x + y);
CREATE MACRO safe_subtract(x, y) AS TRY(x - y);
CREATE MACRO safe_multiply(x, y) AS TRY(x * y);
CREATE MACRO safe_negate(x) AS TRY(-x);
CREATE MACRO div(x, y) AS CASE WHEN y = 0 THEN fail('division by zero: DIV(' || x || ', 0)', y) ELSE trunc(x // y) END;
CREATE MACRO mod(x, y) AS CASE WHEN y = 0 THEN fail('division by zero: MOD(' || x || ', 0)', y) ELSE x % y END;
CREATE MACRO "/"(x, y) AS system.main."/"(x, CASE WHEN y = 0 THEN fail('division by zero', y) ELSE y END);
CREATE MACRO finite(y, x, name) AS CASE WHEN isinf(y) AND NOT isinf(CAST(x AS DOUBLE))
  THEN fail('Floating point error in function: ' || name, y) ELSE y END;
CREATE MACRO exp(x) AS finite(system.main.exp(x), x, 'EXP');
CREATE MACRO pow(x, y) AS finite(system.main.pow(x, y), x, 'POW');
CREATE MACRO power(x, y) AS pow(x, y);
CREATE MACRO is_nan(x) AS isnan(x);
CREATE MACRO is_inf(x) AS isinf(x);
CREATE MACRO rand() AS random();
CREATE MACRO greatest(list) AS CASE WHEN list_count(list) = len(list) THEN list_max(list) END;
-- NaN is above all numbers in DuckDB, and the answer wherever it is in GoogleSQL.
CREATE MACRO least(list) AS CASE WHEN list_count(list) = len(list) THEN
  CASE WHEN typeof(list) = 'DOUBLE[]' AND CAST(list_max(list) AS VARCHAR) = 'nan' THEN list_max(list)
  ELSE list_min(list) END END;
CREATE MACRO range_bucket(x, bounds) AS CASE WHEN x IS NOT NULL THEN len(list_filter(bounds, lambda b: b <= x)) END;
CREATE MACRO approx_quantiles(x, n) AS quantile_disc(x, list_transform(range(n + 1), lambda i: i / n));

-- Text and bytes. In a pattern of LIKE a backslash takes its meaning from what follows.
CREATE MACRO "~~"(x, pattern) AS like_escape(x, pattern, '\');
CREATE MACRO "!~~"(x, pattern) AS not_like_escape(x, pattern, '\');
CREATE MACRO length(x BLOB) AS octet_length(x), (x) AS system.main.length(x);
CREATE MACRO char_length(x) AS length(x);
CREATE MACRO byte_length(x) AS octet_length(as_bytes(x));
-- A place of 0 is the first, and one before the beginning, too.
CREATE MACRO place(p, size) AS CASE WHEN p = 0 OR p < -size THEN 1 ELSE p END;
CREATE MACRO size(n) AS CASE WHEN n < 0 THEN fail('Third argument in SUBSTR() cannot be negative', n) ELSE n END;
CREATE MACRO piece(x, p, n) AS unhex(system.main.substr(hex(x), CASE WHEN p < 0 THEN 2 * p ELSE 2 * p - 1 END, 2 * n));
CREATE MACRO substr(x, p) AS system.main.substr(x, place(p, length(x))),
  (x, p, n) AS system.main.substr(x, place(p, length(x)), size(n)),
  (x BLOB, p) AS piece(x, place(p, length(x)), length(x)),
  (x BLOB, p, n) AS piece(x, place(p, length(x)), size(n));
CREATE MACRO "substring"(x, p) AS substr(x, p), (x, p, n) AS substr(x, p, n);
CREATE MACRO initcap(x) AS array_to_string(list_transform(
  system.main.regexp_extract_all(lower(x), '[^\s\[\](){}/|<>!?@"^#$&~_,.:;*%+-]+|.'), lambda w: upper(w[1]) || w[2:]), '');
CREATE MACRO split(x) AS string_split(x, ','), (x, delimiter) AS string_split(x, delimiter);
CREATE MACRO regexp_contains(x, pattern) AS regexp_matches(x, pattern);
CREATE MACRO regexp_replace(x, pattern, text) AS system.main.regexp_replace(x, pattern, text, 'g');
CREATE MACRO captures(pattern) AS regexp_matches(pattern, '(^|[^\\])(\\\\)*\(([^?]|$)');
CREATE MACRO regexp_extract(x, pattern) AS CASE
  WHEN NOT regexp_matches(x, pattern) THEN NULL
  WHEN captures(pattern) THEN system.main.regexp_extract(x, pattern, 1)
  ELSE system.main.regexp_extract(x, pattern) END;
CREATE MACRO regexp_extract_all(x, pattern) AS CASE
  WHEN captures(pattern) THEN system.main.regexp_extract_all(x, pattern, 1)
  ELSE system.main.regexp_extract_all(x, pattern) END;
CREATE MACRO generate_uuid() AS CAST(uuid() AS VARCHAR);
CREATE MACRO to_hex(x) AS lower(hex(x));
CREATE MACRO from_hex(x) AS unhex(x);
CREATE MACRO to_base64(x) AS base64(x);
CREATE MACRO md5(x) AS unhex(system.main.md5(x));
CREATE MACRO sha1(x) AS unhex(system.main.sha1(x));
CREATE MACRO sha256(x) AS unhex(system.main.sha256(x));
CREATE MACRO safe_convert_bytes_to_string(x) AS TRY(decode(x));

-- Arrays.
CREATE MACRO array_length(x) AS len(x);
CREATE MACRO array_concat(lists) AS flatten(lists);
CREATE MACRO array_reverse(x) AS list_reverse(x);
CREATE MACRO array_first(x) AS x[1];
CREATE MACRO array_last(x) AS x[-1];
CREATE MACRO steps(first, last, step) AS CASE
  WHEN step = 0 THEN fail('Sequence step cannot be 0.', step)
  WHEN (last - first) / step >= 1048575
  THEN
    fail('Cannot generate arrays with more than 1048575 elements', last)
  ELSE CAST(floor((last - first) / step) AS BIGINT) END;
CREATE MACRO from_by(first, step, steps) AS list_transform(range(steps + 1), lambda i: first + i * step);
CREATE MACRO generate_array(first, last) AS from_by(first, 1, steps(first, last, 1)),
  (first, last, step) AS from_by(first, step, steps(first, last, step));
CREATE MACRO generate_timestamp_array(first, last, step) AS generate_series(first, last, step);
CREATE MACRO generate_date_array(first, last) AS
    CAST(generate_series(CAST(first AS TIMESTAMP), CAST(last AS TIMESTAMP), INTERVAL 1 DAY) AS DATE[]),
  (first, last, step) AS CAST(generate_series(CAST(first AS TIMESTAMP), CAST(last AS TIMESTAMP), step) AS DATE[]);

-- Elements, by what stands in the brackets: at_index where it is no function.
CREATE MACRO outside(i, size) AS fail('Array index ' || i || ' is out of bounds', size);
CREATE MACRO at_offset(x, i) AS CASE WHEN i NOT BETWEEN 0 AND len(x) - 1 THEN outside(i, len(x)) ELSE x[i + 1] END;
CREATE MACRO at_ordinal(x, i) AS CASE WHEN i NOT BETWEEN 1 AND len(x) THEN outside(i, len(x)) ELSE x[i] END;
CREATE MACRO at_safe_offset(x, i) AS CASE WHEN i >= 0 THEN x[i + 1] END;
CREATE MACRO at_safe_ordinal(x, i) AS CASE WHEN i > 0 THEN x[i] END;
CREATE MACRO at_index(x VARCHAR, i) AS system.main.json_extract(x, i), (x, i) AS at_offset(x, i);

-- JSON, in a column of its own or as text.
-- Of text a piece is text, and of what is no JSON it is NULL.
CREATE MACRO json_value(x, path) AS CASE WHEN json_valid(x) THEN
    CASE WHEN json_type(x, path) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(x, path) END END,
  (x) AS CASE WHEN json_valid(x) THEN
    CASE WHEN json_type(x) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(x, '$') END END;
CREATE MACRO json_extract_scalar(x, path) AS json_value(x, path), (x) AS json_value(x);
CREATE MACRO json_query(x JSON, path) AS system.main.json_extract(x, path),
  (x VARCHAR, path) AS CASE WHEN json_valid(x) THEN CAST(system.main.json_extract(x, path) AS VARCHAR) END,
  (x JSON) AS x, (x VARCHAR) AS CASE WHEN json_valid(x) THEN x END;
CREATE MACRO json_query_array(x JSON, path) AS CAST(system.main.json_extract(x, path) AS JSON[]),
  (x VARCHAR, path) AS CAST(CAST(system.main.json_extract(x, path) AS JSON[]) AS VARCHAR[]),
  (x JSON) AS CAST(x AS JSON[]),
  (x VARCHAR) AS CAST(CAST(CAST(x AS JSON) AS JSON[]) AS VARCHAR[]);
CREATE MACRO json_extract_array(x JSON, path) AS CAST(system.main.json_extract(x, path) AS JSON[]),
  (x VARCHAR, path) AS CAST(CAST(system.main.json_extract(x, path) AS JSON[]) AS VARCHAR[]),
  (x JSON) AS CAST(x AS JSON[]),
  (x VARCHAR) AS CAST(CAST(CAST(x AS JSON) AS JSON[]) AS VARCHAR[]);
CREATE MACRO json_value_array(x, path) AS CAST(system.main.json_extract(x, path) AS VARCHAR[]),
  (x) AS CAST(system.main.json_extract(x, '$') AS VARCHAR[]);
CREATE MACRO parse_json(x) AS CAST(x AS JSON);
-- One token of DuckDB's JSON as BigQuery writes it: an integer that no FLOAT64 holds
-- is text, as a candid is. Texts are taken for times only where x has times.
CREATE MACRO json_token(t, kind) AS CASE
  WHEN t IN ('NaN', 'Infinity', '-Infinity') THEN '"' || t || '"'
  WHEN regexp_full_match(t, '-?\d{16,}') AND abs(TRY_CAST(t AS HUGEINT)) > 9007199254740992 THEN '"' || t || '"'
  WHEN regexp_full_match(t, '-?\d+\.\d+') THEN system.main.regexp_replace(t, '\.?0+$', '')
  WHEN contains(kind, 'TIMESTAMP') AND regexp_full_match(t, '"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(\+00)?"')
    THEN replace(replace(t, ' ', 'T'), '+00"', 'Z"')
  ELSE t END;
CREATE MACRO to_json_string(x) AS CASE
  WHEN x IS NULL THEN 'null'
  WHEN typeof(x) = 'JSON' THEN CAST(json(CAST(x AS VARCHAR)) AS VARCHAR)
  WHEN typeof(x) = 'BLOB' THEN '"' || base64(CAST(CAST(x AS VARCHAR) AS BLOB)) || '"'
  ELSE array_to_string(list_transform(system.main.regexp_extract_all(
      system.main.regexp_replace(CAST(to_json(x) AS VARCHAR), '\{"geo_lon":([^,]+),"geo_lat":([^}]+)\}',
        '{"type":"Point","coordinates":[\1,\2]}', 'g'),
      '"(?:[^"\\]|\\.)*"|[^"{}\[\]:,]+|.'), lambda t: json_token(t, typeof(x))), '') END;

-- Points. Distances are in metres on BigQuery's sphere, whose radius is 6,371,010 m,
-- by the haversine formula, which keeps its digits at the arcsecond separations
-- of a cross-match. half_chord is the square of half the chord on the unit
-- sphere; rounding may put it above 1 where the points are opposite. A point that
-- is NULL has no distance: DuckDB's least would pass over it and answer half the Earth.
CREATE MACRO st_geogpoint(lon, lat) AS CASE
  WHEN lat NOT BETWEEN -90 AND 90 THEN
    fail('ST_GeogPoint failed: Latitude must be between -90 and 90 degrees. Actual value: ' || lat, lat)
  WHEN lon IS NOT NULL AND lat IS NOT NULL THEN struct_pack(
    geo_lon := CAST(lon - CASE WHEN abs(lon) > 180 THEN 360 * round(lon / 360) ELSE 0 END AS DOUBLE),
    geo_lat := CAST(lat AS DOUBLE)) END;
CREATE MACRO st_x(p) AS struct_extract(p, 'geo_lon');
CREATE MACRO st_y(p) AS struct_extract(p, 'geo_lat');
CREATE MACRO half_chord(p, q) AS system.main.pow(sin(radians(st_y(q) - st_y(p)) / 2), 2) +
  cos(radians(st_y(p))) * cos(radians(st_y(q))) * system.main.pow(sin(radians(st_x(q) - st_x(p)) / 2), 2);
CREATE MACRO st_distance(p, q) AS
  2 * 6371010 * asin(sqrt(CASE WHEN half_chord(p, q) > 1 THEN 1 ELSE half_chord(p, q) END));
CREATE MACRO st_dwithin(p, q, metres) AS st_distance(p, q) <= metres;
CREATE MACRO st_astext(p) AS 'POINT(' || as_string(st_x(p)) || ' ' || as_string(st_y(p)) || ')';
CREATE MACRO st_asgeojson(p) AS
  '{ "type": "Point", "coordinates": [' || as_string(st_x(p)) || ', ' || as_string(st_y(p)) || '] }';
CREATE MACRO coordinate(x, i) AS
  CAST(string_split(system.main.regexp_extract(x, '(?i)^\s*point\s*\(\s*(\S+\s+\S+)\s*\)\s*$', 1), ' ')[i] AS DOUBLE);
CREATE MACRO st_geogfromtext(x) AS CASE WHEN x IS NOT NULL THEN struct_pack(
  geo_lon := coordinate(x, 1), geo_lat := coordinate(x, -1)) END;
