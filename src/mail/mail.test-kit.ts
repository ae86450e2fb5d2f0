/** An SMTP server that keeps what it is sent. */

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { atEnd, createServices, databaseURL } from '../../tests/harness.ts'
import type { Config } from '../config.ts'
import type { Services } from '../context.ts'
import { createLog } from '../log.ts'
import { closeMail } from './deliver-mails.ts'

export interface Sent {
  from: string
  to: string[]
  raw: string
}

/** What it says of an address: nothing is that it takes it. */
export type Refusal = { code: number; message: string } | undefined

export async function startSMTP(refuse: (address: string) => Refusal = () => undefined) {
  const sent: Sent[] = []
  const attempts: string[] = []
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, callback) {
      attempts.push(address)
      const refusal = refuse(address)
      if (!refusal) return callback()
      callback(Object.assign(new Error(refusal.message), { responseCode: refusal.code }))
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        sent.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
        })
        callback()
      })
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  atEnd(() => new Promise((resolve) => smtp.close(() => resolve(undefined))))
  const { port } = smtp.server.address() as AddressInfo
  return { sent, attempts, smtp_url: `smtp://127.0.0.1:${port}` }
}

/** A port that nobody listens on. */
export async function deadPort(): Promise<number> {
  const listener = createServer()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  await new Promise((resolve) => listener.close(resolve))
  return port
}

/** A node that sends mail so, with a clock and a log of its own. */
export async function mailNode(config: Partial<Config>) {
  const database_url = await databaseURL()
  const facts = { base_url: 'https://sso.example.com', port: 4000, database_url }
  const made = createServices(facts, {
    mode: 'production',
    mail_from: 'Example SSO <sso@example.com>',
    ...config,
  })
  const lines: string[] = []
  const log = createLog('trace', { write: (line) => lines.push(line) })
  const services: Services = { ...made.services, log }
  atEnd(async () => closeMail(services))
  const later = (seconds: number) =>
    made.setNow(new Date(services.now().getTime() + seconds * 1_000))
  return { services, lines, later }
}
