package storage

import "testing"

func TestReduce(t *testing.T) {
	t.Parallel()
	const resource = `{"a":1,"prefixes":["p/"],"items":[{"name":"x","size":"2","metadata":{"k":"v","l":"w"}}],"next":"t"}`
	for fields, want := range map[string]string{
		"a":                              `{"a":1}`,
		"prefixes":                       `{"prefixes":["p/"]}`,
		"next,items(name)":               `{"items":[{"name":"x"}],"next":"t"}`,
		"items/name,items/size,next":     `{"items":[{"name":"x","size":"2"}],"next":"t"}`,
		"items(name,metadata(k)),absent": `{"items":[{"metadata":{"k":"v"},"name":"x"}]}`,
	} {
		got, err := reduce([]byte(resource), fields)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", fields, got, err)
		}
	}
	for _, fields := range []string{"items(name", "a)", "items(name))", "items(", "*", "a|next"} {
		if got, err := reduce([]byte(resource), fields); err == nil {
			t.Errorf("%s: %s", fields, got)
		}
	}
}
