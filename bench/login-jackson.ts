import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerOf, ask, type IdentityProvider, startServer, type Target } from './login-server.ts'

const version = '26.2.0'
const folder = join(tmpdir(), `portcullis-bench-saml-jackson-${version}`)
const redirect_uri = 'https://app.example.com/authenticate'
const form = { 'content-type': 'application/x-www-form-urlencoded' }

/**
 * `@boxyhq/saml-jackson` behind Express, as its documentation has it, with its Postgres engine. It is no
 * dependency of this project: the first run installs it into a temporary folder.
 */
export async function startJackson(database_url: string, idp: IdentityProvider): Promise<Target> {
  install()
  const server = new URL('./login-jackson-server.ts', import.meta.url).pathname
  const { process, url } = await startServer([server], {
    DATABASE_URL: database_url,
    IDP_METADATA: idp.metadata,
    REDIRECT_URI: redirect_uri,
    MODULES: join(folder, 'node_modules/'),
  })
  const client = JSON.parse((await ask('GET', `${url}/client`, 200)).text)
  const { client_id, client_secret } = client
  const start = new URLSearchParams({ client_id, redirect_uri, response_type: 'code', state: 's' })
  return {
    name: `saml-jackson ${version}`,
    process,
    async login(email) {
      const started = await ask('GET', `${url}/oauth/authorize?${start}`, 302)
      const callback = await ask('POST', `${url}/oauth/saml`, 302, {
        ...form,
        body: answerOf(idp, String(started.headers.location), email),
      })
      const code = new URL(String(callback.headers.location)).searchParams.get('code') ?? ''
      const grant = { grant_type: 'authorization_code', client_id, client_secret, redirect_uri }
      const body = new URLSearchParams({ ...grant, code }).toString()
      const { access_token } = JSON.parse(
        (await ask('POST', `${url}/oauth/token`, 200, { ...form, body })).text,
      )
      // Only this says who has logged in; sso.authenticate says it at once.
      const headers = { authorization: `Bearer ${access_token}` }
      const profile = JSON.parse((await ask('GET', `${url}/oauth/userinfo`, 200, headers)).text)
      if (profile.email !== email) throw new Error('somebody else has logged in')
    },
  }
}

function install(): void {
  if (existsSync(join(folder, 'installed'))) return
  console.log(`installing @boxyhq/saml-jackson ${version} into ${folder} (some minutes, once)`)
  mkdirSync(folder, { recursive: true })
  const packages = [`@boxyhq/saml-jackson@${version}`, 'express@5.3.0']
  const options = ['--no-audit', '--no-fund', '--prefix', folder]
  execFileSync('npm', ['install', ...options, ...packages], { cwd: folder, stdio: 'inherit' })
  mkdirSync(join(folder, 'installed'))
}
