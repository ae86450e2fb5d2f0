import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, newProject, server } from '../../tests/harness.ts'
import { createSecret, listSecrets, revokeSecret } from './secrets.ts'

test('whoami answers with the project of the credentials', async () => {
  const project = await newProject()
  const answer = await call(project, 'GET', '/v1/debug/whoami')
  assert.equal(answer.status, 200)
  assert.equal(answer.body.project_id, project.project_id)
  assert.match(answer.body.request_id, /^request-id-test-/)
  assert.equal(answer.body.status_code, 200)
})

test('several secrets are active at once, and a revoked one is refused', async () => {
  const project = await newProject()
  const { services } = await server()
  const second = await createSecret(services.db, { project_id: project.project_id })
  const as = (secret: string) => ({
    ...project,
    authorization: `Basic ${Buffer.from(`${project.project_id}:${secret}`).toString('base64')}`,
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal((await call(as(second.secret), 'GET', '/v1/debug/whoami')).status, 200)
  const [first] = await listSecrets(services.db, project.project_id)
  await revokeSecret(services.db, { project_id: project.project_id, secret_id: first!.secret_id })
  await new Promise((resolve) => setTimeout(resolve, 200))
  const refused = await call(project, 'GET', '/v1/debug/whoami')
  assert.equal(refused.status, 401)
  assert.equal(refused.body.error_type, 'unauthorized_credentials')
  assert.equal((await call(as(second.secret), 'GET', '/v1/debug/whoami')).status, 200)
})
