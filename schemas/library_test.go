package schemas

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadShelfRefuses(t *testing.T) {
	t.Parallel()
	alert := func(typ string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(one(typ))}
	}
	none := &fstest.MapFile{}
	tests := []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"no descriptions", fstest.MapFS{"ztf/3.3.avsc": alert(`"int"`)}, "read descriptions of ztf: open ztf/fields.tsv"},
		{
			"descriptions out of form", fstest.MapFS{"ztf/fields.tsv": {Data: []byte("jd\n")}},
			"read descriptions of ztf: line 1: 1 cells",
		},
		{
			"schema out of form", fstest.MapFS{"ztf/fields.tsv": none, "lsst/fields.tsv": none, "lsst/7.4.avsc": alert(`"x"`)},
			"read schemas of lsst: lsst/7.4.avsc: parse schema: ",
		},
		{
			"schema that no table holds", fstest.MapFS{"ztf/fields.tsv": none, "ztf/3.3.avsc": alert(`["null", "r"]`)},
			"unite schemas of ztf: version 3.3: a: record r contains itself",
		},
		{
			"versions that disagree",
			fstest.MapFS{"ztf/fields.tsv": none, "ztf/9.2.avsc": alert(`"int"`), "ztf/10.0.avsc": alert(`"string"`)},
			"unite schemas of ztf: version 10.0 changes what earlier ones have: [{Path:a Have:INTEGER Want:STRING",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := readShelf(tt.files); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAlertsStreamIsACopy(t *testing.T) {
	t.Parallel()
	candidate := func() *Column {
		columns := AlertsStream(ZTF)
		return &columns[indexFold(columns, "candidate")]
	}
	candidate().Fields[0].Name = "scribble"
	if got := candidate().Fields[0].Name; got != "jd" {
		t.Errorf("a caller that writes into a column changes what the next caller gets: %s", got)
	}
}
