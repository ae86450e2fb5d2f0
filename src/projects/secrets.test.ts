import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProject, server } from '../../tests/harness.ts'
import { addRedirectURL, listRedirectURLs, makeDefaultRedirectURL } from './redirect-urls.ts'
import {
  createPublicToken,
  createSecret,
  deletePublicToken,
  listPublicTokens,
  listSecrets,
  rotateSecret,
} from './secrets.ts'

test('a rotation adds a secret and limits the old one, in one step', async () => {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  const [old] = await listSecrets(db, project_id)
  const now = new Date()
  const old_expires_at = new Date(now.getTime() + 3_600_000)
  const rotate = { project_id, secret_id: old!.secret_id, old_expires_at, now }
  const rotated = await rotateSecret(db, rotate)
  const secrets = await listSecrets(db, project_id)
  assert.deepEqual(
    secrets.map(({ secret_id, expires_at }) => [secret_id, expires_at]),
    [
      [old!.secret_id, old_expires_at],
      [rotated.secret_id, null],
    ],
  )
  const other = await newProject()
  await assert.rejects(rotateSecret(db, { ...rotate, project_id: other.project_id }), {
    error_type: 'secret_not_found',
  })
  assert.equal((await listSecrets(db, other.project_id)).length, 1)
})

test('of two public tokens that are deleted at a time, one stays', async () => {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  await createPublicToken(db, { project_id })
  const tokens = await listPublicTokens(db, project_id)
  const results = await Promise.allSettled(
    tokens.map(({ public_token }) => deletePublicToken(db, { project_id, public_token })),
  )
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await listPublicTokens(db, project_id)).length, 1)
})

test('of URLs that become the default at a time, one is it in the end', async () => {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  const urls = ['a', 'b', 'c', 'd'].map((name) => `https://${name}.example.com/`)
  for (const url of urls) await addRedirectURL(db, { project_id, url, types: ['LOGIN'] })
  await Promise.all(
    urls.map((url) => makeDefaultRedirectURL(db, { project_id, url, type: 'LOGIN' })),
  )
  const rows = await listRedirectURLs(db, project_id)
  assert.equal(rows.filter(({ is_default }) => is_default).length, 1)
})

test('the last four characters of a secret are those that are listed', async () => {
  const { project_id } = await newProject()
  const { db } = (await server()).services
  const { secret, last_four } = await createSecret(db, { project_id })
  assert.ok(secret.endsWith(last_four))
  assert.equal((await listSecrets(db, project_id)).at(-1)!.last_four, last_four)
})
