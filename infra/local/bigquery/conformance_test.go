package bigquery_test

import (
	"os"
	"slices"
	"testing"

	"nightwire.dev/infra/local/conformance"
)

// refuses is why only the local server is asked for what it lacks.
const refuses = "Google's service does what is refused here"

// TestConformance asks for the behaviours of BigQuery that Nightwire, or who
// meets the local server with the official clients, counts on.
func TestConformance(t *testing.T) {
	t.Parallel()
	cases := []conformance.Case[*running]{
		// Datasets and tables.
		{Name: "a table's resource", Check: testTableResource,
			Says: "tables.get gives back description, labels, schema, partitioning, clustering and keys as they were set."},
		{Name: "a table's schema grows", Check: testPatch,
			Says: "tables.patch may add nullable columns, at any depth, and relax required ones; nothing else; another ETag is 412."},
		{Name: "lists and deletions", Check: testListAndDelete,
			Says: "What was deleted is no longer listed; a dataset is deleted with its tables if asked."},
		{Name: "errors", Check: testErrors,
			Says: "The error table: 409 duplicate, 404 notFound, 400 invalid, invalidQuery and resourceInUse."},
		{Name: "what is not supported is refused by name", Local: refuses, Check: testRefusals,
			Says: "Nothing is silently ignored: copy and extract jobs, streaming inserts and legacy SQL are 501 notImplemented."},
		{Name: "members are refused by name", Local: refuses, Check: testRefusedMembers,
			Says: "What a request says and the server does not do is refused; a job's time limit ends its query."},
		// Load jobs.
		{Name: "files are loaded", Check: testLoad,
			Says: "A load job of Avro reads objects by name and by wildcard into a new, a filled or an emptied table, all or none, and tells rows and bytes."},
		{Name: "types are loaded", Check: testLoadTypes,
			Says: "Each Avro type has its column; a logical type is what it is written as."},
		{Name: "what is not loaded is refused by name", Local: refuses, Check: testLoadRefusals,
			Says: "Other formats and options are 501 notImplemented; what no column is made of is named."},
		// Queries.
		{Name: "pages", Check: testPaging,
			Says: "A result is read in pages of any size, by jobs.query and by jobs.insert, and tells its total."},
		{Name: "parameters", Check: testParameters,
			Says: "Named and positional parameters have the type and the value that they were given, arrays too."},
		{Name: "views", Check: testViewsFollowTheirTables,
			Says: "A view is a query by name, through tables.insert or CREATE VIEW; INFORMATION_SCHEMA.TABLES lists it."},
		{Name: "statements that change", Check: testStatementsThatChange,
			Says: "CREATE TABLE AS, INSERT, UPDATE, DELETE, MERGE and DROP; the statistics tell the rows that changed."},
		{Name: "definitions by SQL", Check: testDefinitions,
			Says: "CREATE OR REPLACE, IF NOT EXISTS and IF EXISTS; INFORMATION_SCHEMA.COLUMNS tells names, types and order."},
		{Name: "names in capitals", Local: refuses, Check: testNamesInCapitals,
			Says: "Names of datasets and tables tell capitals apart, which DuckDB does not: the second of two is refused, and the first keeps its rows."},
		{Name: "queries beside definitions", Check: testQueriesBesideDefinitions,
			Says: "A query reads the table as it was when it began, whatever columns come and go meanwhile."},
		{Name: "datasets by SQL", Check: testSchemas,
			Says: "CREATE SCHEMA makes a dataset with its options; DROP SCHEMA removes one that is empty, or with CASCADE its tables too."},
		{Name: "tables by SQL", Check: testSameTable,
			Says: "CREATE TABLE with PARTITION BY, CLUSTER BY and OPTIONS makes the table that tables.insert makes."},
		{Name: "columns by SQL", Check: testColumns,
			Says: "ALTER TABLE ADD COLUMN adds nullable columns, NULL in the rows that are there; DROP COLUMN removes any that partitions do not need."},
		{Name: "what definitions do not do is refused by name", Local: refuses, Check: testRefusedDefinitions,
			Says: "Expiration, other options and other statements of DDL, and parameters of a URL that would change nothing, are refused."},
		{Name: "a dry run", Check: testDryRun,
			Says: "A dry run of a query answers the schema and runs nothing."},
		{Name: "records and arrays that change", Check: testSemanticsOfChanges,
			Says: "Records are matched by place, an array is never NULL, SET may set a field; DELETE and UPDATE want a WHERE, MERGE one source row."},
		{Name: "failures of queries", Check: testFailures,
			Says: "What cannot be computed is an error in the service's words, with its reason."},
		// The Storage Write API.
		{Name: "every type is written and read", Check: testEveryTypeReadsBack,
			Says: "Each type and mode that Nightwire's columns have is written as protocol buffers and read back, by query and by tabledata.list."},
		{Name: "bad rows", Check: testBadRowsStoreNothing,
			Says: "A request with a bad row stores none of its rows, and its row errors name the row and what is wrong."},
		{Name: "a writer sees a new schema", Check: testWriterSeesNewSchema,
			Says: "A response tells of the updated schema once, while the writer goes on with the old one."},
		{Name: "many writers", Check: testConcurrentAppends,
			Says: "Rows of the default stream are there for queries when the append is answered, whoever else writes."},
	}
	for _, group := range slices.Concat(sqlGroups, semanticGroups) {
		cases = append(cases, conformance.Case[*running]{Name: group.name, Says: group.says, Check: testSQL(group.cases)})
	}
	conformance.Run(t, os.Getenv("CONFORMANCE_PROJECT"), func(t *testing.T, remote string) *running {
		t.Helper()
		if remote != "" {
			return startRemote(t, remote)
		}
		return start(t)
	}, cases)
}
