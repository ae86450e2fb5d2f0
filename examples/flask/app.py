"""Enterprise SSO in a B2B application, with the official `stytch` package: an organization's login
page, the way back from the login, a session in a signed cookie, logout. README.md says how it runs.
"""

import base64
import json
import logging
import os
import secrets
import sys
from urllib.parse import urlencode

import requests
import stytch
from flask import Flask, redirect, render_template, request, session, url_for
from stytch.core.response_base import StytchError
from werkzeug.exceptions import HTTPException

# Settings, from the environment: .env.example says what each is.
missing = [
    name
    for name in ("STYTCH_PROJECT_ID", "STYTCH_SECRET", "STYTCH_PUBLIC_TOKEN")
    if not os.environ.get(name)
]
if missing:
    sys.exit(f"Missing in the environment: {', '.join(missing)}. See .env.example.")
PROJECT_ID = os.environ["STYTCH_PROJECT_ID"]
PUBLIC_TOKEN = os.environ["STYTCH_PUBLIC_TOKEN"]
# None leaves the address of the API to the SDK, which then chooses by the project.
BASE_URL = os.environ.get("STYTCH_BASE_URL") or None
PORT = os.environ.get("PORT") or "3000"
if not (PORT.isdecimal() and 0 < int(PORT) < 65536):
    sys.exit(f"PORT is no port: {PORT}.")
APP_URL = (os.environ.get("APP_URL") or f"http://localhost:{PORT}").rstrip("/")
for url in (APP_URL, BASE_URL):
    if url and not url.startswith(("http://", "https://")):
        sys.exit(f"No http(s) address: {url}.")
if not os.environ.get("SESSION_SECRET"):
    print(
        "SESSION_SECRET is not set: a restart of this application logs everybody out.",
        file=sys.stderr,
    )

client = stytch.B2BClient(
    project_id=PROJECT_ID, secret=os.environ["STYTCH_SECRET"], environment=BASE_URL
)
START_HOST = (
    BASE_URL or f"https://{'api' if PROJECT_ID.startswith('project-live-') else 'test'}.stytch.com"
).rstrip("/")

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ.get("SESSION_SECRET") or secrets.token_hex(),
    # Cookies ignore ports: on localhost every application needs a name of its own.
    SESSION_COOKIE_NAME="portcullis_example_flask",
    SESSION_COOKIE_HTTPONLY=True,
    # A page of another site can't make the browser post to /logout as this member.
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE=APP_URL.startswith("https:"),
)
log = logging.getLogger("example")


@app.get("/")
def home():
    current = current_session()
    return render_template("home.html", organization=current.organization if current else None)


@app.get("/org")
def choose_org():
    slug = request.args.get("slug", "").strip()
    return redirect(url_for("org", slug=slug) if slug else url_for("home"), 303)


@app.get("/org/<slug>")
def org(slug):
    current = current_session()
    # A session opens its own organization only.
    if current and current.organization.organization_slug == slug:
        claims = json.dumps(claims_of(current.session_jwt), indent=2, ensure_ascii=False)
        return render_template("member.html", current=current, claims=claims)

    organization = find_organization(slug)
    if organization is None:
        return message_page(
            "Unknown organization",
            f"No organization here is called “{slug}”. Check the spelling.",
            404,
            link=(url_for("home"), "Try another name"),
        )
    connections = organization.sso_active_connections
    if len(connections) == 1:
        return redirect(start_url(connections[0].connection_id), 302)
    return render_template(
        "login.html",
        organization=organization,
        choices=[
            (c.display_name or "Single sign-on", start_url(c.connection_id)) for c in connections
        ],
    )


