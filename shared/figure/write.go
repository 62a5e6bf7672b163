package figure

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
)

// sprint joins texts and numbers; numbers have two decimals at most.
func sprint(parts ...any) string {
	var b strings.Builder
	for _, part := range parts {
		switch v := part.(type) {
		case string:
			b.WriteString(v)
		case float64:
			b.WriteString(number(v))
		}
	}
	return b.String()
}

// number is a coordinate: a hundredth of a point is finer than any printer.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// escaped is a text as XML has it.
func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes all
	return b.String()
}

func (d *drawing) write(parts ...any) { d.b.WriteString(sprint(parts...)) }

func (d *drawing) begin() {
	f := d.figure
	d.write(`<svg xmlns="http://www.w3.org/2000/svg" width="`, width, `pt" height="`, height, `pt" viewBox="0 0 `, width, " ", height,
		`" role="img" font-family="Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif" font-size="`, textSize, "\">\n")
	d.write("<title>", escaped(f.Title), "</title>\n")
	d.write(`<defs><clipPath id="flux"><rect x="`, left, `" y="`, d.upper.top, `" width="`, right-left, `" height="`, d.upper.bottom-d.upper.top,
		"\"/></clipPath></defs>\n")
	d.write(`<rect width="`, width, `" height="`, height, "\" fill=\"#fff\"/>\n")
}

func (d *drawing) end() { d.b.WriteString("</svg>\n") }

// clipped draws inside a clip path.
func (d *drawing) clipped(id string, draw func()) {
	d.write(`<g clip-path="url(#`, id, ")\">\n")
	draw()
	d.write("</g>\n")
}

// text writes at a place; attributes are the element's others.
func (d *drawing) text(x, y float64, attributes, text string) {
	d.write(`<text x="`, x, `" y="`, y, `"`, attributes, ">", escaped(text), "</text>\n")
}

func (d *drawing) path(data, attributes string) {
	d.write(`<path d="`, data, `"`, attributes, "/>\n")
}
