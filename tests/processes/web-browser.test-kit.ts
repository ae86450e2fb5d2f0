import { pressButton, type Submission } from '../../src/test-idp/press-button.ts'

/** A page that a browser arrived at, after all redirects. */
export interface Page {
  url: string
  status: number
  text: string
  /** Every address on the way, the page's own last. */
  visited: string[]
}

/** A browser without scripts, over sockets: cookies (which ignore ports), redirects, buttons. */
export class WebBrowser {
  private readonly cookies = new Map<string, string>()

  /** Goes to an address, redirects followed up to one whose address begins with `until`. */
  async open(url: string, init: RequestInit = {}, until?: string): Promise<Page> {
    const visited: string[] = []
    let next = { url, init }
    for (let redirects = 0; redirects < 10; redirects++) {
      visited.push(next.url)
      if (until !== undefined && next.url.startsWith(until))
        return { url: next.url, status: 0, text: '', visited }
      const response = await this.request(next.url, next.init)
      const location = response.headers.get('location')
      const text = await response.text()
      if (location === null || response.status < 300)
        return { url: next.url, status: response.status, text, visited }
      next = { url: new URL(location, next.url).href, init: {} }
    }
    throw new Error(`redirects without end: ${visited.join(' ')}`)
  }

  /** Presses the button of a page of the test identity provider that holds `label`. */
  press(page: Page, label: string, until?: string): Promise<Page> {
    return this.submit(page, pressButton(page.text, label), until)
  }

  /**
   * Signs in over a start link as `email`, chosen on the identity provider's page, or without it where
   * the link names the person in a login_hint; ends where the application leads, or at `until`.
   */
  async login(start_url: string, email: string, until?: string): Promise<Page> {
    let page = await this.open(start_url, {}, until)
    if (page.text.includes(`value="${email}"`)) page = await this.press(page, email, until)
    if (page.text.includes('name="SAMLResponse"')) page = await this.press(page, 'Continue', until)
    return page
  }

  private submit(page: Page, { action, method, fields }: Submission, until?: string) {
    const url = new URL(action, page.url).href
    if (method === 'POST') return this.open(url, { method, body: fields }, until)
    return this.open(`${url}?${fields}`, {}, until)
  }

  private async request(url: string, init: RequestInit): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie !== '' && { cookie }) }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const header of response.headers.getSetCookie()) {
      const [pair = ''] = header.split(';')
      const equals = pair.indexOf('=')
      this.cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
    return response
  }
}
