package storage

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
)

// apiError is an error as the JSON API words it.
type apiError struct {
	code         int
	reason       string
	message      string
	locationType string
	location     string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.code, e.reason, e.message) }

func notFound(message string) *apiError {
	return &apiError{code: http.StatusNotFound, reason: "notFound", message: message}
}

func noSuchObject(bucket, name string) *apiError {
	return notFound(fmt.Sprintf("No such object: %s/%s", bucket, name))
}

func conflict(message string) *apiError {
	return &apiError{code: http.StatusConflict, reason: "conflict", message: message}
}

func invalid(format string, values ...any) *apiError {
	return &apiError{code: http.StatusBadRequest, reason: "invalid", message: fmt.Sprintf(format, values...)}
}

func invalidParameter(name, format string, values ...any) *apiError {
	return &apiError{
		code: http.StatusBadRequest, reason: "invalidParameter", message: fmt.Sprintf(format, values...),
		locationType: "parameter", location: name,
	}
}

// unsupported refuses, by name, what the real service can do and this one
// cannot. It is a client's error, not a 501, since clients retry every 5xx.
func unsupported(what string) *apiError {
	return invalid("The local storage server does not support %s.", what)
}

func preconditionFailed() *apiError {
	return &apiError{
		code: http.StatusPreconditionFailed, reason: "conditionNotMet",
		message:      "At least one of the pre-conditions you specified did not hold.",
		locationType: "header", location: "If-Match",
	}
}

var errNotModified = &apiError{code: http.StatusNotModified, reason: "notModified", message: "Not Modified"}

// asAPIError finds the API's error in err; anything else is our own fault.
func asAPIError(err error) *apiError {
	var known *apiError
	if errors.As(err, &known) {
		return known
	}
	return &apiError{
		code: http.StatusInternalServerError, reason: "internalError",
		message: "We encountered an internal error. Please try again.",
	}
}

type errorItem struct {
	Message      string `json:"message"`
	Domain       string `json:"domain"`
	Reason       string `json:"reason"`
	LocationType string `json:"locationType,omitempty"`
	Location     string `json:"location,omitempty"`
}

func (e *apiError) writeJSON(w http.ResponseWriter) {
	if e.code == http.StatusNotModified {
		w.WriteHeader(e.code)
		return
	}
	type body struct {
		Code    int         `json:"code"`
		Message string      `json:"message"`
		Errors  []errorItem `json:"errors"`
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(e.code)
	_ = json.NewEncoder(w).Encode(map[string]body{"error": {
		Code: e.code, Message: e.message,
		Errors: []errorItem{{e.message, "global", e.reason, e.locationType, e.location}},
	}})
}

// xmlCodes are the names that the XML API has for the errors of a download.
var xmlCodes = map[int]string{
	http.StatusBadRequest:         "InvalidArgument",
	http.StatusNotFound:           "NoSuchKey",
	http.StatusMethodNotAllowed:   "MethodNotAllowed",
	http.StatusPreconditionFailed: "PreconditionFailed",
}

func (e *apiError) writeXML(w http.ResponseWriter) {
	if e.code == http.StatusNotModified {
		w.WriteHeader(e.code)
		return
	}
	code, ok := xmlCodes[e.code]
	if !ok {
		code = "InternalError"
	}
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	w.WriteHeader(e.code)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: e.message})
}
