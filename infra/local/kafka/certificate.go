package kafka

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A certificate is good for ten years, and renewed when it has a month left.
const (
	validity   = 10 * 365 * 24 * time.Hour
	renewUnder = 30 * 24 * time.Hour
)

// certificates are the broker's own, and the authority that signed it. The
// authority's key is thrown away: it signs once.
type certificates struct {
	caFile string
	server tls.Certificate
}

// CAFile is where the broker of a folder, see Options.Dir, puts the certificate
// that its clients must trust, if it has TLS.
func CAFile(dir string) string { return filepath.Join(dir, "tls", "ca.pem") }

func openCertificates(of string) (certificates, error) {
	c := certificates{caFile: CAFile(of)}
	dir := filepath.Dir(c.caFile)
	serverFile, keyFile := filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem")
	if usable(c.caFile, serverFile) != nil {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return c, err
		}
		if err := issue(c.caFile, serverFile, keyFile, time.Now()); err != nil {
			return c, err
		}
	}
	var err error
	c.server, err = tls.LoadX509KeyPair(serverFile, keyFile)
	return c, err
}

// usable checks that the broker's certificate is signed by the authority in the
// folder and stays valid for a while.
func usable(caFile, serverFile string) error {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(serverFile)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("no certificate in " + serverFile)
	}
	server, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	_, err = server.Verify(x509.VerifyOptions{
		Roots: roots, DNSName: "localhost", CurrentTime: time.Now().Add(renewUnder),
	})
	return err
}

// issue makes an authority, and a certificate for the loopback interface that
// it signs.
func issue(caFile, serverFile, keyFile string, now time.Time) error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "Nightwire local Kafka authority"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(validity),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(validity),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, authority, authority, caKey.Public(), caKey)
	if err != nil {
		return err
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, serverKey.Public(), caKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		return err
	}
	return errors.Join(
		writePEM(keyFile, "PRIVATE KEY", keyDER, 0o600),
		writePEM(serverFile, "CERTIFICATE", serverDER, 0o644),
		writePEM(caFile, "CERTIFICATE", caDER, 0o644),
	)
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, text, mode); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
