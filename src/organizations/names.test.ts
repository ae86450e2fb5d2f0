import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isExternalId, isSlug, slugOf } from './names.ts'

test('slugs have 2 to 128 of letters, digits and - . _ ~, and at least one letter or digit', () => {
  for (const slug of [
    'ab',
    'A1',
    '-a',
    'a.',
    '~_a',
    'x'.repeat(128),
    'organization',
    'my-organization-test-1',
  ])
    assert.equal(isSlug(slug), true, slug)
  for (const slug of ['', 'a', '--', '._~-', 'a b', 'a|b', 'a/b', 'é1', 'x'.repeat(129), 'ab\n'])
    assert.equal(isSlug(slug), false, slug)
})

test('external ids have 1 to 128 of letters, digits and . _ - |', () => {
  for (const id of ['1', '|', 'auth0|abc.d_e-f', 'x'.repeat(128)])
    assert.equal(isExternalId(id), true, id)
  for (const id of ['', 'a b', 'a~b', 'a/b', 'x'.repeat(129), 'a\n'])
    assert.equal(isExternalId(id), false, id)
})

test('what begins like one of our ids is neither', () => {
  for (const prefix of ['organization', 'member', 'project', 'saml-connection', 'oidc-connection'])
    for (const environment of ['test', 'live']) {
      assert.equal(isSlug(`${prefix}-${environment}-1`), false)
      assert.equal(isExternalId(`${prefix}-${environment}-1`), false)
    }
})

test('the slug that a name suggests can always be one', () => {
  assert.equal(slugOf('Acme'), 'acme')
  assert.equal(slugOf('  Ärzte & Söhne GmbH!  '), 'arzte-sohne-gmbh')
  for (const name of ['Organization Test 1', '☂', 'A', 'x '.repeat(64), '.'.repeat(128)])
    assert.equal(isSlug(slugOf(name)), true, `${name} -> ${slugOf(name)}`)
})
