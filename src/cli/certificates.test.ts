import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseURL, newProject, server } from '../../tests/harness.ts'
import { addCertificates, newOwnedConnection } from '../sso/certificates-due.test-kit.ts'
import {
  create,
  createActive,
  newCertificate,
  newTenant,
  serveLocally,
  sso,
} from '../sso/connection.test-kit.ts'
import { setConnectionOptions } from '../sso/connection-options.ts'
import { connectionRow } from '../sso/connections.ts'
import { metadataXML } from '../sso/metadata-refresh.test-kit.ts'
import { runCommand } from './commands.ts'

/** Runs a command on the database of this run, as on a server that may reach this machine. */
async function portcullis(...args: string[]) {
  await server()
  const set = {
    DATABASE_URL: await databaseURL(),
    PORTCULLIS_ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    PORTCULLIS_ALLOWED_PRIVATE_HOSTS: '127.0.0.1',
  }
  const before = Object.keys(set).map((name) => [name, process.env[name]] as const)
  let [stdout, stderr] = ['', '']
  try {
    Object.assign(process.env, set)
    const code = await runCommand(args, {
      stdout: (text) => {
        stdout += text
      },
      stderr: (text) => {
        stderr += text
      },
    })
    return { code, stdout, stderr }
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
}

test('certificates list shows what ends, the first to end first, as a table and as JSON', async () => {
  const connection = await newOwnedConnection()
  const [first, second] = await addCertificates(connection, 'verification', [-2.5, 20.5])
  const [signing] = await addCertificates(connection, 'signing', [100])
  const list = (...args: string[]) =>
    portcullis('certificates', 'list', '--project', connection.project_id, ...args)
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await list('--json', ...args)
    assert.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout)
  }
  const idsOf = (page: { certificates: { certificate_id: string }[] }) =>
    page.certificates.map((each) => each.certificate_id)
  const { certificates, next_cursor } = await json()
  assert.deepEqual([idsOf({ certificates }), next_cursor], [[first, second], null])
  assert.deepEqual([certificates[0].days_left, certificates[0].replaced], [-3, true])
  assert.deepEqual(idsOf(await json('--within-days', '100')), [first, second, signing])
  assert.deepEqual(idsOf(await json('--urgent')), [second])
  const page = await json('--limit', '1')
  assert.deepEqual(idsOf(page), [first])
  assert.deepEqual(idsOf(await json('--limit', '1', '--cursor', page.next_cursor)), [second])
  const { stdout } = await list()
  assert.match(stdout, /^ENDS +DAYS +PURPOSE +REPLACED/)
  assert.match(stdout, new RegExp(`^[-\\d]{10} +20 +verification +no +\\S+ +Acme +${second}$`, 'm'))
  const { project_id } = await newProject()
  const none = await portcullis('certificates', 'list', '--project', project_id)
  assert.equal(none.stdout, 'No certificate ends by then.\n')
})

test('certificates list refuses what is missing or wrong', async () => {
  const { project_id } = await newProject()
  const cases: [number, RegExp, string[]][] = [
    [2, /--project is required/, []],
    [
      2,
      /--within-days is a number from 0 to 3650/,
      ['--project', project_id, '--within-days', 'x'],
    ],
    [2, /--limit is a number from 1 to 500/, ['--project', project_id, '--limit', '0']],
    [1, /There is no project/, ['--project', 'nobody']],
  ]
  for (const [code, message, args] of cases) {
    const answer = await portcullis('certificates', 'list', ...args)
    assert.equal(answer.code, code)
    assert.match(answer.stderr, message)
  }
})

/** A connection that was set up from metadata of a server on this machine. */
async function fromMetadata(certificates: readonly string[]) {
  const owner = await newTenant()
  const served = { status: 200, body: metadataXML({ certificates }) }
  const url = await serveLocally((_request, response) => {
    response.writeHead(served.status, { 'content-type': 'text/xml' }).end(served.body)
  })
  const { connection_id } = await create(owner, 'saml')
  const path = `saml/{}/connections/${connection_id}/url`
  assert.equal((await sso(owner, 'PUT', path, { metadata_url: `${url}/metadata` })).status, 200)
  return { owner, connection_id, served }
}

