/** What a failed test proposes to change, with the fingerprint to compare, confirmed by an administrator. */
import { ApiError } from '../http/errors.ts'
import { html, type Markup } from '../http/html.ts'
import { badge, card, checkbox, facts, notice, time } from '../http/parts.ts'
import { applyFix, type ProposedFix, proposedFixes } from '../sso/fixes.ts'
import { visible } from '../sso/trace-page.ts'
import type { LoginTrace } from '../sso/traces.ts'
import { mayChange, type Shown } from './connection-frame.ts'
import { postForm } from './frame.ts'
import type { ProjectVisit } from './visit.ts'

/** The fixes of a test, if there are any. */
export async function fixesPart(
  visit: ProjectVisit,
  shown: Shown,
  { flow_id, state }: LoginTrace,
): Promise<Markup> {
  if (state !== 'failed' || !mayChange(visit)) return html``
  const fixes = await proposedFixes(visit.services, shown.row.project_id, flow_id)
  return html`${fixes.map((fix) => fixCard(visit, shown, flow_id, fix))}`
}

const titles: Record<ProposedFix['kind'], string> = {
  certificate: 'Trust the certificate that this response was signed with',
  issuer: 'Take the entity ID that this response names',
  metadata: 'Take entity ID and certificate of this response',
  nameid_format: 'Ask for no NameID format',
}

function fixCard(visit: ProjectVisit, { base }: Shown, flow_id: string, fix: ProposedFix): Markup {
  const { certificate } = fix
  return card(
    html`${titles[fix.kind]} ${badge('proposed fix', 'blue')}`,
    html`${facts([
      ['Now', html`<code><bdi>${visible(fix.current, 1_200)}</bdi></code>`],
      ['Then', html`<code><bdi>${visible(fix.proposed, 1_200)}</bdi></code>`],
      fix.fingerprint
        ? ['Fingerprint (SHA-256)', html`<code class="fs-3">${grouped(fix.fingerprint)}</code>`]
        : null,
      certificate ? ['Issued to', html`<bdi>${visible(certificate.subject, 300)}</bdi>`] : null,
      certificate
        ? ['Valid', html`${time(certificate.not_before)} to ${time(certificate.not_after)}`]
        : null,
    ])}
<div class="mt-3">${notice('warning', 'Before you confirm', fix.warning)}</div>
${postForm(
  visit,
  `${base}/test/fix`,
  html`<input type="hidden" name="flow_id" value="${flow_id}"><input type="hidden" name="fix_id" value="${fix.fix_id}">
${checkbox('confirmed', fix.fingerprint ? 'I have compared the fingerprint with the identity provider’s own page' : 'I have checked this with the identity provider’s own page', false)}
<button class="btn btn-primary">Apply this fix</button>`,
)}`,
  )
}

/** A fingerprint as identity providers show it. */
function grouped(fingerprint: string): string {
  return (fingerprint.match(/../g) ?? []).join(':').toUpperCase()
}

/** Applies the fix of the form. Throws `bad_request` where it was not confirmed. */
export async function applyConfirmed({ services, form }: ProjectVisit, shown: Shown) {
  if (!form.flag('confirmed'))
    throw new ApiError('bad_request', {
      message: 'Nothing was changed: tick that you have compared it with the identity provider.',
    })
  return applyFix(services, shown.row.project_id, form.text('flow_id'), form.text('fix_id'))
}
