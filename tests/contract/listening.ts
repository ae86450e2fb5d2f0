/** The application of this run on a port, as `npm start` puts it there. */
import { listen } from '../../src/http/listen.ts'
import { malformedBody } from '../../src/server.ts'
import { atEnd, server } from '../harness.ts'

let started: Promise<{ url: string; port: number }> | undefined

/** Its address; opened when first asked for, closed when the run ends. */
export function listening(): Promise<{ url: string; port: number }> {
  started ??= start()
  return started
}

async function start() {
  const { app, services } = await server()
  const listener = await listen({
    what: 'The contract suite',
    option: '--port',
    hosts: ['127.0.0.1'],
    port: 0,
    malformed: (status) => malformedBody(services.config.base_url, status),
  })
  listener.answer((request) => app.fetch(request))
  atEnd(() => listener.close(0))
  return { url: `http://127.0.0.1:${listener.port}`, port: listener.port }
}
