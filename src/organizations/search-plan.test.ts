import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newProject, server, type TestProject } from '../../tests/harness.ts'
import { parseOperands } from '../http/search.ts'
import { matching, organizationFilters } from './search.ts'

/** Writes a tenant of 8,000 organizations, each with a member, some with a connection. */
async function largeProject(): Promise<TestProject> {
  const project = await newProject()
  const { services } = await server()
  const series = sql`generate_series(1, 8000) as n`
  const id = sql`'organization-test-01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0')`
  await sql`insert into organizations (project_id, organization_id, organization_name,
      organization_slug, organization_external_id, sso_jit_provisioning, email_allowed_domains,
      claimed_email_domains, email_jit_provisioning, email_invites, auth_methods, mfa_policy,
      mfa_methods, oauth_tenant_jit_provisioning, first_party_connected_apps_allowed_type,
      third_party_connected_apps_allowed_type, created_at, updated_at)
    select ${project.project_id}, ${id}, 'Company ' || md5(n::text), 'company-' || md5(n::text),
      'ext-' || n, 'ALL_ALLOWED', array[md5(n::text) || '.example'],
      array[md5(n::text) || '.example'], 'NOT_ALLOWED', 'ALL_ALLOWED', 'ALL_ALLOWED', 'OPTIONAL',
      'ALL_ALLOWED', 'NOT_ALLOWED', 'ALL_ALLOWED', 'ALL_ALLOWED', now(), now()
    from ${series}`.execute(services.db)
  await sql`insert into members (project_id, organization_id, member_id, email_address, status,
      created_at, updated_at)
    select ${project.project_id}, ${id}, 'member-test-' || n, md5(n::text) || '@acme.example',
      'active', now(), now()
    from ${series}`.execute(services.db)
  await sql`insert into sso_connections (project_id, organization_id, connection_id, type, status,
      created_at, updated_at)
    select ${project.project_id}, ${id}, 'saml-connection-test-' || n, 'saml', 'active', now(), now()
    from ${series} where n % 10 = 7`.execute(services.db)
  await sql`vacuum analyze organizations, members, sso_connections`.execute(services.db)
  return project
}

const one = '62d4ab2d5cd4d0ea4c0c6f6e0e6a0b9a'

const selective: [string, unknown][] = [
  ['organization_ids', ['organization-test-x', 'ext-77']],
  ['organization_slugs', [`company-${one}`]],
  ['organization_slug_fuzzy', one.slice(0, 12)],
  ['organization_name_fuzzy', one.slice(0, 12)],
  ['member_emails', [`${one}@acme.example`]],
  ['member_email_fuzzy', one.slice(0, 12)],
  ['allowed_domains', [`${one}.example`]],
  ['allowed_domain_fuzzy', one.slice(0, 12)],
  ['claimed_email_domains', [`${one}.example`]],
  ['sso_connection_id', 'saml-connection-test-77'],
]

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: PlanNode[]
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)]
}

async function planOf(
  project: TestProject,
  operands: [string, unknown][],
  operator = 'AND',
): Promise<PlanNode[]> {
  const { services } = await server()
  const query = {
    operator,
    operands: operands.map(([filter_name, filter_value]) => ({ filter_name, filter_value })),
  }
  const search = parseOperands('organization', query, organizationFilters)
  const statement = matching(project.project_id, search, '', 100)
  const explained = await sql<{ 'QUERY PLAN': { Plan: PlanNode }[] }>`explain
    (analyze, format json) ${statement}`.execute(services.db)
  return nodesOf(explained.rows[0]!['QUERY PLAN'][0]!.Plan)
}

function assertNothingIsReadThrough(plan: PlanNode[], text: string): void {
  for (const node of plan) {
    assert.notEqual(node['Node Type'], 'Seq Scan', `${text}: ${JSON.stringify(node)}`)
    const read =
      (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
    assert.ok(read < 1_000, `${text} reads ${read} rows: ${JSON.stringify(node)}`)
  }
}

test('a search among 8,000 organizations reads through an index, whatever its filter', async () => {
  const project = await largeProject()
  for (const operand of selective)
    assertNothingIsReadThrough(await planOf(project, [operand]), operand[0])
  assertNothingIsReadThrough(await planOf(project, selective.slice(1, 7)), 'all')
  assertNothingIsReadThrough(await planOf(project, selective.slice(1, 7), 'OR'), 'any')
})
