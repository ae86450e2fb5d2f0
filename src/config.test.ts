import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, developmentConfig, readProductionConfig } from './config.ts'

const production = {
  PORTCULLIS_BASE_URL: 'https://sso.example.com',
  DATABASE_URL: 'postgres://localhost/portcullis',
  PORTCULLIS_ENCRYPTION_KEYS: `a:${Buffer.alloc(32, 1).toString('base64')}`,
}
const from = 'Example SSO <sso@example.com>'

function read(environment: Record<string, string>) {
  return readProductionConfig({ ...production, ...environment })
}

function refuses(environment: Record<string, string>, message: RegExp): void {
  assert.throws(
    () => read(environment),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /canary/, 'a message tells no password')
      return true
    },
    JSON.stringify(environment),
  )
}

test('mail is off unless an SMTP server is set', () => {
  const { smtp_url, mail_from } = read({})
  assert.equal(smtp_url, '')
  assert.match(mail_from, /@/)
})

test('an SMTP server and a sender are taken as they are written', () => {
  for (const PORTCULLIS_SMTP_URL of [
    'smtp://mail.example.com',
    'smtp://mail.example.com:2525',
    'smtps://user:pass%40word@mail.example.com:465',
    'smtp://127.0.0.1:25/',
    'smtp://[::1]:25',
  ])
    for (const PORTCULLIS_MAIL_FROM of [from, 'sso@example.com', 'Café SSO <a.b+c@example.com>']) {
      const { smtp_url, mail_from } = read({ PORTCULLIS_SMTP_URL, PORTCULLIS_MAIL_FROM })
      assert.deepEqual([smtp_url, mail_from], [PORTCULLIS_SMTP_URL, PORTCULLIS_MAIL_FROM])
    }
})

test('an SMTP server that cannot be understood is refused at start, with an example', () => {
  for (const PORTCULLIS_SMTP_URL of [
    'mail.example.com',
    'mail.example.com:587',
    'http://mail.example.com',
    'smtp://',
    'smtp://user@mail.example.com',
    'smtp://user:canary@mail.example.com/path',
    'smtp://user:canary@mail.example.com?pool=true',
    'smtp://user:canary%zz@mail.example.com',
    'smtp://user:canary@mail.example.com:port',
  ])
    refuses({ PORTCULLIS_SMTP_URL, PORTCULLIS_MAIL_FROM: from }, /PORTCULLIS_SMTP_URL must be such/)
})

test('a sender that is missing, or could add a header, is refused at start', () => {
  const PORTCULLIS_SMTP_URL = 'smtp://mail.example.com'
  refuses({ PORTCULLIS_SMTP_URL }, /PORTCULLIS_MAIL_FROM must be set/)
  for (const PORTCULLIS_MAIL_FROM of [
    'Example SSO',
    'Example <sso@example.com',
    'sso@example.com, eve@example.com',
    'Example\r\nBcc: <eve@example.com>',
    'sso@example.com\n',
    'a <b@example.com> <c@example.com>',
  ])
    refuses({ PORTCULLIS_SMTP_URL, PORTCULLIS_MAIL_FROM }, /PORTCULLIS_MAIL_FROM must be an e-mail/)
})

test('development reads the same settings, and refuses the same', () => {
  const facts = {
    base_url: 'http://localhost:4000',
    port: 4000,
    database_url: '',
    encryption_keys: '',
  }
  assert.equal(developmentConfig({}, facts).smtp_url, '')
  assert.throws(() => developmentConfig({ PORTCULLIS_SMTP_URL: 'x' }, facts), ConfigError)
})

test('an address of the database whose password is not written for one is refused, and says how', () => {
  for (const password of ['can@ry/canary', 'canary#1', 'canary?', '100%canary'])
    for (const setting of ['DATABASE_URL', 'PORTCULLIS_DATABASE_LISTEN_URL'])
      refuses(
        { [setting]: `postgres://portcullis:${password}@db.example.com:5432/portcullis` },
        new RegExp(`${setting} has a user or password.*%40`),
      )
  refuses({ PORTCULLIS_DATABASE_LISTEN_URL: 'db.example.com' }, /LISTEN_URL must be set, such as/)
  for (const DATABASE_URL of [
    'postgres://portcullis:p%40ss%2Fw%23rd%25@db.example.com:5432/portcullis',
    'postgresql://portcullis@[::1]/portcullis?sslmode=verify-full',
    'postgres://portcullis@/portcullis?host=/var/run/postgresql',
    'postgres:///portcullis',
  ])
    assert.equal(read({ DATABASE_URL }).database_listen_url, DATABASE_URL)
})

test('a key ring that is not base64 to the letter is refused', () => {
  const key = Buffer.alloc(32, 1).toString('base64')
  for (const ring of [
    `a:${key}x`,
    `a:${key.slice(0, -3)} ${key.slice(-3)}`,
    `a:*${key}`,
    'a:BASE64',
  ])
    refuses({ PORTCULLIS_ENCRYPTION_KEYS: ring }, /PORTCULLIS_ENCRYPTION_KEYS must be/)
})

test('settings that would open more than they should, or nothing, are refused', () => {
  refuses({ PORTCULLIS_METRICS_TOKEN: 'metrics' }, /PORTCULLIS_METRICS_TOKEN must be 16/)
  refuses(
    { PORTCULLIS_METRICS_TOKEN: 'a token with spaces' },
    /PORTCULLIS_METRICS_TOKEN must be 16/,
  )
  for (const PORTCULLIS_TRUSTED_PROXIES of ['0.0.0.0/0', '::/0'])
    refuses({ PORTCULLIS_TRUSTED_PROXIES }, /PORTCULLIS_TRUSTED_PROXIES must list/)
  for (const PORTCULLIS_ALLOWED_PRIVATE_HOSTS of ['https://idp.corp', '10.0.0.0/8', '*.corp'])
    refuses(
      { PORTCULLIS_ALLOWED_PRIVATE_HOSTS },
      /PORTCULLIS_ALLOWED_PRIVATE_HOSTS must list hosts/,
    )
  const hosts = ['idp.corp', 'idp.corp:8443', '10.1.2.3', '[fd00::1]:8443', 'fd00::1']
  const settings = { PORTCULLIS_ALLOWED_PRIVATE_HOSTS: hosts.join(', ') }
  assert.deepEqual(read(settings).allowed_private_hosts, hosts)
})
