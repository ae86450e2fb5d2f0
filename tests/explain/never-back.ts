/** Logins that ended on a page of the identity provider, or in the application: nothing came back here. */
import assert from 'node:assert/strict'
import { lastFlow } from '../../src/sso/login.test-kit.ts'
import { getLogin } from '../../src/sso/login-trace.ts'
import { connectIdP } from '../../src/sso/saml-idp.test-kit.ts'
import type { findingOf } from '../../src/sso/trace-finding.ts'
import { server } from '../harness.ts'
import { Browser, connectOIDC, newSetup, type Setup } from '../login.ts'
import type { Case } from './explain.ts'

interface Mistake {
  name: string
  connect: (setup: Setup) => Promise<string>
  finding: NonNullable<ReturnType<typeof findingOf>>['name']
  who: 'it_admin' | 'developer'
  /** Each must stand in a hint. `{callback}` is the address that the identity provider must know. */
  hints: (RegExp | string)[]
}

const never = { finding: 'never_came_back' as const, who: 'it_admin' as const }
const saml = (changes: Record<string, unknown>) => (setup: Setup) =>
  connectIdP(setup.project, setup.organization_id, changes)
const oidc = (changes: Record<string, unknown>) => (setup: Setup) =>
  connectOIDC(setup.project, setup.organization_id, changes)

const mistakes: readonly Mistake[] = [
  {
    ...never,
    name: 'the person is not assigned to the app in Okta',
    connect: saml({ identity_provider: 'okta' }),
    hints: [/“App Not Assigned”.*Assignments/, '{callback}'],
  },
  {
    ...never,
    name: 'Google knows no app of this entity id (app_not_configured)',
    connect: saml({ identity_provider: 'google-workspace' }),
    hints: [/app_not_configured.*“Entity ID”/, /“ACS URL”/, '{callback}'],
  },
  {
    ...never,
    name: 'the reply URL in Entra is another one (AADSTS50011)',
    connect: saml({ identity_provider: 'microsoft-entra' }),
    hints: [/AADSTS50011.*“Reply URL/, /AADSTS50105/, '{callback}'],
  },
  {
    ...never,
    name: 'AD FS knows no relying party of this identifier',
    connect: saml({ idp_sso_url: 'https://fs.acme.example/adfs/ls/' }),
    hints: [/Identifiers.*audience_uri/, /activity id/, '{callback}'],
  },
  {
    ...never,
    name: 'the single sign-on URL leads to a page that is none',
    connect: saml({ idp_sso_url: 'https://idp.example/wrong/path' }),
    hints: [/https:\/\/idp\.example\/wrong\/path.*idp_sso_url/, '{callback}'],
  },
  {
    ...never,
    name: 'the redirect URL is not registered with the client in Google',
    connect: oidc({ identity_provider: 'google-workspace' }),
    hints: [/redirect_uri_mismatch.*“Authorized redirect URIs”/, '{callback}'],
  },
  {
    ...never,
    name: 'the redirect URL is not registered with the client in Keycloak',
    connect: oidc({ identity_provider: 'keycloak' }),
    hints: [/Invalid parameter: redirect_uri.*“Valid redirect URIs”/, '{callback}'],
  },
  {
    ...never,
    name: 'the authorization URL leads to a page that is none',
    connect: oidc({ authorization_url: 'http://localhost:4001/oidc/wrong' }),
    hints: [/http:\/\/localhost:4001\/oidc\/wrong.*authorization_url/, '{callback}'],
  },
]

const minute = 60_000

async function run({ connect, finding, who, hints }: Mistake): Promise<void> {
  const setup = await newSetup()
  const connection = await connect(setup)
  await new Browser().start(setup, connection)
  const { flow_id, started_at } = await lastFlow(setup.project)
  const { services } = await server()
  const at = (ms: number) => new Date(started_at.getTime() + ms)
  const show = (now: Date) => getLogin(services.db, setup.project.project_id, flow_id, now)
  const login = await show(at(31 * minute))
  assert.deepEqual(
    [login?.state, login?.finding?.name, login?.finding?.who],
    ['expired', finding, who],
  )
  const callback = `/v1/b2b/sso/callback/${connection}`
  for (const hint of hints) {
    const holds = (text: string) =>
      typeof hint === 'string'
        ? text.includes(hint.replace('{callback}', callback))
        : hint.test(text)
    assert.ok(login!.finding!.hints.some(holds), `${hint} in ${login!.finding!.hints.join('\n')}`)
  }
  // The same is said while the person may still be at the identity provider.
  const waiting = await show(at(minute))
  assert.deepEqual(waiting?.finding?.hints, login!.finding!.hints)
}

export const neverBackCases: readonly Case[] = mistakes.map((mistake) => ({
  name: mistake.name,
  kind: 'never back',
  run: () => run(mistake),
}))
