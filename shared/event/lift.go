package event

import "bytes"

// lift takes the string at the path out of a JSON document. It returns the
// string's content and the document with an empty string in its place. Where
// there is no such string, or it has an escape, the document returns whole:
// the caller's JSON parser then judges it.
func lift(document []byte, path ...string) (content, rest []byte) {
	start, end := find(document, 0, path)
	if start < 0 || bytes.IndexByte(document[start:end], '\\') >= 0 {
		return nil, document
	}
	rest = make([]byte, 0, len(document)-(end-start))
	rest = append(append(rest, document[:start]...), document[end:]...)
	return document[start:end], rest
}

// find returns where the content of the string at the path begins and ends;
// the object that has the path's first key begins at or after at.
func find(b []byte, at int, path []string) (start, end int) {
	if at = skipSpace(b, at); at >= len(b) || b[at] != '{' {
		return -1, -1
	}
	for at = skipSpace(b, at+1); at < len(b) && b[at] == '"'; {
		keyEnd := stringEnd(b, at)
		if keyEnd < 0 {
			break
		}
		key := b[at+1 : keyEnd-1]
		if at = skipSpace(b, keyEnd); at >= len(b) || b[at] != ':' {
			break
		}
		at = skipSpace(b, at+1)
		if string(key) == path[0] {
			if len(path) > 1 {
				return find(b, at, path[1:])
			}
			if valueEnd := stringEnd(b, at); valueEnd > 0 {
				return at + 1, valueEnd - 1
			}
			break
		}
		if at = skipSpace(b, skipValue(b, at)); at < len(b) && b[at] == ',' {
			at = skipSpace(b, at+1)
		}
	}
	return -1, -1
}

func skipSpace(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\n' || b[at] == '\t' || b[at] == '\r') {
		at++
	}
	return at
}

// stringEnd returns the place after the string that begins at at, or -1.
func stringEnd(b []byte, at int) int {
	if at >= len(b) || b[at] != '"' {
		return -1
	}
	for at++; ; {
		quote := bytes.IndexByte(b[at:], '"')
		if quote < 0 {
			return -1
		}
		escape := bytes.IndexByte(b[at:at+quote], '\\')
		if escape < 0 {
			return at + quote + 1
		}
		if at += escape + 2; at > len(b) { // past the escape and what it escapes
			return -1
		}
	}
}

// skipValue returns the place after the value that begins at at.
func skipValue(b []byte, at int) int {
	for depth := 0; at < len(b); at++ {
		switch c := b[at]; {
		case c == '"':
			end := stringEnd(b, at)
			if end < 0 {
				return len(b)
			}
			at = end - 1
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == '}' || c == ']' || c == ','):
			return at
		case c == '}' || c == ']':
			depth--
		}
	}
	return at
}
