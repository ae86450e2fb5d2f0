import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashingInTurn, hashPassword, passwordProblem, verifyPassword } from './passwords.ts'

const email = 'ada.lovelace-of-london@example.com'

test('a password of 12 to 256 characters is taken, whatever characters they are', () => {
  for (const good of [
    'gravel-umber',
    'these are words',
    'ünïcode späßchen',
    '🦊🐻🐼🦁🐯🐮🐷🐸🐵🐔🐧🐦',
    'xk'.repeat(3) + 'lm'.repeat(125),
  ])
    assert.equal(passwordProblem(good, email), undefined, good)
  assert.match(passwordProblem('gravel-umbe', email)!, /at least 12/)
  // Twelve halves of characters are six.
  assert.match(passwordProblem('🦊🐻🐼🦁🐯🐮', email)!, /at least 12/)
  assert.match(passwordProblem('word '.repeat(52), email)!, /at most 256/)
  assert.match(passwordProblem('gravel-umber\0', email)!, /cannot be stored/)
  assert.match(passwordProblem('gravel-umber\ud800', email)!, /cannot be stored/)
})

test('the e-mail address and the commonest passwords are refused', () => {
  for (const mine of [email, email.toUpperCase(), 'ada.lovelace-of-london'])
    assert.match(passwordProblem(mine, email)!, /e-mail address/, mine)
  for (const common of [
    'password1234',
    'Password2026!',
    'PASSWORDPASSWORD',
    'administrator',
    'portcullis123',
    'qwertyuiop123',
    'letmein123456',
    '123456789012',
    '098765432109',
    'abcdefghijklm',
    'aaaaaaaaaaaa',
    'abcabcabcabcab',
    'test12341234',
  ])
    assert.match(passwordProblem(common, email)!, /among the first/, common)
})

test('a password that is looked at for common words takes no time, whatever it is made of', () => {
  const words = ['password', 'passwort', 'pa$$w0rd', 'administrator', 'qwertyuiop', 'asdfghjkl']
  for (const word of [...words, '1q2w3e4r5t6y', 'passphrase', 'abc', '1234', '_']) {
    const began = performance.now()
    passwordProblem(`${word.repeat(Math.floor(250 / word.length))}é`, email)
    const ms = performance.now() - began
    assert.ok(ms < 500, `${word}: ${Math.round(ms)} ms`)
  }
})

test('a password of a hundred thousand marks takes no time to be refused', async () => {
  const marks = `a${'\u0315\u0300'.repeat(100_000)}`
  const began = process.cpuUsage().user
  assert.match(passwordProblem(marks, email)!, /at most 256/)
  assert.equal(await verifyPassword(marks, undefined), false)
  const ms = (process.cpuUsage().user - began) / 1_000
  assert.ok(ms < 3_000, `${Math.round(ms)} ms`)
  // What is composed of several characters may still be typed so.
  assert.equal(passwordProblem('e\u0323\u0302'.repeat(100).concat('gravel'), email), undefined)
})

test('a hash holds its parameters and a salt of its own, and is that of its password alone', async () => {
  const [one, two] = await Promise.all([hashPassword('gravel-umber'), hashPassword('gravel-umber')])
  assert.match(one, /^\$scrypt\$ln=17,r=8,p=1\$[\w-]{22}\$[\w-]{43}$/)
  assert.notEqual(one, two)
  assert.equal(await verifyPassword('gravel-umber', one), true)
  assert.equal(await verifyPassword('gravel-umbeR', one), false)
  assert.equal(await verifyPassword('gravel-umber ', one), false)
  assert.equal(await verifyPassword('', one), false)
  assert.equal(await verifyPassword('gravel-umber', ''), false)
  assert.equal(await verifyPassword('gravel-umber', undefined), false)
  // Composed and decomposed, as keyboards differ.
  const composed = await hashPassword('caf\u00e9 au lait noir')
  assert.equal(await verifyPassword('cafe\u0301 au lait noir', composed), true)
})

test('a hash of older parameters is read with its own', async () => {
  // scrypt('gravel-umber', 'salt', 32, { N: 2 ** 4, r: 1, p: 1 })
  const old = '$scrypt$ln=4,r=1,p=1$c2FsdA$iG_ORk1q5w-4HwlCL7h-hsBiiksxBOPMWRa4CjEu4xI'
  assert.equal(await verifyPassword('gravel-umber', old), true)
  assert.equal(await verifyPassword('gravel-amber', old), false)
})

test('hashing goes two at a time, and beyond thirty that wait it is refused', async () => {
  let running = 0
  let most = 0
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const work = async () => {
    running += 1
    most = Math.max(most, running)
    await gate
    running -= 1
  }
  const all = Array.from({ length: 40 }, () => hashingInTurn(work))
  release()
  const settled = await Promise.allSettled(all)
  const refused = settled.filter((each) => each.status === 'rejected')
  assert.equal(most, 2)
  assert.deepEqual(
    refused.map(({ reason }) => reason.status),
    Array(8).fill(429),
  )
  assert.equal(await hashingInTurn(async () => 'free again'), 'free again')
})
