package schemas

import (
	"fmt"
	"strings"
)

// define fills a record, an enum or a fixed from its object, and makes its name known to what follows.
func (p *avroParser) define(typ *avroType, object map[string]any, namespace string, depth int) error {
	name, _ := object["name"].(string)
	if own, ok := object["namespace"].(string); ok {
		namespace = own
	}
	typ.name = fullName(name, namespace)
	for part := range strings.SplitSeq(typ.name, ".") {
		if !isName(part) {
			return fmt.Errorf("%s has the invalid name %q", typ.kind, typ.name)
		}
	}
	if _, taken := p.named[typ.name]; taken {
		return fmt.Errorf("%s %s is defined twice", typ.kind, typ.name)
	}
	p.named[typ.name] = typ

	var err error
	switch typ.kind {
	case "record":
		// Names inside a record are resolved in the record's own namespace.
		inside := ""
		if dot := strings.LastIndexByte(typ.name, '.'); dot >= 0 {
			inside = typ.name[:dot]
		}
		typ.fields, err = p.parseFields(object["fields"], inside, depth)
	case "enum":
		typ.symbols, err = parseSymbols(object["symbols"])
	case "fixed":
		size, ok := object["size"].(float64)
		if typ.size = int64(size); !ok || size < 0 || float64(typ.size) != size {
			err = fmt.Errorf("size is a count of bytes, not %v", object["size"])
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", typ.kind, typ.name, err)
	}
	return nil
}

func (p *avroParser) parseFields(tree any, namespace string, depth int) ([]avroField, error) {
	list, ok := tree.([]any)
	if !ok {
		return nil, fmt.Errorf("fields are a list, not %v", tree)
	}
	fields := make([]avroField, 0, len(list))
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a field is an object, not %v", item)
		}
		var field avroField
		field.name, _ = object["name"].(string)
		field.doc, _ = object["doc"].(string)
		if !isName(field.name) {
			return nil, fmt.Errorf("a field has the invalid name %q", field.name)
		}
		var err error
		if field.typ, err = p.parse(object["type"], namespace, depth+1); err != nil {
			return nil, fmt.Errorf("field %s: %w", field.name, err)
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func parseSymbols(tree any) ([]string, error) {
	list, ok := tree.([]any)
	if !ok {
		return nil, fmt.Errorf("symbols are a list, not %v", tree)
	}
	symbols := make([]string, 0, len(list))
	for _, item := range list {
		symbol, _ := item.(string)
		if !isName(symbol) {
			return nil, fmt.Errorf("invalid symbol %v", item)
		}
		symbols = append(symbols, symbol)
	}
	return symbols, nil
}
