/** The error envelope as every SDK needs it. */
import assert from 'node:assert/strict'
import type { RawAnswer } from './raw-http.ts'

const leaks = /node_modules|\bat .+\.ts:\d|select .+ from |insert into|syntax error at|pg_|kysely/i

/**
 * Asserts that an answer is the envelope of five fields: a status from 400 to 499, that of the body, and
 * nothing of the program's inside. With a refusal as `400 bad_request`, that it is this one.
 */
export function assertEnvelope(answer: RawAnswer, what: string, refusal?: string): void {
  const { status, headers, text } = answer
  const body = answer.body ?? {}
  const said = `${what}: ${status} ${text.slice(0, 400)}`
  assert.ok(status >= 400 && status < 500, said)
  assert.match(headers.get('content-type') ?? '', /^application\/json\b/, said)
  const { error_details: _, ...five } = body
  const names = ['error_message', 'error_type', 'error_url', 'request_id', 'status_code']
  assert.deepEqual(Object.keys(five).sort(), names, said)
  assert.equal(body.status_code, status, said)
  assert.match(body.request_id, /^request-id-test-[0-9a-f-]{36}$/, said)
  assert.ok(body.error_url.endsWith(`/errors/${body.error_type}`), said)
  assert.doesNotMatch(body.error_message, leaks, said)
  if (refusal) assert.equal(`${status} ${body.error_type}`, refusal, said)
}
