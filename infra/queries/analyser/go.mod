module nightwire.dev/infra/queries/analyser

go 1.26.0

require (
	github.com/goccy/go-googlesql v0.4.0
	nightwire.dev/infra v0.0.0
	nightwire.dev/schemas v0.0.0
)

require (
	cloud.google.com/go v0.123.0 // indirect
	github.com/goccy/googlesqlwasm2go v0.2.0 // indirect
)

replace (
	nightwire.dev/infra => ../../
	nightwire.dev/schemas => ../../../schemas
	nightwire.dev/shared => ../../../shared
)
