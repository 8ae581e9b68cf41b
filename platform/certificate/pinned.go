package certificate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// Pinned returns the TLS configuration of a client that accepts exactly one server certificate: the first one in the PEM file.
// Its name and issuer do not matter. The client runs beside its server and reaches it by another name than shoppers do. The
// file is read again for each connection, because certificates are renewed.
func Pinned(file string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the certificate itself
		VerifyConnection: func(state tls.ConnectionState) error {
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			block, _ := pem.Decode(content)
			if block == nil {
				return fmt.Errorf("%s holds no PEM", file)
			}
			want, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if !bytes.Equal(state.PeerCertificates[0].Raw, want.Raw) {
				return errors.New("the server has another certificate than " + file)
			}
			return nil
		},
	}
}
