import assert from 'node:assert/strict'
import { test } from 'node:test'
import { server } from '../../tests/harness.ts'
import { api } from '../api.ts'

test('/openapi.json describes every endpoint, with what it takes and answers', async () => {
  const { app } = await server()
  const response = await app.request('/openapi.json')
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  // biome-ignore lint/suspicious/noExplicitAny: a document, looked into place by place
  const document: any = await response.json()
  const ids = new Set<string>()
  for (const { method, path, auth, output, permission } of api) {
    const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    assert.ok(operation, `${method} ${path}`)
    ids.add(operation.operationId)
    const answer = operation.responses[200].content['application/json'].schema
    const fields = ['status_code', 'request_id', ...Object.keys(output.shape)]
    assert.deepEqual(Object.keys(answer.properties), fields)
    assert.deepEqual(operation.security, auth === 'none' ? [] : undefined)
    const headers = operation.parameters.filter((each: { in: string }) => each.in === 'header')
    assert.equal(headers.length, permission ? 2 : 0)
  }
  assert.equal(ids.size, api.length)
  const { Organization, MemberSession } = document.components.schemas
  const moment = { type: 'string', format: 'date-time' }
  assert.deepEqual(Organization.properties.created_at, moment)
  assert.deepEqual(MemberSession.properties.expires_at, moment)
})
