import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Services } from '../context.ts'
import type { Connection } from './connections.ts'
import type { NewFlow } from './flow.ts'
import { recallFlow, rememberFlow } from './remembered-flows.ts'

const connection = { project_id: 'project-1', connection_id: 'connection-1' } as Connection
const at = new Date(0)

function newFlow(state: string): NewFlow {
  return {
    flow_id: `flow ${state}`,
    request_id: 'request-id',
    state,
    cookie: `cookie of ${state}`,
    idp_request_id: '_1',
    scopes: '',
    pkce_code_challenge: '',
    login_redirect_url: '',
    signup_redirect_url: '',
    tested_by: null,
  }
}

test('a flow is given out once, to its own connection alone, without the secrets of the browser', () => {
  const services = { caches: {} } as Services
  rememberFlow(services, connection, newFlow('a'), at)
  assert.equal(recallFlow(services, { ...connection, connection_id: 'other' }, 'a'), undefined)
  assert.equal(recallFlow(services, { ...connection, project_id: 'other' }, 'a'), undefined)
  assert.equal(recallFlow({ caches: {} } as Services, connection, 'a'), undefined)
  const flow = recallFlow(services, connection, 'a')
  assert.deepEqual([flow?.flow_id, flow?.state, flow?.started_at], ['flow a', 'started', at])
  assert.ok(!JSON.stringify(flow).includes('cookie of a'))
  assert.equal(recallFlow(services, connection, 'a'), undefined)
})

test('no more than 10,000 flows are remembered: the oldest are forgotten', () => {
  const services = { caches: {} } as Services
  for (let i = 0; i <= 10_000; i += 1) rememberFlow(services, connection, newFlow(String(i)), at)
  assert.equal(recallFlow(services, connection, '0'), undefined)
  for (const state of ['1', '10000'])
    assert.equal(recallFlow(services, connection, state)?.flow_id, `flow ${state}`)
})
