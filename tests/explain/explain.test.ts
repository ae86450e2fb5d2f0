import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Case } from './explain.ts'
import { neverBackCases } from './never-back.ts'
import { oidcCases } from './oidc.ts'
import { claimMistakes } from './oidc-claims.ts'
import { endpointMistakes } from './oidc-endpoints.ts'
import { refusalMistakes } from './oidc-refusals.ts'
import { tokenMistakes } from './oidc-tokens.ts'
import { policyCases } from './policy.ts'
import { samlCases } from './saml.ts'
import { nameMistakes } from './saml-addresses.ts'
import { attributeMistakes } from './saml-attributes.ts'
import { certificateMistakes } from './saml-certificates.ts'
import { encryptionMistakes } from './saml-encryption.ts'
import { statusMistakes } from './saml-status.ts'
import { wayMistakes } from './saml-ways.ts'
import { startCases } from './start.ts'

const cases: readonly Case[] = [
  ...samlCases([
    ...certificateMistakes,
    ...encryptionMistakes,
    ...nameMistakes,
    ...wayMistakes,
    ...statusMistakes,
    ...attributeMistakes,
  ]),
  ...oidcCases([...tokenMistakes, ...claimMistakes, ...endpointMistakes, ...refusalMistakes]),
  ...policyCases,
  ...startCases,
  ...neverBackCases,
]

for (const { kind, name, run } of cases) test(`explained (${kind}): ${name}`, run)

test('at least 40 misconfigurations are explained, 24 of SAML and 12 of OpenID Connect', (t) => {
  const count = (kind: Case['kind']) => cases.filter((one) => one.kind === kind).length
  const kinds = [...new Set(cases.map(({ kind }) => kind))]
  t.diagnostic(
    `${cases.length} misconfigurations: ${kinds.map((kind) => `${count(kind)} ${kind}`).join(', ')}`,
  )
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
  assert.ok(cases.length >= 40 && count('saml') >= 24 && count('oidc') >= 12)
})
