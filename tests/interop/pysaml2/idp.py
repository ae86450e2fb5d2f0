"""A SAML identity provider on pysaml2. Each path /NAME is one of its own, which signs, encrypts or asks as its
name says; all of them know the service providers that are put to /sp.

    idp.py HOST PORT FOLDER PASSWORD

FOLDER holds idp.key and idp.crt, and takes what is written.
"""

import html
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, xmldsig
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NameID
from saml2.server import Server
from saml2.sigver import TRIPLE_DES_CBC

HOST, PORT, FOLDER, PASSWORD = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
BASE = f"http://{HOST}:{PORT}"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
ADA = {
    "mail": ["Ada.Lovelace@acme.test"],
    "givenName": ["Ada"],
    "sn": ["Lovelace"],
    "uid": ["ada"],
    "eduPersonAffiliation": ["engineering", "portal admins"],
}


def signing(name, digest=None):
    return {
        "sign_alg": getattr(xmldsig, f"SIG_RSA_{name}"),
        "digest_alg": getattr(xmldsig, f"DIGEST_{digest or name}"),
    }


def encrypting(algorithm, session_key, **more):
    return {"encrypt": (algorithm, session_key), "encrypt_assertion": True, **signing("SHA256"), **more}


VARIANTS = {
    # What it does where nothing is said: RSA-SHA1.
    "default": {},
    "sha256": signing("SHA256"),
    "sha384": signing("SHA384"),
    "sha512": signing("SHA512"),
    "sha512-digest-sha256": signing("SHA512", "SHA256"),
    "sha224": signing("SHA224"),
    "assertion-only": {**signing("SHA256"), "sign_response": False},
    "response-only": {**signing("SHA256"), "sign_assertion": False},
    "unsigned": {"sign_response": False, "sign_assertion": False},
    "signed-requests": {**signing("SHA256"), "want_authn_requests_signed": True},
    "signed-posts": {**signing("SHA256"), "want_authn_requests_signed": True, "post_only": True},
    "enc-3des": encrypting(TRIPLE_DES_CBC, "des-192"),
    "enc-aes128-cbc": encrypting(f"{XENC}aes128-cbc", "aes-128"),
    "enc-aes192-gcm": encrypting(f"{XENC11}aes192-gcm", "aes-192"),
    "enc-aes256-gcm": encrypting(f"{XENC11}aes256-gcm", "aes-256"),
    # The assertion uses namespace prefixes that are declared outside it.
    "enc-borrowed-ns": encrypting(
        f"{XENC11}aes256-gcm", "aes-256", encrypt_assertion_self_contained=False
    ),
}


class Provider:
    """One variant."""

    def __init__(self, name, options):
        self.base = f"{BASE}/{name}"
        options = dict(options)
        encryption = options.pop("encrypt", None)
        self.wants_signed = options.pop("want_authn_requests_signed", False)
        sso = [(f"{self.base}/sso", BINDING_HTTP_POST)]
        if not options.pop("post_only", False):
            sso.insert(0, (f"{self.base}/sso", BINDING_HTTP_REDIRECT))
        self.options = {"sign_response": True, "sign_assertion": True, **options}
        self.config = IdPConfig().load(
            {
                "entityid": f"{self.base}/metadata",
                "service": {
                    "idp": {
                        "endpoints": {"single_sign_on_service": sso},
                        "want_authn_requests_signed": self.wants_signed,
                        "policy": {"default": {"lifetime": {"minutes": 5}}},
                    }
                },
                "key_file": str(FOLDER / "idp.key"),
                "cert_file": str(FOLDER / "idp.crt"),
                "metadata": {"local": []},
            }
        )
        self.server = Server(config=self.config)
        if encryption:
            self.encrypt_with(*encryption)

    def encrypt_with(self, algorithm, session_key):
        """It has no setting for the algorithm."""
        sec = self.server.sec
        original = sec.encrypt_assertion

        def encrypt_assertion(statement, enc_key, template, key_type=None, node_xpath=None):
            changed = str(template).replace(TRIPLE_DES_CBC, algorithm)
            return original(statement, enc_key, changed, session_key, node_xpath)

        sec.encrypt_assertion = encrypt_assertion

    def learn(self, files):
        if not self.server.reload_metadata({"local": files}):
            raise ValueError("metadata that cannot be read")

    def read_request(self, fields, binding):
        """Checks the request, its signature too; returns what the response has to answer."""
        relay_state = fields.get("RelayState")
        signature = {}
        if binding == BINDING_HTTP_REDIRECT:
            signature = {"sigalg": fields.get("SigAlg"), "signature": fields.get("Signature")}
        request = self.server.parse_authn_request(
            fields["SAMLRequest"], binding, relay_state=relay_state, **signature
        )
        return self.server.response_args(request.message, [BINDING_HTTP_POST])

    def respond(self, arguments, relay_state):
        arguments = {**arguments, "name_id": NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=ADA["mail"][0])}
        arguments.pop("binding", None)
        response = self.server.create_authn_response(
            ADA,
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
            userid="ada",
            **arguments,
            **self.options,
        )
        posted = self.server.apply_binding(
            BINDING_HTTP_POST, str(response), arguments["destination"], relay_state, response=True
        )
        return posted["data"]

    def unsolicited(self, sp_entity_id):
        acs = self.server.metadata.assertion_consumer_service(sp_entity_id, BINDING_HTTP_POST)
        return {"in_response_to": None, "destination": acs[0]["location"], "sp_entity_id": sp_entity_id}


PROVIDERS = {name: Provider(name, options) for name, options in VARIANTS.items()}


def sign_in_page(fields):
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    return f"""<!doctype html><title>Sign in</title><form method="post">{hidden}
<input name="username"><input name="password" type="password"><button>Sign in</button></form>"""


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(dict(parse_qsl(body)))

    def do_PUT(self):
        files = sorted(FOLDER.glob("sp-*.xml"))
        file = FOLDER / f"sp-{len(files)}.xml"
        file.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        for provider in PROVIDERS.values():
            provider.learn([str(one) for one in [*files, file]])
        self.send(200, "text/plain", "known")

    def answer(self, form):
        url = urlsplit(self.path)
        _, name, *rest = f"{url.path}/".split("/")
        query = dict(parse_qsl(url.query))
        if name == "":
            self.send(200, "text/plain", "ready")
            return
        try:
            if rest[0] == "metadata":
                descriptor = str(entity_descriptor(PROVIDERS[name].config))
                self.send(200, "application/samlmetadata+xml", descriptor)
            else:
                self.send(200, "text/html", self.page(PROVIDERS[name], rest[0], query, form))
        except Exception as error:  # noqa: BLE001
            self.send(400, "text/plain", f"{type(error).__name__}: {error}")

    def page(self, provider, what, query, form):
        asked = {**query, **form}
        if what == "launch":
            arguments = provider.unsolicited(query["sp"])
        else:
            # What came by Redirect is in the address also when the form has been filled in.
            by_redirect = "SAMLRequest" in query
            binding = BINDING_HTTP_REDIRECT if by_redirect else BINDING_HTTP_POST
            arguments = provider.read_request(asked, binding)
        if form.get("username") == "ada" and form.get("password") == PASSWORD:
            return provider.respond(arguments, asked.get("RelayState", ""))
        return sign_in_page(form)

    def send(self, status, content_type, body):
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    ThreadingHTTPServer((HOST, PORT), Handler).serve_forever()
