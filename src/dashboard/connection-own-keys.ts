/** Our own keys at a connection: what signs our requests, and what encrypted assertions are decrypted with. */
import { html, type Markup } from '../http/html.ts'
import { card, copyField, table, time } from '../http/parts.ts'
import type { KeyRow } from '../sso/connections.ts'
import { daysBadge, mayChange, type Shown } from './connection-frame.ts'
import { dangerForm, postForm } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

/** What the page on certificates says of them. */
export function ownKeys(visit: ProjectVisit, shown: Shown): Markup {
  const of = (purpose: KeyRow['purpose']) =>
    shown.keys.filter((key) => key.purpose === purpose).toReversed()
  return html`${signing(visit, shown, of('signing'))}${encryption(visit, shown, of('encryption'))}`
}

function signing(visit: ProjectVisit, { base, name, values }: Shown, keys: KeyRow[]): Markup {
  const now = visit.services.now()
  const rows = keys.map((key, i) => [
    html`${i === 0 ? html`<b>Signs</b>` : 'Published'}<details class="small"><summary>Show</summary><pre>${key.certificate}</pre></details>`,
    time(key.created_at),
    time(key.expires_at),
    daysBadge(key.expires_at, now),
  ])
  const renew = html`<details class="mt-3"><summary>Make a new signing key</summary><div class="mt-2">${dangerForm(
    visit,
    {
      action: `${base}/certificates-own/signing`,
      name,
      button: 'Make a new signing key',
      consequences:
        'It signs from the next login on. An identity provider that checks our signatures refuses our requests until it has the new certificate: give it the metadata again right afterwards.',
    },
  )}</div></details>`
  return card(
    'Our signing certificate',
    html`<p>Our requests are signed. Identity providers that check it take the certificate from our metadata.</p>
<div class="mb-3">${copyField(values.sp_metadata_url)}</div>${table(['Use', 'Made', 'Expires', 'Left'], rows)}${mayChange(visit) ? renew : ''}`,
  )
}

function encryption(visit: ProjectVisit, { base, name }: Shown, keys: KeyRow[]): Markup {
  const rows = keys.map((key, i) => [
    i === 0 ? 'In our metadata' : 'Decrypts still',
    time(key.created_at),
    mayChange(visit)
      ? html`<details><summary>Delete</summary><div class="mt-2">${dangerForm(visit, {
          action: `${base}/certificates-own/encryption/${key.key_id}`,
          name,
          button: 'Delete key',
          consequences:
            'Assertions that are encrypted for it cannot be read from the next login on.',
        })}</div></details>`
      : '',
  ])
  const add = postForm(
    visit,
    `${base}/certificates-own/encryption`,
    html`<button class="btn mt-3">${keys.length > 0 ? 'Make a new encryption key' : 'Accept encrypted assertions'}</button>`,
  )
  return card(
    'Our encryption keys',
    html`${
      rows.length > 0
        ? table(['Use', 'Made', ''], rows)
        : html`<p class="m-0">Assertions come unencrypted, and travel over TLS all the same. With a key here our metadata ask for encrypted ones; some identity providers encrypt as soon as they see it.</p>`
    }${mayChange(visit) ? add : ''}`,
  )
}
