package names

import (
	"fmt"
	"strings"
)

// Object is the place of one alert in the alerts bucket:
// v<schema>/night=YYYY-MM-DD/<objectId>/<candid>.avro
type Object struct {
	Schema   string // the survey's schema version: "4.02"
	Night    string // YYYY-MM-DD
	ObjectID string // ZTF21abiuvdk; LSST: a diaObjectId or sso-<ssObjectId>
	Candid   string // candid or diaSourceId, in decimal
}

// Path is the object's name.
func (o Object) Path() string {
	return fmt.Sprintf("%s%s/%s.avro", NightFolder(o.Schema, o.Night), o.ObjectID, o.Candid)
}

// Conflict is the name for a packet with the same identity and other bytes;
// contentSHA256 is the hexadecimal digest of the bytes as sent.
func (o Object) Conflict(contentSHA256 string) string {
	return o.Conflicts() + contentSHA256[:12] + ".avro"
}

// Conflicts is how the names of the object and of all its conflicts begin, and
// no others.
func (o Object) Conflicts() string { return strings.TrimSuffix(o.Path(), "avro") }

// SchemaFolder is the folder that holds a schema version's alerts: v4.02/
func SchemaFolder(schema string) string { return "v" + schema + "/" }

// ParseSchemaFolder reads the schema version of a folder; ok is false for
// another folder.
func ParseSchemaFolder(folder string) (schema string, ok bool) { return between(folder, "v", "/") }

// NightFolder is the folder that holds a night's alerts of a schema version.
func NightFolder(schema, night string) string {
	return SchemaFolder(schema) + "night=" + night + "/"
}
