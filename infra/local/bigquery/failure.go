package bigquery

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// failure is an error with the status and the reason that the service gives.
type failure struct {
	code    int
	reason  string
	message string
}

func (f *failure) Error() string { return f.message }

func (f *failure) proto() *bq.ErrorProto {
	return &bq.ErrorProto{Reason: f.reason, Message: f.message}
}

// body is what googleapi.Error reads.
func (f *failure) body() any {
	return map[string]any{"error": map[string]any{
		"code": f.code, "message": f.message, "errors": []*bq.ErrorProto{f.proto()},
	}}
}

func fail(code int, reason, format string, args ...any) error {
	return &failure{code: code, reason: reason, message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return fail(http.StatusNotFound, "notFound", "Not found: "+format, args...)
}

func duplicate(format string, args ...any) error {
	return fail(http.StatusConflict, "duplicate", "Already Exists: "+format, args...)
}

func invalid(format string, args ...any) error {
	return fail(http.StatusBadRequest, "invalid", format, args...)
}

func invalidQuery(format string, args ...any) error {
	return fail(http.StatusBadRequest, "invalidQuery", format, args...)
}

func notImplemented(format string, args ...any) error {
	return fail(http.StatusNotImplemented, "notImplemented", "The local BigQuery server does not support "+format, args...)
}

// lasting are failures that no other statement would avoid. A commit without room
// on the disk is one of the transaction.
var lasting = []duckdb.ErrorType{
	duckdb.ErrorTypeInternal, duckdb.ErrorTypeFatal, duckdb.ErrorTypeIO, duckdb.ErrorTypeTransaction,
}

// asFailure finds the status of any error.
func asFailure(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if refused, ok := errors.AsType[*googlesql.Error](err); ok {
		return &failure{http.StatusBadRequest, "invalidQuery", refused.Message}
	}
	duck, ok := errors.AsType[*duckdb.Error](err)
	switch {
	case !ok || slices.Contains(lasting, duck.Type):
		return &failure{http.StatusInternalServerError, "internalError", err.Error()}
	case duck.Type == duckdb.ErrorTypeOutOfMemory:
		return &failure{http.StatusBadRequest, "resourcesExceeded",
			"Resources exceeded during query execution: The query could not be executed in the allotted memory."}
	}
	return &failure{http.StatusBadRequest, "invalidQuery", inBigQuery(duck.Msg)}
}

// wordings are DuckDB's messages and BigQuery's. The first is of the macro fail.
var wordings = []struct {
	duckdb   *regexp.Regexp
	bigquery string
}{
	{regexp.MustCompile(`(?s)^Conversion Error: Could not convert string '(.*)' to INT128$`), "$1"},
	{regexp.MustCompile(`(?s)^Binder Error: Referenced (?:column|table) "([^"]*)" not found.*`), "Unrecognized name: $1"},
	{regexp.MustCompile(`(?s)^Binder Error: Could not find key "([^"]*)" in struct.*`), "Field name $1 does not exist in STRUCT"},
	{regexp.MustCompile(`(?s)^Catalog Error: \w+ Function with name "?(\w+)"? .*`), "Function not found: $1"},
	{regexp.MustCompile(`(?s)^Binder Error: No function matches the given name and argument types '(\w+)\((.*?)\)'.*`),
		"No matching signature for function $1 for argument types: $2"},
	{regexp.MustCompile(`(?s)^Binder Error: Cannot deduce template type .*`), "Array elements of types that have no common supertype"},
	{regexp.MustCompile(`^Parser Error: syntax error at or near (.*)`), "Syntax error: Unexpected $1"},
	{regexp.MustCompile(`^(?:Binder|Catalog|Parser|Conversion|Invalid Input|Out of Range) Error: `), ""},
}

// inBigQuery words a message of DuckDB's as BigQuery would. The excerpt of the
// SQL is left out: it is not what the user wrote.
func inBigQuery(message string) string {
	message, _, _ = strings.Cut(message, "\n\nLINE ")
	message = strings.TrimSpace(message)
	for _, w := range wordings {
		message = w.duckdb.ReplaceAllString(message, w.bigquery)
	}
	return message
}
