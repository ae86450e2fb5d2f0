/** A connection's setup guide: the steps at its identity provider, with its own values to copy. */
import { html, type Markup } from '../http/html.ts'
import { badge, card, copyField, facts, notice, time } from '../http/parts.ts'
import { guideFor, guides } from '../setup/guides.ts'
import type { Guide, GuideStep } from '../setup/guides-shape.ts'
import { guideStep } from '../setup/guides-view.ts'
import { checkTitle } from '../sso/check-words.ts'
import { listLogins } from '../sso/traces.ts'
import { connectionPage, type Shown, shownConnection } from './connection-frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const connectionGuidePages: readonly DashboardPage[] = [
  projectPage({
    method: 'GET',
    path: '/connections/:connection_id',
    needs: 'viewer',
    async run(visit) {
      const shown = await shownConnection(visit)
      const last = await lastRefusal(visit, shown)
      return connectionPage(visit, shown, {
        tab: 'Setup guide',
        body: html`${last}${body(visit, shown)}`,
      })
    },
  }),
]

/** What the identity provider's last answer was refused for: often the step that is still wrong. */
async function lastRefusal({ services, base }: ProjectVisit, { row }: Shown): Promise<Markup | ''> {
  const { project_id, connection_id } = row
  const filter = { connection_id, limit: 1 }
  const { logins } = await listLogins(services.db, project_id, filter, services.now())
  const [last] = logins
  if (last?.state !== 'failed') return ''
  const why = last.failed_check ? checkTitle(last.failed_check) : last.error_type
  return notice(
    'warning',
    html`The last login over it was refused: ${why}`,
    html`${time(last.started_at)}. <a href="${base}/logins/${last.flow_id}">See what was expected and what came</a>.`,
  )
}

function body({ c }: ProjectVisit, shown: Shown): Markup {
  const { row, base } = shown
  const asked = c.req.query('guide')
  const guide = asked ? guideFor(asked, row.type) : shown.guide
  const own = guides.filter(({ type }) => type === row.type)
  return html`${card(
    `${guide.name}, step by step`,
    html`<form method="get" action="${base}" class="row g-2 align-items-end"><div class="col"><label class="form-label" for="field-guide">Identity provider</label>
<select class="form-select" id="field-guide" name="guide" data-submit-on-change>${own.map(
      ({ identity_provider, name }) =>
        html`<option value="${identity_provider}"${identity_provider === guide.identity_provider ? html` selected` : ''}>${name}</option>`,
    )}</select></div><div class="col-auto"><button class="btn">Show</button></div></form>
<p class="text-secondary mt-3 mb-0">What is to be done there, in the words of its own pages (as of ${guide.written}); the values are this connection’s.</p>`,
  )}
${guide.steps.map((step, i) => card(html`${i + 1}. ${step.title} ${stepState(step, shown)}`, stepBody(step, guide, shown)))}
${lastStep(shown, guide.steps.length + 1)}
${allValues(shown)}`
}

function stepBody(step: GuideStep, guide: Guide, shown: Shown): Markup {
  return html`${guideStep(step, shown.values)}${step.input ? inputs(step.input, guide, shown) : ''}${step.attributes ? html`<a class="btn mt-3" href="${shown.base}/mapping">Attribute mapping</a>` : ''}`
}

/** Whether what the step brings is there; of what is done at the identity provider nobody here knows. */
function stepState(step: GuideStep, { missing }: Shown): Markup | '' {
  if (!step.input) return ''
  const open = missing.filter((name) => name !== 'attribute_mapping')
  return open.length === 0 ? badge('done', 'green') : badge('open', 'yellow')
}

function lastStep({ row, missing, base }: Shown, number: number): Markup {
  const active = row.status === 'active'
  const text =
    missing.length > 0
      ? 'As soon as nothing is missing, a test login shows every check without letting anybody in.'
      : 'A test login shows every check without letting anybody in.'
  return card(
    html`${number}. Test it${active ? '' : ', then activate it'} ${active ? badge('active', 'green') : ''}`,
    html`<p>${text}${active ? '' : ' When it passes, activate the connection with the button at the top.'}</p><a class="btn" href="${base}/test">To the test</a>`,
  )
}

const documents: readonly string[] = ['metadata_url', 'metadata_xml']

function inputs(list: NonNullable<GuideStep['input']>, guide: Guide, { base }: Shown): Markup {
  const query = `?guide=${guide.identity_provider}`
  const names = (of: typeof list) =>
    of.map(({ label }, i) => html`${i > 0 ? ', ' : ''}<b>${label}</b>`)
  const whole = list.filter(({ field }) => documents.includes(field))
  const single = list.filter(({ field }) => !documents.includes(field))
  const wanted =
    whole.length > 0 ? html`${names(whole)}; or else, one by one: ${names(single)}` : names(single)
  return html`<div class="mt-3"><p class="mb-2">Bring back: ${wanted}.</p>
<a class="btn btn-primary" href="${base}/settings${query}">Enter them under Settings</a></div>`
}

function allValues({ row, values }: Shown): Markup {
  const addresses =
    row.type === 'saml'
      ? ([
          ['ACS URL', copyField(values.acs_url)],
          ['Audience (entity ID)', copyField(values.audience_uri)],
          [
            'SP metadata',
            html`${copyField(values.sp_metadata_url)} <a href="${values.sp_metadata_url}">Open</a>`,
          ],
        ] as const)
      : ([['Redirect URI', copyField(values.redirect_url)]] as const)
  return card(
    'All values of this connection',
    facts([
      ...addresses,
      ['Connection id', copyField(row.connection_id)],
      ['Organization id', copyField(row.organization_id)],
    ]),
  )
}
