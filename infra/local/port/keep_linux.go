package port

import (
	"errors"
	"os"
	"syscall"
)

// keep binds a socket and does not listen. Since it may be bound beside others,
// as those that Go listens on may, it is in no server's way.
func keep() (number int, release func() error, err error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, os.NewSyscallError("socket", err)
	}
	release = func() error { return os.NewSyscallError("close", syscall.Close(socket)) }
	number, err = bind(socket)
	if err != nil {
		return 0, nil, errors.Join(err, release())
	}
	return number, release, nil
}

func bind(socket int) (number int, err error) {
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	bound, ok := address.(*syscall.SockaddrInet4)
	if !ok {
		return 0, errors.New("the socket is bound to no address of IPv4")
	}
	return bound.Port, nil
}
