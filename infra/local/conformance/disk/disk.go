// Package disk makes a server's process meet a full disk, as tests of the local
// servers need it.
//
// The process is a child of the test, and calls [Outlive] before it serves. Then
// [Fill] leaves it no room in any file, as a full disk would, and gives the
// room back: the system's limit on the size of a process's files does both, with
// neither a file system of the test's own nor an administrator's rights. Only
// Linux lets one process set the limit of another; elsewhere the test is
// skipped.
package disk
