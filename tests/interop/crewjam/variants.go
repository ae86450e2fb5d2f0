package main

import (
	"time"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/xmlenc"
	dsig "github.com/russellhaering/goxmldsig"
)

const (
	more   = "http://www.w3.org/2001/04/xmldsig-more#"
	rsaKey = "rsa"
)

type variant struct {
	method string
	key    string
	// Which signatures are taken away again after they have been made.
	withoutAssertion, withoutResponse bool
	encrypt                           func() xmlenc.RSA
	change                            func(*saml.IdpAuthnRequest)
	// Sign with a key that is not in the metadata, and name its certificate or the one of the metadata.
	foreignKey, foreignCertificate bool
}

func content(change func(*saml.Assertion)) variant {
	return variant{change: func(req *saml.IdpAuthnRequest) { change(req.Assertion) }}
}

func confirmation(a *saml.Assertion) *saml.SubjectConfirmationData {
	return a.Subject.SubjectConfirmations[0].SubjectConfirmationData
}

func shift(a *saml.Assertion, by time.Duration) {
	a.Conditions.NotBefore = a.Conditions.NotBefore.Add(by)
	a.Conditions.NotOnOrAfter = a.Conditions.NotOnOrAfter.Add(by)
}

func cipher(block xmlenc.BlockCipher, rsa func() xmlenc.RSA) func() xmlenc.RSA {
	return func() xmlenc.RSA {
		encrypter := rsa()
		encrypter.BlockCipher = block
		return encrypter
	}
}

func sha1OAEP() xmlenc.RSA {
	encrypter := xmlenc.OAEP()
	encrypter.DigestMethod = xmlenc.SHA1
	return encrypter
}

var variants = map[string]variant{
	"default":        {},
	"rsa-sha1":       {method: dsig.RSASHA1SignatureMethod},
	"rsa-sha384":     {method: more + "rsa-sha384"},
	"rsa-sha512":     {method: more + "rsa-sha512"},
	"ecdsa-sha256":   {method: more + "ecdsa-sha256", key: "p256"},
	"ecdsa-sha384":   {method: more + "ecdsa-sha384", key: "p384"},
	"ecdsa-sha512":   {method: more + "ecdsa-sha512", key: "p521"},
	"ecdsa-der":      {method: more + "ecdsa-sha256", key: "p256-der"},
	"assertion-only": {withoutResponse: true},
	"response-only":  {withoutAssertion: true},
	"unsigned":       {withoutAssertion: true, withoutResponse: true},

	"enc-aes128-cbc":    {encrypt: cipher(xmlenc.AES128CBC, sha1OAEP)},
	"enc-aes256-cbc":    {encrypt: cipher(xmlenc.AES256CBC, sha1OAEP)},
	"enc-response-only": {encrypt: cipher(xmlenc.AES256CBC, sha1OAEP), withoutAssertion: true},
	"enc-oaep-sha256":   {encrypt: xmlenc.OAEP_SHA256},
	"enc-rsa15":         {encrypt: xmlenc.PKCS1v15},

	"bad-key":         {foreignKey: true, foreignCertificate: true},
	"bad-key-claimed": {foreignKey: true},
	"bad-audience": content(func(a *saml.Assertion) {
		a.Conditions.AudienceRestrictions[0].Audience.Value = "https://another.example/"
	}),
	"bad-noaudience": content(func(a *saml.Assertion) { a.Conditions.AudienceRestrictions = nil }),
	"bad-recipient": content(func(a *saml.Assertion) {
		confirmation(a).Recipient = "https://another.example/acs"
	}),
	"bad-inresponseto": content(func(a *saml.Assertion) { confirmation(a).InResponseTo = "id-another" }),
	"bad-outer-inresponseto": {change: func(req *saml.IdpAuthnRequest) {
		req.Request.ID = "id-another"
	}},
	"bad-issuer": content(func(a *saml.Assertion) { a.Issuer.Value = "https://another.example/" }),
	"bad-expired": content(func(a *saml.Assertion) {
		shift(a, -time.Hour)
		confirmation(a).NotOnOrAfter = a.Conditions.NotOnOrAfter
	}),
	"bad-notyet": content(func(a *saml.Assertion) { shift(a, time.Hour) }),
	"bad-nosubjectconfirmation": content(func(a *saml.Assertion) {
		a.Subject.SubjectConfirmations = nil
	}),
}
