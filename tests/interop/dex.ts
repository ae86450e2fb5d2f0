/** Dex, an OpenID provider in Go. Its clients stand in its configuration, and its keys in memory alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './command.ts'
import { builtGo } from './go.ts'
import { ada } from './logins.ts'
import { atEnd } from './portcullis.ts'
import { type Service, startService } from './service.ts'

/** A host of its own: cookies ignore ports. */
const host = '127.0.0.14'

/** That of the module, v0.0.0-20260303133905-11d2eeb52b42: the proxy knows none of its tags. */
export const version = '2.45.1'

export const prepareDex = () => builtGo('dex', 'github.com/dexidp/dex/cmd/dex')

interface Client {
  client_id: string
  client_secret: string
  redirect_uri: string
}

export interface Dex {
  issuer: string
  /** Starts it anew with these clients, and with it a new signing key. */
  restart(clients: readonly Client[]): Promise<void>
}

/** bcrypt of Ada's password. */
const passwordHash = '$2a$10$7YZYJv7346s013M8HrZP8.aNNmXhqReqX8VQN5rYqgtGLSFYKDEE6'

/** A provider on a free port, which is started with its first clients. */
export async function newDex(program: string): Promise<Dex> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-dex-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort(host)
  const issuer = `http://${host}:${port}/dex`
  let running: Service | undefined
  return {
    issuer,
    async restart(clients) {
      await running?.stop()
      const file = join(folder, 'config.json')
      await writeFile(file, JSON.stringify(configuration(issuer, `${host}:${port}`, clients)))
      running = await startService({
        name: 'Dex',
        program,
        args: ['serve', file],
        ready_url: `${issuer}/healthz`,
      })
    },
  }
}

function configuration(issuer: string, http: string, clients: readonly Client[]) {
  return {
    issuer,
    storage: { type: 'memory' },
    web: { http },
    logger: { level: 'error' },
    oauth2: { skipApprovalScreen: false },
    enablePasswordDB: true,
    staticClients: clients.map(({ client_id, client_secret, redirect_uri }) => ({
      id: client_id,
      secret: client_secret,
      name: 'Portcullis',
      redirectURIs: [redirect_uri],
    })),
    staticPasswords: [
      {
        email: ada.email,
        hash: passwordHash,
        username: ada.user,
        name: `${ada.first_name} ${ada.last_name}`,
        groups: ada.groups,
        userID: 'f4b1c1a0-ada0-4000-8000-000000001815',
      },
      {
        email: 'mallory@elsewhere.test',
        hash: passwordHash,
        username: 'mallory',
        name: 'Mallory Unverified',
        emailVerified: false,
        userID: 'f4b1c1a0-ada0-4000-8000-000000000666',
      },
    ],
  }
}
