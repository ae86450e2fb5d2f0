import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAddressReader, readTrustedProxies } from './client-address.ts'

test('an IPv4 address counts as itself, an IPv6 address as its /64, in every spelling', () => {
  const read = createAddressReader([])
  assert.equal(read('192.0.2.7', null), '192.0.2.7')
  assert.equal(read('::ffff:192.0.2.7', null), '192.0.2.7')
  assert.equal(read('::ffff:c000:207', null), '192.0.2.7')
  assert.equal(read('2001:db8:1:2::1', null), '2001:db8:1:2::/64')
  assert.equal(read('2001:DB8:1:2:ffff:ffff:ffff:ffff', null), '2001:db8:1:2::/64')
  assert.notEqual(read('2001:db8:1:3::1', null), read('2001:db8:1:2::1', null))
  assert.equal(read('fe80::1%eth0', null), 'fe80:0:0:0::/64')
  assert.equal(read(undefined, null), 'unknown')
})

test('X-Forwarded-For of a stranger is passed over, and told', () => {
  const told: string[] = []
  const read = createAddressReader(['10.0.0.0/8'], (peer) => told.push(peer))
  assert.equal(read('192.0.2.7', '198.51.100.1'), '192.0.2.7')
  assert.deepEqual(told, ['192.0.2.7'])
})

test('behind trusted proxies the right-most address counts that is none of theirs', () => {
  const read = createAddressReader(['10.0.0.0/8', '2001:db8:ffff::/48', '192.0.2.1'])
  const cases: [peer: string, header: string, expected: string][] = [
    ['10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '203.0.113.9, 198.51.100.1', '198.51.100.1'], // the client wrote 203.0.113.9
    ['10.0.0.1', '203.0.113.9,198.51.100.1 , 10.9.9.9,192.0.2.1', '198.51.100.1'],
    ['2001:db8:ffff::1', '2001:db8:5:6::7', '2001:db8:5:6::/64'],
    ['10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['10.0.0.1', '[2001:db8:5:6::7]:4711', '2001:db8:5:6::/64'],
    ['10.0.0.1', '[2001:db8:5:6::7]', '2001:db8:5:6::/64'],
    ['10.0.0.1', '10.1.1.1, 10.2.2.2', '10.1.1.1'], // nothing but proxies
    ['10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['10.0.0.1', '198.51.100.1, _hidden, 10.5.5.5', '10.5.5.5'],
    ['10.0.0.1', '198.51.100.1, 0x7f.1', '10.0.0.1'],
    ['10.0.0.1', '198.51.100.1, 010.0.0.1', '10.0.0.1'],
    ['10.0.0.1', ',', '10.0.0.1'],
  ]
  for (const [peer, header, expected] of cases)
    assert.equal(read(peer, header), expected, `${peer} ${header}`)
})

test('trusted proxies are addresses and ranges; anything else is a problem that names it', () => {
  const problems: string[] = []
  const good = ['10.0.0.0/8', '192.0.2.1', '::1', '2001:db8::/32', '::ffff:10.0.0.1']
  assert.deepEqual(readTrustedProxies(good, problems), good)
  assert.equal(problems.length, 0)
  const bad = [
    'proxy.example.com',
    '10.0.0.0/33',
    '10.0.0/8',
    '2001:db8::/129',
    '10.0.0.0/8/8',
    '*',
  ]
  assert.deepEqual(readTrustedProxies(bad, problems), [])
  assert.equal(problems.length, bad.length)
  for (const [index, entry] of bad.entries()) assert.ok(problems[index]!.includes(`"${entry}"`))
})

test('asked for the whole address, it is that, as people write it', () => {
  const read = createAddressReader(['10.0.0.0/8'], () => {}, String)
  assert.equal(read('::1', null), '::1')
  assert.equal(read('10.0.0.1', '2001:db8:0:0:0:0:0:7'), '2001:db8::7')
  assert.equal(read('::ffff:192.0.2.1', null), '192.0.2.1')
})
