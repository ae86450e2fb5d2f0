/** A person with a browser at one of the example applications. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** Follows a start link as somebody; returns the answer that sends the browser back to the example. */
export type SignIn = (start_url: string, who: string) => Promise<Response>

/** An answer of the example with its page. */
export type Visit = Response & { page: string }

/** The example's side of a browser: its cookies, redirects followed only when asked. */
export class Visitor {
  readonly cookies = new Map<string, string>()
  readonly #url: string
  readonly #signIn: SignIn

  /** `url` is where the example listens. */
  constructor(url: string, signIn: SignIn) {
    this.#url = url
    this.#signIn = signIn
  }

  /** What the example answers at a path. */
  async visit(path: string, method = 'GET'): Promise<Visit> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { cookie }
    const response = await fetch(this.#url + path, { method, redirect: 'manual', headers })
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(header) ?? []
      if (/expires=[^;]* 1970 /i.test(header)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return Object.assign(response, { page: await response.text() })
  }

  /** Follows a start link and signs in; returns the path at which the example gets the token. */
  async signIn(start_url: string, who: string): Promise<string> {
    const answer = await this.#signIn(start_url, who)
    assert.equal(answer.status, 303, await answer.clone().text())
    const { pathname, search } = new URL(answer.headers.get('location') ?? '')
    assert.equal(pathname, '/authenticate')
    return pathname + search
  }

  /** From the organization's login page to the logged-in view. */
  async logIn(slug: string, connection_id: string, who: string): Promise<Visit> {
    const { page } = await this.visit(`/org/${slug}`)
    const link = startLinks(page).find((each) => each.includes(connection_id))
    assert.ok(link, page)
    const redeemed = await this.visit(await this.signIn(link, who))
    assert.equal(redeemed.status, 303, redeemed.page)
    assert.equal(redeemed.headers.get('location'), `/org/${slug}`)
    return this.visit(`/org/${slug}`)
  }
}

/** The links of a login page at which a login begins. */
export function startLinks(page: string): string[] {
  const links = [...page.matchAll(/href="([^"]*\/sso\/start[^"]*)"/g)]
  return links.map(([, href = '']) => href.replaceAll(/&(#38|amp);/g, '&'))
}
