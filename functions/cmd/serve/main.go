// Serve runs every function of one stream in one process, each at /<name>, as
// a deployed instance would run its own: for the local stack, and for a look
// at a function by hand.
//
// PORT is where it listens (8080); the rest of its environment is that of a
// deployed function, see Config in the package functions.
package main

import (
	"fmt"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	_ "nightwire.dev/functions" // registers the functions
	"nightwire.dev/shared/config"
)

func main() {
	port, ok := config.Lookup("PORT")
	if !ok {
		port = "8080"
	}
	if err := funcframework.StartHostPort("127.0.0.1", port); err != nil {
		fmt.Fprintln(os.Stderr, "serve functions:", err)
		os.Exit(1)
	}
}
