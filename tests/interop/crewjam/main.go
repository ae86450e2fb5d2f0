// A SAML identity provider on github.com/crewjam/saml. Each path /NAME is one of its own, which signs,
// encrypts or errs as its name says; all of them know the service providers that are put to /sp.
//
//	crewjam ADDRESS PASSWORD
package main

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"html/template"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

// registry holds the service providers by their entity IDs.
type registry struct {
	sync.Mutex
	byID map[string]*saml.EntityDescriptor
}

func (s *registry) GetServiceProvider(_ *http.Request, id string) (*saml.EntityDescriptor, error) {
	s.Lock()
	defer s.Unlock()
	if found, ok := s.byID[id]; ok {
		return found, nil
	}
	return nil, os.ErrNotExist
}

func (s *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var sp saml.EntityDescriptor
	if err := xml.NewDecoder(r.Body).Decode(&sp); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Lock()
	defer s.Unlock()
	s.byID[sp.EntityID] = &sp
}

// users knows one person, who types a name and the password at every login.
type users struct{ password string }

var signInPage = template.Must(template.New("").Parse(`<!doctype html><title>Sign in</title>
<form method="post"><input type="hidden" name="SAMLRequest" value="{{.SAMLRequest}}">
<input type="hidden" name="RelayState" value="{{.RelayState}}">
<input name="username"><input name="password" type="password"><button>Sign in</button></form>`))

func (u users) GetSession(w http.ResponseWriter, r *http.Request, req *saml.IdpAuthnRequest) *saml.Session {
	if r.PostFormValue("username") == "ada" && r.PostFormValue("password") == u.password {
		return &saml.Session{
			ID:            "session",
			CreateTime:    time.Now(),
			ExpireTime:    time.Now().Add(time.Hour),
			Index:         "session",
			NameID:        "Ada.Lovelace@acme.test",
			NameIDFormat:  "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
			UserName:      "ada",
			UserEmail:     "Ada.Lovelace@acme.test",
			UserGivenName: "Ada",
			UserSurname:   "Lovelace",
			Groups:        []string{"engineering", "portal admins"},
		}
	}
	request := base64.StdEncoding.EncodeToString(req.RequestBuffer)
	err := signInPage.Execute(w, map[string]string{"SAMLRequest": request, "RelayState": req.RelayState})
	if err != nil {
		log.Print(err)
	}
	return nil
}

// provider answers for one variant.
type provider struct {
	saml.IdentityProvider
	variant variant
	foreign signer
}

func (p *provider) MakeAssertion(req *saml.IdpAuthnRequest, session *saml.Session) error {
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(req, session); err != nil {
		return err
	}
	if p.variant.change != nil {
		p.variant.change(req)
	}
	signing := p.IdentityProvider
	if p.variant.foreignKey {
		signing.Signer = p.foreign.key
	}
	if p.variant.foreignCertificate {
		signing.Certificate = p.foreign.certificate
	}
	req.IDP = &signing
	if err := p.makeAssertionElement(req); err != nil {
		return err
	}
	if err := req.MakeResponse(); err != nil {
		return err
	}
	if p.variant.withoutResponse {
		removeSignature(req.ResponseEl)
	}
	return nil
}

// makeAssertionElement signs and encrypts as the variant wants it, where the library would do it in one way.
func (p *provider) makeAssertionElement(req *saml.IdpAuthnRequest) error {
	recipient := encryptionCertificate(req.SPSSODescriptor)
	withoutEncryption := *req.SPSSODescriptor
	withoutEncryption.KeyDescriptors = nil
	req.SPSSODescriptor = &withoutEncryption
	if err := req.MakeAssertionEl(); err != nil {
		return err
	}
	if p.variant.withoutAssertion {
		removeSignature(req.AssertionEl)
	}
	if p.variant.encrypt == nil {
		return nil
	}
	document := etree.NewDocument()
	document.SetRoot(req.AssertionEl)
	plain, err := document.WriteToBytes()
	if err != nil {
		return err
	}
	certificate, err := x509.ParseCertificate(recipient)
	if err != nil {
		return err
	}
	data, err := p.variant.encrypt().Encrypt(certificate, plain, nil)
	if err != nil {
		return err
	}
	data.CreateAttr("Type", "http://www.w3.org/2001/04/xmlenc#Element")
	req.AssertionEl = etree.NewElement("saml:EncryptedAssertion")
	req.AssertionEl.AddChild(data)
	return nil
}

func encryptionCertificate(sp *saml.SPSSODescriptor) []byte {
	for _, key := range sp.KeyDescriptors {
		if key.Use == "encryption" {
			text := strings.Join(strings.Fields(key.KeyInfo.X509Data.X509Certificates[0].Data), "")
			der, err := base64.StdEncoding.DecodeString(text)
			check(err)
			return der
		}
	}
	return nil
}

func removeSignature(from *etree.Element) {
	for _, child := range from.ChildElements() {
		if child.Tag == "Signature" {
			from.RemoveChild(child)
		}
	}
}

func main() {
	log.SetFlags(0)
	address, password := os.Args[1], os.Args[2]
	keys := map[string]signer{
		rsaKey:     newRSA(),
		"p256":     newECDSA(elliptic.P256(), false),
		"p384":     newECDSA(elliptic.P384(), false),
		"p521":     newECDSA(elliptic.P521(), false),
		"p256-der": newECDSA(elliptic.P256(), true),
	}
	foreign := newRSA()
	known := &registry{byID: map[string]*saml.EntityDescriptor{}}
	mux := http.NewServeMux()
	mux.Handle("PUT /sp", known)
	for name, chosen := range variants {
		if chosen.method == "" {
			chosen.method = dsig.RSASHA256SignatureMethod
		}
		if chosen.key == "" {
			chosen.key = rsaKey
		}
		base := url.URL{Scheme: "http", Host: address, Path: "/" + name}
		p := &provider{variant: chosen, foreign: foreign}
		p.IdentityProvider = saml.IdentityProvider{
			Signer:                  keys[chosen.key].key,
			Certificate:             keys[chosen.key].certificate,
			Logger:                  log.Default(),
			MetadataURL:             *base.JoinPath("metadata"),
			SSOURL:                  *base.JoinPath("sso"),
			ServiceProviderProvider: known,
			SessionProvider:         users{password},
			AssertionMaker:          p,
			SignatureMethod:         chosen.method,
		}
		mux.Handle(base.Path+"/", p.Handler())
		mux.HandleFunc(base.Path+"/launch", func(w http.ResponseWriter, r *http.Request) {
			p.ServeIDPInitiated(w, r, r.URL.Query().Get("sp"), "https://elsewhere.example/")
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ready") })
	log.Fatal(http.ListenAndServe(address, mux))
}
