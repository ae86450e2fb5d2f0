/** The settings of the example, from the environment (.env.example says what each is). */
import { randomBytes } from 'node:crypto'

const env = process.env

const missing = ['STYTCH_PROJECT_ID', 'STYTCH_SECRET', 'STYTCH_PUBLIC_TOKEN'].filter(
  (name) => !env[name],
)
if (missing.length > 0) stop(`Missing in the environment: ${missing.join(', ')}. See .env.example.`)

const port = Number(env.PORT || 3000)
if (!Number.isInteger(port) || port < 1 || port > 65_535) stop(`PORT is no port: ${env.PORT}.`)

const app_url = env.APP_URL || `http://localhost:${port}`
const base_url = env.STYTCH_BASE_URL || undefined
for (const url of [app_url, base_url])
  if (url && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) stop(`No http(s) address: ${url}.`)

if (!env.SESSION_SECRET)
  console.error('SESSION_SECRET is not set: a restart of this application logs everybody out.')

/** Whether browsers reach this application over https. */
export const secure = app_url.startsWith('https:')

export const settings = {
  port,
  app_url,
  project_id: env.STYTCH_PROJECT_ID ?? '',
  secret: env.STYTCH_SECRET ?? '',
  public_token: env.STYTCH_PUBLIC_TOKEN ?? '',
  /** Where the API is; undefined leaves it to the SDK, which then chooses by the project. */
  base_url,
  session_secret: env.SESSION_SECRET || randomBytes(32).toString('hex'),
}

/** Says why the application cannot run, and ends it. */
export function stop(message: string): never {
  console.error(message)
  process.exit(1)
}
