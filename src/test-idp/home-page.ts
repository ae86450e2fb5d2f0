import type { Context } from 'hono'
import { html } from 'hono/html'
import { type Markup, page } from './layout.ts'
import type { TestIdPSettings } from './settings.ts'
import { facts, userLabel } from './sign-in-page.ts'

/** The page at `/`: what this is, who can sign in, what a connection to it needs, and a login that begins here. */
export function homePage(c: Context, settings: TestIdPSettings) {
  const { users, saml, oidc, service_base_url } = settings
  const body = html`<section>
<h1>An identity provider to try logins with</h1>
<p>It stands in for your customer’s Okta, Entra ID or Google Workspace while you develop. It speaks SAML 2.0 and
OpenID Connect, and sends people back to <code>${new URL(service_base_url).origin}</code> only. Begin a login at
your application; this page is only needed to look things up.</p>
</section>
<section>
<h2>Who can sign in</h2>
<p class="muted">These, and any e-mail address that you type at the sign-in page.</p>
<ul class="users">${users.map((user) => html`<li class="user">${userLabel(user)}</li>`)}</ul>
</section>
<section>
<h2>Begin a login here</h2>
<p class="muted">An IdP-initiated SAML login: the response arrives at the application unasked.</p>
<form method="get" action="/saml/launch" autocomplete="off">
<div class="fields">
<div class="field"><label for="acs_url">Assertion consumer service (ACS) URL</label>
<input id="acs_url" name="acs_url" type="url" required value="${new URL('/v1/b2b/sso/callback/', service_base_url).href}" aria-describedby="acs_hint">
<span class="hint" id="acs_hint">The connection’s ACS URL; it ends with the connection id.</span></div>
<div class="field"><label for="audience">Audience <span class="hint">(optional, the ACS URL where empty)</span></label>
<input id="audience" name="audience"></div>
<div class="field"><label for="relay_state">RelayState <span class="hint">(optional)</span></label>
<input id="relay_state" name="relay_state"></div>
<button class="primary">Choose who signs in</button>
</div>
</form>
</section>
<section>
<h2>SAML connection</h2>
${facts({
  'Entity ID': saml.entity_id,
  'Single sign-on URL': saml.sso_url,
  'Metadata URL': link(saml.metadata_url),
})}
</section>
<section>
<h2>OpenID Connect connection</h2>
${facts({ Issuer: oidc.issuer, Discovery: link(`${oidc.issuer}/.well-known/openid-configuration`), 'Client ID': oidc.client_id, 'Client secret': oidc.client_secret })}
</section>`
  return page(c, { title: 'About', body, wide: true })
}

function link(url: string): Markup {
  return html`<a href="${url}">${url}</a>`
}
