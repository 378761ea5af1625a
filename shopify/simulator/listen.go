package simulator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"
)

// Start listens on a free port of the loopback interface. A client's endpoint
// is baseURL + "/{shop}". Stop closes the listener and all connections.
func (s *Server) Start() (baseURL string, stop func(), err error) {
	addr, stop, err := s.listen(nil)
	if err != nil {
		return "", nil, err
	}
	return "http://" + addr, stop, nil
}

// StartTLS is Start over HTTPS. The client trusts the server's certificate and
// reaches it whatever host a URL names, so that https://x.myshopify.com works.
func (s *Server) StartTLS() (baseURL string, client *http.Client, stop func(), err error) {
	cert, pool, err := selfSigned()
	if err != nil {
		return "", nil, nil, fmt.Errorf("simulator: certificate: %w", err)
	}
	addr, closeServer, err := s.listen(&tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	if err != nil {
		return "", nil, nil, err
	}
	var dialer net.Dialer
	hc := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addr)
		},
		TLSClientConfig:   &tls.Config{RootCAs: pool, ServerName: certificateName, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}}
	return "https://" + addr, hc, func() {
		hc.CloseIdleConnections()
		closeServer()
	}, nil
}

func (s *Server) listen(conf *tls.Config) (addr string, stop func(), err error) {
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return "", nil, fmt.Errorf("simulator: listen: %w", err)
	}
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         conf,
		ErrorLog:          log.New(io.Discard, "", 0), // broken connections are its trade
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conf == nil {
			_ = srv.Serve(ln) // returns when stop closes the server
		} else {
			_ = srv.ServeTLS(ln, "", "")
		}
	}()
	return ln.Addr().String(), func() {
		_ = srv.Close()
		<-done
	}, nil
}

const certificateName = "simulator.myshopify.com"

// selfSigned makes a certificate of a day, by the real clock: the TLS stack
// of the client checks it against that one.
func selfSigned() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: certificateName},
		DNSNames:     []string{certificateName, "*.myshopify.com"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, pool, nil
}
