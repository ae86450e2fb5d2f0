import { connect } from '../src/db/connect.ts'
import { migrate } from '../src/db/migrate.ts'
import { createProject } from '../src/projects/projects.ts'
import { addRedirectURL } from '../src/projects/redirect-urls.ts'
import { createPublicToken, createSecret } from '../src/projects/secrets.ts'
import { answerOf, ask, type IdentityProvider, startServer, type Target } from './login-server.ts'

const limits = ['api', 'start', 'callback', 'connection']
const app_url = 'https://app.example.com/authenticate'

/** `portcullis serve` as in production, behind a proxy that speaks https. */
export async function startPortcullis(
  database_url: string,
  idp: IdentityProvider,
  node_options: string[],
): Promise<Target> {
  const project = await newProject(database_url)
  const main = new URL('../src/main.ts', import.meta.url).pathname
  const { process, url } = await startServer([...node_options, main, 'serve'], {
    DATABASE_URL: database_url,
    PORTCULLIS_BASE_URL: 'https://sso.example.com',
    PORTCULLIS_ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 1).toString('base64')}`,
    PORTCULLIS_HOST: '127.0.0.1',
    PORTCULLIS_PORT: '0',
    // All limits work, but one client and one connection may do what many would.
    PORTCULLIS_RATE_LIMITS: limits.map((name) => `${name}=100000/s`).join(),
  })
  const credentials = Buffer.from(`${project.project_id}:${project.secret}`).toString('base64')
  const headers = { authorization: `Basic ${credentials}`, 'content-type': 'application/json' }
  const api = async (method: 'POST' | 'PUT', path: string, body: unknown) => {
    const answer = await ask(method, url + path, 200, { ...headers, body: JSON.stringify(body) })
    return JSON.parse(answer.text)
  }
  const { organization } = await api('POST', '/v1/b2b/organizations', {
    organization_name: 'Acme',
    organization_slug: 'acme',
  })
  const path = `/v1/b2b/sso/saml/${organization.organization_id}`
  const { connection } = await api('POST', path, { display_name: 'Bench' })
  await api('PUT', `${path}/connections/${connection.connection_id}`, {
    idp_entity_id: idp.entity_id,
    idp_sso_url: idp.sso_url,
    x509_certificate: idp.certificate,
    attribute_mapping: { email: 'email', full_name: 'email' },
  })
  const { connection_id } = connection
  const start = new URLSearchParams({ connection_id, public_token: project.public_token })
  return {
    name: 'portcullis',
    process,
    async login(email) {
      const started = await ask('GET', `${url}/v1/public/sso/start?${start}`, 302)
      const [cookie] = String(started.headers['set-cookie']).split(';')
      const callback = await ask('POST', `${url}/v1/b2b/sso/callback/${connection_id}`, 303, {
        'content-type': 'application/x-www-form-urlencoded',
        cookie: cookie ?? '',
        body: answerOf(idp, String(started.headers.location), email),
      })
      const sso_token = new URL(String(callback.headers.location)).searchParams.get('token')
      const login = await api('POST', '/v1/b2b/sso/authenticate', { sso_token })
      if (login.member.email_address !== email || !login.session_jwt)
        throw new Error('somebody else has logged in')
    },
  }
}

async function newProject(database_url: string) {
  const db = connect({ url: database_url, prepared_statements: true, max_connections: 1 })
  await migrate(db)
  const { project_id } = await createProject(db, {
    project_name: 'Bench',
    project_slug: 'bench',
    environment: 'live',
  })
  const { secret } = await createSecret(db, { project_id })
  const { public_token } = await createPublicToken(db, { project_id })
  await addRedirectURL(db, { project_id, url: app_url, types: ['LOGIN', 'SIGNUP'] })
  await db.destroy()
  return { project_id, secret, public_token }
}
