/** A login belongs to the browser that began it, in as many tabs as that browser likes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectOIDC, connectSAML, newOrganization, stage, startURL } from './stage.ts'
import { ada, assertLoggedIn, assertRefused, grace, newVisitor, signIn } from './visitor.ts'

test('two logins side by side in one browser both succeed', async (t) => {
  const parts = await stage()
  const [first, second] = [await newOrganization(parts), await newOrganization(parts)]
  const saml = await connectSAML(parts, first.organization_id)
  const oidc = await connectOIDC(parts, second.organization_id)
  const context = await newVisitor(t, parts)
  const [left, right] = [await context.newPage(), await context.newPage()]
  await left.goto(startURL(parts, saml))
  await right.goto(startURL(parts, oidc))
  await signIn(left, ada)
  await assertLoggedIn(left, parts, first.organization_slug, ada)
  await signIn(right, grace)
  await assertLoggedIn(right, parts, second.organization_slug, grace)
})

for (const connect of [connectSAML, connectOIDC]) {
  const label = connect === connectSAML ? 'SAML' : 'OIDC'
  const protocol = label.toLowerCase()
  test(`a login over ${label} that another browser began is refused, and still works in its own`, async (t) => {
    const parts = await stage()
    const { organization_id, organization_slug } = await newOrganization(parts)
    const connection_id = await connect(parts, organization_id)
    const page = await (await newVisitor(t, parts)).newPage()
    await page.goto(startURL(parts, connection_id))
    const at_idp = page.url()

    // The other one has the link to the identity provider, and a login of its own under way.
    for (const [error_type, reason, under_way] of [
      [`missing_${protocol}_csrf_cookie`, /did not send the cookie/, false],
      [`${protocol}_csrf_cookie_mismatch`, /started in another browser/, true],
    ] as const) {
      const other = await (await newVisitor(t, parts)).newPage()
      if (under_way) await other.goto(startURL(parts, connection_id))
      await other.goto(at_idp)
      await signIn(other, ada)
      await assertRefused(other, parts, {
        error_type,
        reason,
        who: 'You',
      })
    }
    await signIn(page, grace)
    await assertLoggedIn(page, parts, organization_slug, grace)
    const { members } = await parts.stytch.organizations.members.search({
      organization_ids: [organization_id],
    })
    assert.deepEqual(
      members.map((member) => member.email_address),
      [grace.email],
    )
  })
}

test('over http on this machine either cookie of a login is enough', async (t) => {
  const parts = await stage()
  const { organization_id, organization_slug } = await newOrganization(parts)
  const connection_id = await connectSAML(parts, organization_id)
  for (const kept of ['__Host-portcullis_login', 'portcullis_login']) {
    const context = await newVisitor(t, parts)
    const page = await context.newPage()
    await page.goto(startURL(parts, connection_id))
    const names = (await context.cookies(parts.base_url)).map(({ name }) => name).sort()
    assert.deepEqual(names, ['__Host-portcullis_login', 'portcullis_login'])
    await context.clearCookies({ name: names.find((name) => name !== kept)! })
    await signIn(page, grace)
    await assertLoggedIn(page, parts, organization_slug, grace)
  }
})