@app.get("/authenticate")
def authenticate():
    """Where a login comes back to; APP_URL/authenticate is a registered LOGIN and SIGNUP URL."""
    token_type = request.args.get("stytch_token_type", "")
    token = request.args.get("token", "")
    if token_type not in ("", "sso"):
        return message_page(
            "Nothing to log in with",
            f"This example handles the token type “sso” only; this login’s is “{token_type}”.",
            400,
        )
    if not token_type or not token:
        return message_page(
            "Nothing to log in with",
            "This address is where a login comes back to, but no token came with it.",
            400,
        )

    login = client.sso.authenticate(sso_token=token, session_duration_minutes=60)
    if not login.member_authenticated:
        # Here an application would go on with login.intermediate_session_token.
        name, wanted = login.organization.organization_name, "a second factor"
        if login.primary_required:
            methods = ", ".join(login.primary_required.allowed_auth_methods)
            wanted = f"another way to log in ({methods})"
        return message_page(
            "One more step is needed",
            f"{name} asks for {wanted}, which this example does not have.",
            403,
        )
    # The JWT takes about 1 KB of the 4 KB that a cookie can hold. With many roles or custom claims,
    # keep session_token (some 50 characters) instead.
    session.clear()
    session["session_jwt"] = login.session_jwt
    return redirect(url_for("org", slug=login.organization.organization_slug), 303)


@app.post("/logout")
def logout():
    # First, so that the browser forgets it even when the call below fails.
    session_jwt = session.pop("session_jwt", None)
    if session_jwt:
        try:
            client.sessions.revoke(session_jwt=session_jwt)
        except StytchError as error:
            if not is_refusal(error):  # Refused: the session had ended before.
                raise
    # Not to /org/...: with a single connection that would log the member in again at once.
    return redirect(url_for("home"), 303)


def current_session():
    """The session behind the cookie, or None. The remote call is what notices a revocation at once.
    Checking the JWT locally (sessions.authenticate_jwt_local) saves the call, but lets a revoked
    session in until the JWT is five minutes old. Pass session_duration_minutes to let each visit
    extend the session.
    """
    session_jwt = session.get("session_jwt")
    if not session_jwt:
        return None
    try:
        current = client.sessions.authenticate(session_jwt=session_jwt)
    except StytchError as error:
        if not is_refusal(error):
            raise
        session.clear()
        return None
    session["session_jwt"] = current.session_jwt
    return current


def is_refusal(error):
    """Whether the API refused this session or token (401: this application, 429: its haste)."""
    problem = error.details
    from_api = problem.error_type is not None
    return from_api and problem.status_code < 500 and problem.status_code not in (401, 429)


def find_organization(slug):
    found = client.organizations.search(
        query={
            "operator": "AND",
            "operands": [{"filter_name": "organization_slugs", "filter_value": [slug]}],
        }
    ).organizations
    if not found:
        return None
    return client.organizations.get(organization_id=found[0].organization_id).organization


def start_url(connection_id):
    """Where a login over a connection begins; the browser comes back to /authenticate."""
    query = {
        "connection_id": connection_id,
        "public_token": PUBLIC_TOKEN,
        "login_redirect_url": f"{APP_URL}/authenticate",
        "signup_redirect_url": f"{APP_URL}/authenticate",
    }
    return f"{START_HOST}/v1/public/sso/start?{urlencode(query)}"


def claims_of(session_jwt):
    """What the JWT says. It is not checked here: it has just come from the API."""
    payload = session_jwt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def message_page(title, message, status, details=None, link=None):
    """A page that says something went otherwise than hoped, and where to go from there."""
    slug = request.args.get("slug")  # The address a login comes back to carries it.
    link = link or (url_for("org", slug=slug) if slug else url_for("home"), "Start again")
    return render_template(
        "message.html", title=title, message=message, details=details or {}, link=link
    ), status


@app.errorhandler(StytchError)
def stytch_refused(error):
    problem = error.details
    refused = is_refusal(error)
    if not refused:
        log.error("%s: %s", problem.error_type, problem.error_message)
    return message_page(
        "You could not be logged in" if refused else "Logging in does not work at the moment",
        problem.error_message,
        400 if refused else 502,
        details={"Error": problem.error_type, "Request id": problem.request_id},
    )


@app.errorhandler(requests.RequestException)
def stytch_unreachable(error):
    log.error("%s", error)
    return message_page(
        "Logging in does not work at the moment",
        "The login service does not answer. Try again in a moment.",
        502,
    )


@app.errorhandler(HTTPException)
def not_served(error):
    return message_page(
        error.name, error.description, error.code, link=(url_for("home"), "To the start page")
    )


@app.after_request
def set_headers(response):
    # No form-action: browsers apply it to the redirects after a form, and ours lead to other hosts.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


if __name__ == "__main__":
    # Flask's development server; in production a WSGI server runs app:app, behind https.
    app.run(host="127.0.0.1", port=int(PORT))
