import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldNamed, inPlainNames } from './plain-names.ts'

test('messages of the API name fields as the pages do, and leave other names alone', () => {
  const cases: [string, string][] = [
    ['organization_name is required.', 'The name is required.'],
    ['The organization_slug is already used.', 'The slug is already used.'],
    [
      'It failed. token_url must be an https address.',
      'It failed. The token address must be an https address.',
    ],
    ['attribute_mapping must map email.', 'The attribute mapping must map email.'],
    ['Give either client_id or client_secret.', 'Give either the client ID or the client secret.'],
    [
      'Set PORTCULLIS_SMTP_URL, or constructor_name.',
      'Set PORTCULLIS_SMTP_URL, or constructor_name.',
    ],
    ['url: The address must be an https URL.', 'The address must be an https URL.'],
    ['display_name: must be text.', 'The name must be text.'],
    ['"x_organization_name_y" is unknown.', '"x_organization_name_y" is unknown.'],
  ]
  for (const [message, said] of cases) assert.equal(inPlainNames(message), said)
})

test('the field that a message names is known, if a form has one of that name', () => {
  assert.equal(fieldNamed('The organization_slug is already used.'), 'organization_slug')
  assert.equal(fieldNamed('Set PORTCULLIS_SMTP_URL or some_other.'), undefined)
})
