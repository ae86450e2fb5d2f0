/** Signing in to the dashboard. */
import type { Hono } from 'hono'
import type { Services } from '../context.ts'
import { html } from '../http/html.ts'
import { notice } from '../http/parts.ts'
import { renderScreen } from '../http/screen.ts'

/** Mounts `/dashboard/sign-in`. */
export function mountSignIn(app: Hono, _services: Services): void {
  app.get('/dashboard/sign-in', () =>
    renderScreen({
      title: 'Sign in',
      status: 401,
      body: html`<main class="narrow"><h1>Sign in</h1>${notice('info', 'This page is locked.', 'In development, open it with the dashboard link that npm start printed last: it works once.')}</main>`,
    }),
  )
}
