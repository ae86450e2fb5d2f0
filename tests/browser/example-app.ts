/**
 * Runs the Express example in a thread. Node resolves no *.localhost, as browsers and many systems do;
 * the example reaches the server by the name that the browser uses.
 */
import dns from 'node:dns'

const lookup = dns.lookup as (hostname: string, ...rest: unknown[]) => void
Object.assign(dns, {
  lookup: (hostname: string, ...rest: unknown[]) =>
    lookup(hostname.endsWith('.localhost') ? '127.0.0.1' : hostname, ...rest),
})

await import('../../examples/express/server.ts')
