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
	return fmt.Sprintf("v%s/night=%s/%s/%s.avro", o.Schema, o.Night, o.ObjectID, o.Candid)
}

// Conflict is the name for a packet with the same identity and other bytes;
// contentSHA256 is the hexadecimal digest of the bytes as sent.
func (o Object) Conflict(contentSHA256 string) string {
	return strings.TrimSuffix(o.Path(), ".avro") + "." + contentSHA256[:12] + ".avro"
}
