/** Misconfigurations of SAML: an identity provider that answers as its admin has set it up. */
import { X509Certificate } from 'node:crypto'
import { IDP } from '../../src/saml/signing.test-kit.ts'
import { type Answer, certificate, connectIdP, respond } from '../../src/sso/saml-idp.test-kit.ts'
import type { Submission } from '../../src/test-idp/press-button.ts'
import { Browser, base_url, newSetup, type Setup } from '../login.ts'
import { assertExplained, type Case, type Names, type Told } from './explain.ts'

export interface Mistake {
  name: string
  /** The product that the connection names. */
  provider?: string
  connection?: Record<string, unknown>
  /** Done after the connection is made; returns further names. */
  before?: (setup: Setup, names: Names) => Promise<Names>
  answer?: Answer | ((names: Names) => Answer)
  /** Changes what the browser brings. */
  brought?: (submission: Submission, names: Names) => Submission
  /** Begun at the identity provider. */
  unasked?: true
  told: Told
}

/** The cases of these mistakes. */
export function samlCases(mistakes: readonly Mistake[]): Case[] {
  return mistakes.map((mistake) => ({
    name: mistake.name,
    kind: 'saml',
    run: () => run(mistake),
  }))
}

async function run({ provider, connection, before, answer = {}, ...mistake }: Mistake) {
  const setup = await newSetup()
  const connection_id = await connectIdP(setup.project, setup.organization_id, {
    ...(provider && { identity_provider: provider }),
    ...connection,
  })
  const acs = `${base_url}/v1/b2b/sso/callback/${connection_id}`
  const names: Names = { connection: connection_id, acs, idp: IDP, ...own, ...hours() }
  if (before) Object.assign(names, await before(setup, names))
  const browser = new Browser()
  const started = mistake.unasked ? null : await browser.start(setup, connection_id)
  const submission = respond(
    connection_id,
    started,
    typeof answer === 'function' ? answer(names) : answer,
  )
  const response = await browser.submit(mistake.brought?.(submission, names) ?? submission)
  await assertExplained(setup, response, mistake.told, names)
}

/** SHA-256 of a certificate, as traces write it. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
}

const own: Names = { certificate: fingerprint(certificate) }

/** Beginnings of times around now: what a test runs into was not yet so when it was loaded. */
function hours(): Names {
  const hour = (seconds: number) => at(seconds).slice(0, 13)
  return { hour: hour(0), hour_in_ten_minutes: hour(600), hour_five_minutes_ago: hour(-300) }
}

/** A time in SAML's form, from now. */
export function at(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString()
}

/** An AudienceRestriction for one application. */
export function audience(name: string): string {
  return `<saml:AudienceRestriction><saml:Audience>${name}</saml:Audience></saml:AudienceRestriction>`
}
