package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"log"
	"math/big"
	"time"
)

// plainECDSA writes r and s one after the other, as XML Signature wants it; Go writes ASN.1.
type plainECDSA struct{ *ecdsa.PrivateKey }

func (s plainECDSA) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := s.PrivateKey.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &parts); err != nil {
		return nil, err
	}
	size := (s.Curve.Params().BitSize + 7) / 8
	signature := make([]byte, 2*size)
	parts.R.FillBytes(signature[:size])
	parts.S.FillBytes(signature[size:])
	return signature, nil
}

type signer struct {
	key         crypto.Signer
	certificate *x509.Certificate
}

func newSigner(key crypto.Signer) signer {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "crewjam"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(err)
	certificate, err := x509.ParseCertificate(der)
	check(err)
	return signer{key, certificate}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func newRSA() signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(err)
	return newSigner(key)
}

func newECDSA(curve elliptic.Curve, der bool) signer {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	check(err)
	made := newSigner(key)
	if !der {
		made.key = plainECDSA{key}
	}
	return made
}
