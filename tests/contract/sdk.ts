/** The official Node SDK, unmodified, against the listening server. */
import assert from 'node:assert/strict'
import { B2BClient, StytchError } from 'stytch'
import { errorCatalogue } from '../../src/http/errors.ts'
import type { TestProject } from '../harness.ts'
import { base_url } from '../login.ts'
import { listening } from './listening.ts'
import type { Tenant } from './tenant.ts'

/** A call that must be good, by the SDK. */
export type Scenario = (client: B2BClient, tenant: Tenant) => Promise<void>

/** A client of the project, made as the SDK's documentation says. */
export async function newClient({ project_id, secret }: TestProject): Promise<B2BClient> {
  return new B2BClient({ project_id, secret, env: (await listening()).url })
}

/** Asserts that a call throws a StytchError with all five fields, and returns it. */
export async function assertThrows(
  call: Promise<unknown>,
  status_code: number,
  error_type: string,
): Promise<StytchError> {
  const error = await call.then(
    () => assert.fail(`the call succeeded instead of throwing ${error_type}`),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof StytchError)) throw error
  assert.deepEqual([error.status_code, error.error_type], [status_code, error_type])
  assert.equal(errorCatalogue.get(error_type)?.status, status_code)
  assert.match(error.error_message, /\S.*\.$/)
  assert.match(error.request_id, /^request-id-test-[0-9a-f-]{36}$/)
  assert.equal(error.error_url, `${base_url}/errors/${error_type}`)
  return error
}
