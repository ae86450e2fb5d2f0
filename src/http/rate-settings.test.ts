import assert from 'node:assert/strict'
import { test } from 'node:test'
import { developmentConfig, readProductionConfig } from '../config.ts'
import { productionRateLimits, readRateLimits } from './rate-settings.ts'

const production = {
  DATABASE_URL: 'postgres://portcullis@db.example.com/portcullis',
  PORTCULLIS_BASE_URL: 'https://sso.example.com',
  PORTCULLIS_ENCRYPTION_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
}
const facts = { base_url: '', port: 0, database_url: '', encryption_keys: '' }

test('production has limits unless they are switched off; development has none unless they are set', () => {
  assert.deepEqual(readProductionConfig(production).rate_limits, productionRateLimits)
  const off = { ...production, PORTCULLIS_RATE_LIMITS: 'off' }
  assert.deepEqual(readProductionConfig(off).rate_limits, {})
  assert.deepEqual(developmentConfig({}, facts).rate_limits, {})
  const set = developmentConfig({ PORTCULLIS_RATE_LIMITS: 'start=5/s' }, facts)
  assert.deepEqual(set.rate_limits, { start: { count: 5, period_ms: 1_000 } })
})

test('a limit that is named is changed, the others stay', () => {
  const problems: string[] = []
  const limits = readRateLimits(
    'api=20/m, failed=off ,callback=3/h',
    productionRateLimits,
    problems,
  )
  assert.deepEqual(problems, [])
  const { failed, ...others } = productionRateLimits
  assert.deepEqual(limits, {
    ...others,
    api: { count: 20, period_ms: 60_000 },
    callback: { count: 3, period_ms: 3_600_000 },
  })
})

test('what is not understood stops the start with a sentence that quotes it', () => {
  for (const wrong of [
    'api=0/s',
    'api=5',
    'api=5/d',
    'login=5/s',
    'api',
    'api=-1/s',
    'constructor=off',
  ]) {
    const environment = { ...production, PORTCULLIS_RATE_LIMITS: `start=1/s,${wrong}` }
    assert.throws(
      () => readProductionConfig(environment),
      (error: Error) => error.message.includes(`PORTCULLIS_RATE_LIMITS does not take "${wrong}"`),
      wrong,
    )
  }
  const environment = { ...production, PORTCULLIS_TRUSTED_PROXIES: '10.0.0.1,proxy' }
  assert.throws(() => readProductionConfig(environment), /PORTCULLIS_TRUSTED_PROXIES .*"proxy"/)
})
