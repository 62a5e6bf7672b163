// Package filter is the filter language of Pub/Sub subscriptions: what enters
// is an expression over a message's attributes, what leaves is a predicate. The
// Pub/Sub server compiles one a subscription.
//
//	attributes:key                      the attribute is there
//	attributes.key = "value"            it is there and has the value
//	attributes.key != "value"           the opposite of =
//	hasPrefix(attributes.key, "value")  it is there and begins with the value
//	NOT x, -x, x AND y, x OR y, (x)
//
// A key that is more than letters, digits, - and _ is written in quotes. NOT
// binds closest; AND and OR may be mixed only with parentheses. The language is
// described at https://cloud.google.com/pubsub/docs/subscription-message-filter.
package filter

import "strings"

// MaxBytes is the longest expression that the service takes.
const MaxBytes = 256

// Filter says whether a message with these attributes is wanted.
type Filter func(attributes map[string]string) bool

// All is the filter that wants every message.
func All(map[string]string) bool { return true }

func has(key string) Filter {
	return func(attributes map[string]string) bool {
		_, ok := attributes[key]
		return ok
	}
}

func equals(key, value string) Filter {
	return func(attributes map[string]string) bool {
		got, ok := attributes[key]
		return ok && got == value
	}
}

func hasPrefix(key, prefix string) Filter {
	return func(attributes map[string]string) bool {
		got, ok := attributes[key]
		return ok && strings.HasPrefix(got, prefix)
	}
}

func not(f Filter) Filter {
	return func(attributes map[string]string) bool { return !f(attributes) }
}

func and(f, g Filter) Filter {
	return func(attributes map[string]string) bool { return f(attributes) && g(attributes) }
}

func or(f, g Filter) Filter {
	return func(attributes map[string]string) bool { return f(attributes) || g(attributes) }
}
