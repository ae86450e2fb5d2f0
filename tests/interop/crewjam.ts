/** github.com/crewjam/saml, a SAML identity provider in Go: one process, a provider for every variant. */
import { freePort } from './command.ts'
import { builtGo } from './go.ts'
import { ada } from './logins.ts'
import { startService } from './service.ts'

/** A host of its own: cookies ignore ports. */
const host = '127.0.0.13'

export const version = '0.5.1'

export const prepareCrewjam = () => builtGo('crewjam')

export interface Crewjam {
  metadataURL(variant: string): string
  /** Where a login begins at the provider (IdP-initiated). */
  launchURL(variant: string, sp_entity_id: string): string
  /** Makes a service provider known to all variants. */
  register(sp_metadata: string): Promise<void>
}

export async function startCrewjam(program: string): Promise<Crewjam> {
  const address = `${host}:${await freePort(host)}`
  const base_url = `http://${address}`
  const args = [address, ada.password]
  await startService({ name: 'crewjam/saml', program, args, ready_url: base_url })
  return {
    metadataURL: (variant) => `${base_url}/${variant}/metadata`,
    launchURL: (variant, sp) => `${base_url}/${variant}/launch?${new URLSearchParams({ sp })}`,
    async register(sp_metadata) {
      const response = await fetch(`${base_url}/sp`, { method: 'PUT', body: sp_metadata })
      if (!response.ok) throw new Error(`PUT /sp: ${response.status} ${await response.text()}`)
    },
  }
}
