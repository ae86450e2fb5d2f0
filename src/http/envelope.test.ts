import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toApiError } from './envelope.ts'
import { ApiError } from './errors.ts'

function failure(fields: { code?: string; severity?: string; message?: string }): Error {
  return Object.assign(new Error(fields.message ?? 'told to nobody'), fields)
}

test('a database that is away, full or turned into a standby is 503, which says try again', () => {
  for (const away of [
    { code: 'ECONNREFUSED' },
    { code: 'EHOSTUNREACH' },
    { code: 'EAI_AGAIN' },
    { code: '57P01', severity: 'FATAL' },
    { code: '53100', severity: 'ERROR' },
    { code: '25006', severity: 'ERROR' },
    // pgbouncer, for 15 seconds after PostgreSQL was restarted
    { code: '08P01', severity: 'FATAL', message: 'server login has been failing, try again later' },
    { message: 'Connection terminated unexpectedly' },
  ]) {
    const { status, error_type } = toApiError(failure(away))
    assert.deepEqual([status, error_type], [503, 'server_unavailable'], JSON.stringify(away))
  }
})

test('what is a mistake of this server is 500', () => {
  for (const mistake of [
    { code: '08P01', severity: 'ERROR', message: 'bind message supplies 2 parameters' },
    { code: '42P01', severity: 'ERROR' },
    { message: 'x is not a function' },
  ]) {
    const { status, message } = toApiError(failure(mistake))
    assert.equal(status, 500, JSON.stringify(mistake))
    assert.ok(mistake.message === undefined || !message.includes(mistake.message))
  }
  assert.equal(toApiError(null).status, 500)
  const refusal = new ApiError('organization_not_found')
  assert.equal(toApiError(refusal), refusal)
})
