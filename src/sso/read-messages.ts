import type { Services } from '../context.ts'
import { readPresented } from '../saml/presented.ts'
import { freshConnection } from './connection-fresh.ts'
import { type MessageKind, type StoredMessage, storedMessages } from './messages.ts'
import { findTriedFlow, hasPassed } from './tried-flow.ts'

/** A kept message, fit to be shown. */
export interface KeptMessage {
  message_id: string
  kind: MessageKind
  /** What `content` is: `text` for a response that is no XML in base64. */
  format: 'xml' | 'url' | 'json' | 'text'
  content: string
  /** The Assertion that a response held encrypted, where the login could decrypt it. */
  decrypted_assertion: string | null
  /** What was longer than is kept ends early. */
  truncated: boolean
  recorded_at: Date
  expires_at: Date
}

/** The messages kept of a login, oldest first; none where none were kept, or once their day is over. */
export async function readMessages(
  services: Services,
  project_id: string,
  flow_id: string,
): Promise<KeptMessage[]> {
  const messages = await storedMessages(services, project_id, flow_id)
  return Promise.all(messages.map((message) => toKept(services, project_id, flow_id, message)))
}

async function toKept(
  services: Services,
  project_id: string,
  flow_id: string,
  { format, ...message }: StoredMessage,
): Promise<KeptMessage> {
  const decrypted_assertion = null
  if (format !== 'saml') return { ...message, format, decrypted_assertion }
  const bytes = Buffer.from(message.content, 'base64')
  const text = bytes.toString('utf8')
  if (!text.trimStart().startsWith('<')) return { ...message, format: 'text', decrypted_assertion }
  return {
    ...message,
    content: text,
    format: 'xml',
    decrypted_assertion: text.includes('EncryptedAssertion')
      ? await decrypt(services, project_id, flow_id, message.content)
      : null,
  }
}

/** Only what the login itself could decrypt: nobody learns here what a ciphertext of theirs would give. */
async function decrypt(
  services: Services,
  project_id: string,
  flow_id: string,
  saml_response: string,
): Promise<string | null> {
  const flow = await findTriedFlow(services.db, project_id, flow_id)
  if (!flow || !hasPassed(flow, 'decryption')) return null
  const found = await freshConnection(services, project_id, flow.connection_id)
  const keys = found?.connection.decryption_keys ?? []
  return readPresented(saml_response, keys)?.decrypted_assertion ?? null
}