test('connection refresh-metadata reads them now and says what came of it', async () => {
  const [first, second] = [await newCertificate(), await newCertificate()]
  const { connection_id, served } = await fromMetadata([first])
  const refresh = async () => {
    const { code, stdout } = await portcullis(
      'connection',
      'refresh-metadata',
      connection_id,
      '--json',
    )
    return { code, ...JSON.parse(stdout) }
  }
  const { services } = await server()
  await services.db
    .updateTable('sso_connections')
    .set({ metadata_refresh: 'automatic' })
    .where('connection_id', '=', connection_id)
    .execute()
  assert.deepEqual(await refresh(), { code: 0, connection_id, outcome: 'unchanged' })
  served.body = metadataXML({ certificates: [first, second] })
  const taken = await refresh()
  assert.deepEqual(
    [taken.code, taken.outcome, taken.certificates_added.length, taken.certificates_removed],
    [0, 'taken', 1, []],
  )
  served.body = metadataXML({ certificates: [second], entity_id: 'urn:another' })
  const pending = await refresh()
  assert.deepEqual(
    [pending.code, pending.outcome, pending.idp_entity_id.after],
    [0, 'pending', 'urn:another'],
  )
  served.status = 500
  const failed = await refresh()
  assert.deepEqual([failed.code, failed.outcome], [1, 'failed'])
  assert.match(failed.error, /status 500/)
})

test('connection refresh-metadata refuses a connection that has none, or is not there', async () => {
  const { connection_id } = await createActive(await newTenant())
  const cases: [number, RegExp, string[]][] = [
    [1, /No metadata_url is known/, [connection_id]],
    [1, /not found|no SAML connection|could not be found/i, ['saml-connection-test-nobody']],
    [2, /Which connection/, []],
  ]
  for (const [code, message, args] of cases) {
    const answer = await portcullis('connection', 'refresh-metadata', ...args)
    assert.equal(answer.code, code, answer.stderr)
    assert.match(answer.stderr, message)
  }
})

test('doctor lists connections that may use SHA-1, and those whose metadata cannot be read', async () => {
  const { services } = await server()
  const { owner, connection_id, served } = await fromMetadata([await newCertificate()])
  served.status = 503
  await portcullis('connection', 'refresh-metadata', connection_id)
  const allow_sha1_until = new Date(Date.now() + 86_400_000)
  await setConnectionOptions(services.db, connection_id, { allow_sha1_until })
  const findings = async () => {
    const { stdout } = await portcullis('doctor', '--json')
    const all = JSON.parse(stdout).findings as { check: string; verdict: string; detail: string }[]
    return new Map(all.map((each) => [each.check, each]))
  }
  const found = await findings()
  const sha1 = found.get('sha1_permissions')!
  assert.equal(sha1.verdict, 'warn')
  const day = allow_sha1_until.toISOString().slice(0, 10)
  assert.ok(sha1.detail.includes(`${connection_id} until ${day}`), sha1.detail)
  const metadata = found.get('metadata')!
  assert.equal(metadata.verdict, 'warn')
  assert.match(metadata.detail, new RegExp(`${connection_id} since [-\\d]{10}: .*status 503`))
  await setConnectionOptions(services.db, connection_id, {
    allow_sha1_until: new Date(Date.now() - 1_000),
  })
  served.status = 200
  await portcullis('connection', 'refresh-metadata', connection_id)
  const { metadata_error } = (await connectionRow(
    services.db,
    owner.project.project_id,
    connection_id,
  ))!
  assert.equal(metadata_error, '')
  const mended = await findings()
  assert.ok(!mended.get('sha1_permissions')!.detail.includes(connection_id))
  assert.ok(!mended.get('metadata')!.detail.includes(connection_id))
})
