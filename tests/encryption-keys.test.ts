/** Secrets at rest: rotation of the key while servers run, a key that is gone, values that were moved. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { encryptedColumns } from '../src/db/encrypted-columns.ts'
import { reEncrypt } from '../src/db/re-encrypt.ts'
import { createCipher } from '../src/db/secrets.ts'
import {
  assertFailsClosed,
  assertLogsIn,
  type Finding,
  key,
  keysInUse,
  type Node,
  newNode,
  newSetup,
  oidcSettings,
  portcullis,
  project,
  type Setup,
} from './encryption-keys.test-kit.ts'
import { testIdP } from './login.ts'

const [old, young] = [key('old', 1), key('new', 2)]

test('every column of bytes is a hash or takes part in the rotation', async () => {
  const { db } = (await newNode(old)).services
  const { rows } = await sql<{ name: string }>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = current_schema() and data_type = 'bytea'
      and table_name in (select tablename from pg_tables) order by 1`.execute(db)
  const rest = rows.map((row) => row.name).filter((name) => !name.endsWith('_hash'))
  const known = encryptedColumns.map(({ table, column }) => `${table}.${column}`)
  assert.deepEqual(rest, known.sort())
})

test('rotation under load: no login fails, nothing stays under the old key, which may then go', async () => {
  // The order of the documentation: behind the old one everywhere, to the front node by node, rotation.
  const [first, second] = [await newNode(`${old},${young}`), await newNode(`${young},${old}`)]
  const before = await newNode(old)
  const setups = [await newSetup(before), await newSetup(first)]
  await assertLogsIn(before, setups[0]!.saml) // makes the key that signs session JWTs
  for (let i = 0; i < 10; i++) setups.push(await newSetup(first))
  const [{ organization_id, oidc }] = setups as [Setup]
  const idp = await testIdP()
  let going = true
  let logins = 0
  let writes = 0
  const work = [first, second].flatMap((node) => [
    (async () => {
      for (let i = 0; going; i++, logins++) {
        const setup = setups[i % setups.length]!
        await assertLogsIn(node, i % 2 ? setup.saml : setup.oidc)
      }
    })(),
    (async () => {
      for (; going; writes++) {
        const path = `/v1/b2b/sso/oidc/${organization_id}/connections/${oidc}`
        const answer = await node.call('PUT', path, oidcSettings(idp.oidc))
        assert.equal(answer.status_code, 200)
        await setTimeout(5)
      }
    })(),
  ])
  const done = reEncrypt(second.services.db, second.services.cipher, {
    batch: 2,
    onProgress: () => {},
  })
  const { columns, unreadable } = await done
  while (logins < 8) await setTimeout(20)
  going = false
  await Promise.all(work)
  assert.deepEqual(unreadable, [])
  for (const { column, re_encrypted } of columns) assert.ok(re_encrypted > 0, column)
  assert.ok(writes > 0)

  // What the node wrote that still had the old key in front.
  await reEncrypt(second.services.db, second.services.cipher)
  assert.deepEqual(Object.keys(await keysInUse(second)), ['new'])
  const third = await newNode(young)
  for (const { saml, oidc } of setups) {
    await assertLogsIn(third, saml)
    await assertLogsIn(third, oidc)
  }
  assert.equal((await third.call('GET', '/v1/debug/whoami')).status_code, 200)
})

test('a secret that a server changes at that moment stays what the server made it', async () => {
  const node = await newNode(young)
  const { oidc } = await newSetup(node)
  const { db, cipher } = node.services
  const place = { table: 'sso_connections', column: 'client_secret', row: oidc }
  const change = cipher.encrypt('changed meanwhile', place)
  const rotated = createCipher(`${key('other', 3)},${young}`)
  const rotation = await db.transaction().execute(async (trx) => {
    await sql`update sso_connections set client_secret = ${change} where connection_id = ${oidc}`.execute(
      trx,
    )
    // It reads the value before the change, and waits for this transaction to replace it.
    const rotation = reEncrypt(db, rotated)
    await waitForLock(node)
    return { rotation }
  })
  await rotation.rotation
  const { client_secret } = await db
    .selectFrom('sso_connections')
    .select('client_secret')
    .where('connection_id', '=', oidc)
    .executeTakeFirstOrThrow()
  assert.equal(rotated.decrypt(client_secret!, place), 'changed meanwhile')
  await reEncrypt(db, createCipher(`${young},${key('other', 3)}`))
})

async function waitForLock({ services }: Node): Promise<void> {
  for (;;) {
    const { rows } = await sql`select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(services.db)
    if (rows.length > 0) return
    await setTimeout(10)
  }
}

test('a rotation that was ended is taken up where it stopped', async () => {
  const node = await newNode(`${key('next', 4)},${young},${old}`)
  await newSetup(await newNode(young))
  await newSetup(await newNode(young))
  const stop = new Error('ended')
  const ending = reEncrypt(node.services.db, node.services.cipher, {
    batch: 1,
    onProgress(column) {
      if (column.startsWith('saml_keys')) throw stop
    },
  })
  await assert.rejects(ending, stop)
  const counts = await keysInUse(node)
  assert.ok(counts.next! > 0 && counts.new! > 0)
  const { columns } = await reEncrypt(node.services.db, node.services.cipher)
  const rest = columns.reduce((sum, each) => sum + each.re_encrypted, 0)
  assert.equal(rest, counts.new)
  assert.deepEqual(await keysInUse(node), { next: counts.next! + counts.new! })
})

test('keys rotate --encryption rotates, says what may go, and doctor what is lacking', async () => {
  const ring = `${key('last', 5)},${key('next', 4)},${young}`
  const setup = await newSetup(await newNode(key('next', 4)))
  const lacking = await portcullis(key('last', 5), 'doctor', '--json')
  assert.equal(lacking.code, 1)
  const finding = lacking.result.findings.find((each: Finding) => each.check === 'encryption_keys')
  assert.equal(finding.verdict, 'fail')
  assert.match(finding.detail, /the ring has no key "next", which \d+ of saml_keys\.private_key/)
  const partly = await portcullis(key('last', 5), 'keys', 'rotate', '--encryption', '--json')
  assert.equal(partly.code, 1, 'what cannot be read is a failure')
  assert.deepEqual(partly.result.missing_key_ids, ['next'])
  assert.match(partly.result.unreadable[0].reason, /holds no key "next"/)
  const outdated = await portcullis(ring, 'doctor', '--json')
  const before = outdated.result.findings.find((each: Finding) => each.check === 'encryption_keys')
  assert.match(before.detail, /values not with the first key: keys rotate --encryption/)

  const { code, result } = await portcullis(ring, 'keys', 'rotate', '--encryption', '--json')
  assert.equal(code, 0)
  assert.equal(result.encryption_key_id, 'last')
  assert.deepEqual(result.unused_key_ids, ['next', 'new'])
  assert.deepEqual(result.missing_key_ids, [])
  assert.ok(result.columns.every((each: { re_encrypted: number }) => each.re_encrypted > 0))
  assert.deepEqual(
    new Set(result.key_use.map((use: { key_id: string }) => use.key_id)),
    new Set(['last']),
  )
  await assertLogsIn(await newNode(key('last', 5)), setup.oidc)
  const well = await portcullis(key('last', 5), 'doctor', '--json')
  assert.equal(well.code, 0, JSON.stringify(well.result))
  const changed = await portcullis(key('last', 6), 'doctor', '--json')
  assert.match(JSON.stringify(changed.result), /does not open with the key/)
  const both = await portcullis(ring, 'keys', 'rotate', '--encryption', '--project', 'a-test')
  assert.equal(both.code, 2)
})

test('without its key a connection fails closed and tells the operator; the server goes on', async () => {
  const node = await newNode(key('last', 5))
  const setup = await newSetup(node)
  const without = await newNode(key('other', 6))
  for (const connection_id of [setup.saml, setup.oidc])
    await assertFailsClosed(without, connection_id, /holds no key "last", which .*key|secret/)
  const jwks = await without.call('GET', `/v1/b2b/sessions/jwks/${project.project_id}`)
  assert.equal(jwks.status_code, 500)
  assert.equal(jwks.error_type, 'internal_server_error')
  const list = await without.call('GET', `/v1/b2b/sso/${setup.organization_id}`)
  assert.equal(list.status_code, 200, 'what needs no secret is answered')
  const own = await newSetup(without)
  const { services } = without
  await sql`delete from signing_keys`.execute(services.db)
  services.caches.drop('keys', project.project_id)
  await assertLogsIn(without, own.oidc)
  await sql`delete from signing_keys`.execute(services.db)
})

test('a secret that was moved to another row or column is refused', async () => {
  const node = await newNode(key('last', 5))
  const [mine, theirs] = [await newSetup(node), await newSetup(node)]
  const { db } = node.services
  await sql`update sso_connections set client_secret = (
      select client_secret from sso_connections where connection_id = ${theirs.oidc})
    where connection_id = ${mine.oidc}`.execute(db)
  await sql`update saml_keys set private_key = (
      select private_key from saml_keys where connection_id = ${theirs.saml} and purpose = 'signing')
    where connection_id = ${mine.saml} and purpose = 'signing'`.execute(db)
  const fresh = await newNode(key('last', 5))
  for (const connection_id of [mine.saml, mine.oidc])
    await assertFailsClosed(fresh, connection_id, /does not open with the key "last"/)
  await assertLogsIn(fresh, theirs.saml)
  await sql`update sso_connections set client_secret = (
      select private_key from saml_keys where connection_id = ${theirs.saml} and purpose = 'signing')
    where connection_id = ${mine.oidc}`.execute(db)
  const other = await newNode(key('last', 5))
  await assertFailsClosed(other, mine.oidc, /sso_connections.client_secret of .* does not open/)
  const { unreadable } = await reEncrypt(db, createCipher(`${key('x', 9)},${key('last', 5)}`))
  assert.deepEqual(unreadable.map(({ row }) => row).includes(mine.oidc), true)
  await reEncrypt(db, createCipher(`${key('last', 5)},${key('x', 9)}`))
})
