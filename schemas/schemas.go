// Package schemas holds what Nightwire knows about the surveys' alerts before any alert arrives: the Avro schema of each
// version, a description and a unit for every field, and the BigQuery tables derived from both.
//
// Nothing enters but a survey's name, a version or a schema's text. Out come schemas (Find, All), columns (Columns,
// Merge), tables and views (Tables, Views). The decoder asks for schemas and fingerprints, the warehouse and the local
// BigQuery for tables, terraform for both through the command line. The package needs the standard library only.
//
// The schemas carry over the surveys' names, namespaces, types, order and defaults as facts, without their prose: ZTF
// 3.3 and 4.02 (ZwickyTransientFacility/ztf-avro-alert), LSST 7.4, 9.0, 10.0 and 11.0 (lsst/alert_packet). The
// descriptions in fields.tsv are our own.
//
// ZTF 3.3 stands here in its valid form. As sent, its nullable fields have null as the last branch of the union and
// null as the default, which the Avro specification forbids: a default must fit the first branch. Here null comes
// first wherever the default is null or absent; tooflag, ["int", "null"] with default 0, was valid and stays. The two
// forms number the branches differently, so a packet as sent must be read with its own header, and its fingerprint is
// not the one that FindFingerprint knows.
package schemas

import (
	"bytes"
	"slices"
)

// The surveys, as Find, Columns and Tables name them.
const (
	ZTF  = "ztf"
	LSST = "lsst"
)

// Schema is one version of a survey's alert schema.
type Schema struct {
	Survey  string // ZTF or LSST
	Version string // as the survey writes it: "4.02", "10.0"
	Name    string // full name of the top record: "ztf.alert", "lsst.v10_0.alert"

	// ConfluentID is the id in front of a packet in the Confluent wire format: 100 x major + minor for LSST, 0 for
	// ZTF, which sends whole containers.
	ConfluentID int

	// JSON is the schema's text, self-contained: a nested record is written out where it is first used.
	JSON []byte

	// Fingerprint is the SHA-256 of the schema's Parsing Canonical Form (Avro specification 1.11).
	Fingerprint [32]byte
}

// All returns every embedded schema: ZTF before LSST, then oldest version first.
func All() []Schema {
	all := slices.Clone(library().schemas)
	for i := range all {
		all[i].JSON = bytes.Clone(all[i].JSON)
	}
	return all
}

// Find returns the schema of a survey's version, "4.02" or "10.0".
func Find(survey, version string) (Schema, bool) {
	return find(func(s Schema) bool { return s.Survey == survey && s.Version == version })
}

// FindConfluent returns the schema that a survey's Confluent wire format announces with this id.
func FindConfluent(survey string, id int) (Schema, bool) {
	if id == 0 {
		return Schema{}, false
	}
	return find(func(s Schema) bool { return s.Survey == survey && s.ConfluentID == id })
}

// FindFingerprint returns the schema with this fingerprint; Fingerprint makes one from a schema's text.
func FindFingerprint(fingerprint [32]byte) (Schema, bool) {
	return find(func(s Schema) bool { return s.Fingerprint == fingerprint })
}

func find(match func(Schema) bool) (Schema, bool) {
	known := library().schemas
	i := slices.IndexFunc(known, match)
	if i < 0 {
		return Schema{}, false
	}
	found := known[i]
	found.JSON = bytes.Clone(found.JSON)
	return found, true
}
