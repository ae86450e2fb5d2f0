// The whole login over SAML (start, signed response, callback, exchange of the token) at `portcullis
// serve` and at @boxyhq/saml-jackson, each in a process of its own on PostgreSQL, in turn: logins a second
// of server CPU, times of one login alone, memory.
// node bench/login.ts [--rounds 12] [--seconds 3] [--only portcullis|jackson] [--profile FOLDER]
import { createPublicKey } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbedded } from '../src/db/embedded.ts'
import { generateTestIdPKeys } from '../src/test-idp/keys.ts'
import { createTestIdP } from '../src/test-idp/test-idp.ts'
import { startJackson } from './login-jackson.ts'
import { startPortcullis } from './login-portcullis.ts'
import {
  cpuSeconds,
  type IdentityProvider,
  megabytes,
  responseTo,
  type Target,
} from './login-server.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
})
const parallel = 16
const alone = 40

const emails = Array.from({ length: 200 }, (_, i) => `person.${i}@acme.test`)

/** The identity provider is this process; its CPU is not counted. */
async function newIdentityProvider(): Promise<IdentityProvider> {
  const base_url = 'https://idp.example.com'
  const keys = await generateTestIdPKeys(new Date())
  const idp = await createTestIdP({ base_url, service_base_url: 'https://sso.example.com', keys })
  const metadata = await (await idp.app.request(idp.saml.metadata_url)).text()
  const { entity_id, sso_url } = idp.saml
  const { certificate, private_key: privateKey } = keys.saml
  const signer = { privateKey, publicKey: createPublicKey(certificate) }
  return { entity_id, sso_url, metadata, certificate, signer }
}

async function newDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const made = new URL(url)
  made.pathname = `/${name}`
  return made.href
}

let turn = 0
const nextEmail = () => emails[turn++ % emails.length]!

interface Round {
  per_cpu_second: number
  per_second: number
  latencies: number[]
}

/** One turn of one server: logins at once until it has used `seconds` of CPU, then some alone. */
async function measure({ process, login }: Target, seconds: number): Promise<Round> {
  const pid = process.pid!
  const began = { cpu: cpuSeconds(pid), at: performance.now() }
  let logins = 0
  const lane = async () => {
    for (; cpuSeconds(pid) - began.cpu < seconds; logins += 1) await login(nextEmail())
  }
  await Promise.all(Array.from({ length: parallel }, lane))
  const spent = cpuSeconds(pid) - began.cpu
  const per_second = (logins * 1_000) / (performance.now() - began.at)
  const latencies: number[] = []
  for (let i = 0; i < alone; i += 1) {
    const at = performance.now()
    await login(nextEmail())
    latencies.push(performance.now() - at)
  }
  return { per_cpu_second: logins / spent, per_second, latencies }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

function report(target: Target, rounds: Round[], memory: number): void {
  const median = (name: 'per_cpu_second' | 'per_second') =>
    quantile(
      rounds.map((round) => round[name]),
      0.5,
    )
  const latencies = rounds.flatMap((round) => round.latencies)
  console.log(
    [
      target.name.padEnd(22),
      `${median('per_cpu_second').toFixed(0).padStart(6)} per CPU second`,
      `${median('per_second').toFixed(0).padStart(6)} per second at ${parallel} in parallel`,
      `  alone p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms`,
      `  memory ${memory.toFixed(0)} -> ${megabytes(target.process.pid!).toFixed(0)} MB`,
    ].join(' '),
  )
}

const data_dir = await mkdtemp(join(tmpdir(), 'portcullis-bench-'))
const database = await startEmbedded({ data_dir })
const idp = await newIdentityProvider()
const flags = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : []
const targets: Target[] = []
if (values.only !== 'jackson')
  targets.push(await startPortcullis(await newDatabase(database.url, 'ours'), idp, flags))
if (values.only !== 'portcullis')
  targets.push(await startJackson(await newDatabase(database.url, 'theirs'), idp))

const results: Round[][] = targets.map(() => [])
const memory = targets.map((target) => megabytes(target.process.pid!))
// Everybody becomes a member, and what runs often gets compiled, before anything counts.
for (const target of targets) await measure(target, 6 * Number(values.seconds))
for (let round = 0; round < Number(values.rounds); round += 1)
  for (const [index, target] of targets.entries())
    results[index]!.push(await measure(target, Number(values.seconds)))

const request = { id: '_1', issuer: 'https://sso.example.com', acs_url: 'https://sso.example.com' }
const size = Buffer.from(responseTo(idp, request, emails[0]!), 'base64').length
console.log(
  `responses of ${(size / 1024).toFixed(1)} KB, assertion signed, RSA-2048; Node ${process.version}; ${values.rounds} rounds in turn`,
)
for (const [index, target] of targets.entries()) report(target, results[index]!, memory[index]!)
const [ours, theirs] = results
if (ours && theirs) {
  const ratios = ours.map((round, i) => round.per_cpu_second / theirs[i]!.per_cpu_second)
  console.log(
    `ratio ${quantile(ratios, 0.5).toFixed(1)} (logins per CPU second, median of the rounds; ${ratios.map((each) => each.toFixed(1)).join(' ')})`,
  )
}
for (const { process: child } of targets) {
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exited
}
await database.stop()
await rm(data_dir, { recursive: true, force: true })
process.exit(0)
