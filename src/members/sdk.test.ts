/** The official Node SDK, unmodified, against these endpoints; and its types against theirs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  B2BClient,
  type B2BOrganizationsMembersCreateResponse,
  type B2BOrganizationsMembersDeleteResponse,
  type B2BOrganizationsMembersGetResponse,
  type B2BOrganizationsMembersReactivateResponse,
  type B2BOrganizationsMembersSearchResponse,
  type B2BOrganizationsMembersUpdateResponse,
  StytchError,
} from 'stytch'
import type { z } from 'zod'
import { listen, server } from '../../tests/harness.ts'
import type { createMember } from './create.ts'
import type { deleteMember, reactivateMember } from './delete.ts'
import type { dangerouslyGetMember, getMember } from './get.ts'
import { newOrganization } from './member.test-kit.ts'
import type { searchMembers } from './search.ts'
import type { updateMember } from './update.ts'

/** What can be null or undefined in ours is absent for the SDK, and must be optional there. */
type Wire<T> = unknown extends T
  ? T
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [K in keyof T as CanBeAbsent<T[K]> extends true ? never : K]: Wire<T[K]> } & {
          [K in keyof T as CanBeAbsent<T[K]> extends true ? K : never]?: Wire<NonNullable<T[K]>>
        }
      : T
type CanBeAbsent<T> = unknown extends T
  ? false
  : null extends T
    ? true
    : undefined extends T
      ? true
      : false
type Answer<E extends { output: z.ZodType }> = Wire<z.output<E['output']>> & {
  request_id: string
  status_code: number
}
type Satisfies<Ours extends Theirs, Theirs> = Ours

export type Contract = [
  Satisfies<Answer<typeof createMember>, B2BOrganizationsMembersCreateResponse>,
  Satisfies<Answer<typeof getMember>, B2BOrganizationsMembersGetResponse>,
  Satisfies<Answer<typeof dangerouslyGetMember>, B2BOrganizationsMembersGetResponse>,
  Satisfies<Answer<typeof updateMember>, B2BOrganizationsMembersUpdateResponse>,
  Satisfies<Answer<typeof deleteMember>, B2BOrganizationsMembersDeleteResponse>,
  Satisfies<Answer<typeof reactivateMember>, B2BOrganizationsMembersReactivateResponse>,
  Satisfies<Answer<typeof searchMembers>, B2BOrganizationsMembersSearchResponse>,
]

test('the SDK creates, gets, searches, updates, deletes and reactivates a member', async () => {
  const { project, organization, verifyAddress, sessionWith } = await newOrganization()
  const { organization_id } = organization
  const env = await listen((await server()).app)
  const { project_id, secret } = project
  const { members } = new B2BClient({ project_id, secret, env }).organizations
  const email_address = 'alice+x@acme.example'
  const external_id = 'crm|a.b_c-1'
  const { member, member_id } = await members.create({
    organization_id,
    email_address,
    external_id,
  })
  const found = await members.get({ organization_id, email_address })
  assert.deepEqual(found.member, member)
  const by_external_id = { organization_id, member_id: external_id }
  assert.deepEqual((await members.get(by_external_id)).member, member)
  const updated = await members.update({
    ...by_external_id,
    name: 'Alice',
    roles: ['stytch_admin'],
  })
  assert.deepEqual([updated.member.name, updated.member.is_admin], ['Alice', true])
  const searched = await members.search({ organization_ids: [organization_id] })
  assert.deepEqual(searched.members, [updated.member])
  assert.deepEqual(searched.organizations, { [organization_id]: updated.organization })
  await verifyAddress(member_id)
  assert.equal((await members.delete(by_external_id)).member_id, member_id)
  await assert.rejects(
    members.get({ organization_id, member_id }),
    (error) => error instanceof StytchError && error.error_type === 'member_not_found',
  )
  const deleted = await members.dangerouslyGet({ member_id, include_deleted: true })
  assert.equal(deleted.member.status, 'deleted')
  await assert.rejects(
    members.dangerouslyGet({ member_id }),
    (error) => error instanceof StytchError && error.status_code === 404,
  )
  assert.equal((await members.reactivate({ organization_id, member_id })).member.status, 'active')
  const session_token = Object.values(await sessionWith([]))[0]!
  await assert.rejects(
    members.update({ organization_id, member_id, name: 'x' }, { authorization: { session_token } }),
    (error) => error instanceof StytchError && error.error_type === 'session_authorization_error',
  )
})
