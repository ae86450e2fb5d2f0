/** Mounts the portal: `/setup/{token}` opens a link, `/setup/...` is what a browser that opened one may do. */
import type { Hono, Context as HonoContext } from 'hono'
import type { Services } from '../context.ts'
import { toApiError } from '../http/envelope.ts'
import { ApiError } from '../http/errors.ts'
import { assertOwnForm, readForm } from '../http/form.ts'
import { guardPages } from '../http/screen.ts'
import { choose, choosePage } from './portal-choose.ts'
import { activate, activatePage, mappingPage, saveMapping } from './portal-finish.ts'
import { closedPage, portalPage } from './portal-frame.ts'
import { guidePage, guideStepOf } from './portal-guide.ts'
import { takeInput } from './portal-input.ts'
import { applySetupFix, startTest, testPage } from './portal-test.ts'
import {
  type Chosen,
  chosenOf,
  findVisit,
  keepSetupSession,
  type SetupVisit,
} from './portal-visit.ts'
import { openSetupLink, recordProgress } from './setup-links.ts'
import { isLater, stepAfter, stepsOf } from './steps.ts'

/** Mounts every address of the portal. */
export function mountSetup(app: Hono, services: Services): void {
  app.use('/setup/*', guardPages)
  const page = (work: Work) => (c: HonoContext) => inPortal(services, c, work)
  const form = (work: Work) => (c: HonoContext) =>
    inPortal(services, c, async (visit) => {
      visit.form = await readForm(c.req.raw)
      assertOwnForm(services, c, visit.form, visit.csrf_token)
      if (visit.link.completed_at) throw done()
      return work(visit)
    })
  app.get('/setup', page(resume))
  app.get('/setup/step/:step', page(show))
  app.post('/setup/step/:step', form(submit))
  app.post('/setup/choose', form(orPage(choose, (visit, error) => choosePage(visit, error))))
  app.post('/setup/test', form(onChosen(startTest, testPage)))
  app.post('/setup/fix', form(onChosen(applySetupFix, testPage)))
  app.post('/setup/mapping', form(onChosen(mapped, mappingPage)))
  app.post('/setup/activate', form(onChosen(activate, activatePage)))
  app.get('/setup/:token', (c) => open(services, c))
}

/** A browser that opened the link sees how it ended, and changes nothing of a connection that is in use. */
function done(): ApiError {
  return new ApiError('bad_request', {
    status: 410,
    message: 'This link has done its work. To change something, ask whoever sent it for a new one.',
  })
}

type Work = (visit: SetupVisit) => Response | Promise<Response>
type Failed = (visit: SetupVisit, error: ApiError) => Response | Promise<Response>

/** Opens a link: the browser gets a session, and the token leaves the address. */
async function open(services: Services, c: HonoContext): Promise<Response> {
  const token = c.req.param('token') ?? ''
  try {
    services.limits.visit(c, 'start', '/setup', token)
  } catch (error) {
    const { status, headers, message } = toApiError(error)
    return c.text(message, status as 429, headers)
  }
  const opened = /^[\w-]{43}$/.test(token) ? await openSetupLink(services, token) : undefined
  if (!opened) {
    services.limits.visitFailed(c)
    return closedPage()
  }
  keepSetupSession(c, services.config, opened.session_token)
  c.header('referrer-policy', 'no-referrer')
  return c.redirect('/setup', 303)
}

async function inPortal(services: Services, c: HonoContext, work: Work): Promise<Response> {
  const visit = await findVisit(services, c).catch((error: unknown) => {
    // The organization was deleted with its links, or is about to be.
    if (error instanceof ApiError) return undefined
    throw error
  })
  if (!visit) return closedPage()
  try {
    return await work(visit)
  } catch (cause) {
    const error = toApiError(cause)
    const { request_id } = visit.context
    if (error.status >= 500) services.log.error({ err: cause, request_id }, 'page failed')
    return portalPage(visit, { step: visit.link.step, title: 'That did not work', error, body: '' })
  }
}

/** Shows the page of the form again with what went wrong. */
function orPage(work: Work, failed: Failed): Work {
  return async (visit) => {
    try {
      return await work(visit)
    } catch (error) {
      if (error instanceof ApiError) return failed(visit, error)
      throw error
    }
  }
}

/** The same for what needs a connection; without one, the choice comes first. */
function onChosen(
  work: (visit: SetupVisit, chosen: Chosen) => Promise<Response>,
  failed: (visit: SetupVisit, chosen: Chosen, error: ApiError) => Response | Promise<Response>,
): Work {
  return (visit) => {
    const { chosen } = visit
    if (!chosen) return visit.c.redirect('/setup/step/choose', 303)
    return orPage(
      () => work(visit, chosen),
      (_visit, error) => failed(visit, chosen, error),
    )(visit)
  }
}

/** Where the work stopped. */
function resume({ c, link, chosen }: SetupVisit): Response {
  const steps = stepsOf(chosen?.guide ?? null)
  const known = steps.some((step) => step.id === link.step)
  // A link for a connection that is there begins with the guide, not with the choice.
  const first = chosen && link.step === 'choose' ? steps[1]!.id : 'choose'
  return c.redirect(
    `/setup/step/${chosen && known && link.step !== 'choose' ? link.step : first}`,
    303,
  )
}

async function show(visit: SetupVisit): Promise<Response> {
  const { c, chosen, services } = visit
  const step = c.req.param('step') ?? ''
  if (step === 'choose' || !chosen) return choosePage(visit)
  await reach(visit, chosen, step)
  visit.link = { ...visit.link, last_seen_at: services.now() }
  if (step === 'test') return testPage(visit, chosen)
  if (step === 'mapping') return mappingPage(visit, chosen)
  if (step === 'activate') return activatePage(visit, chosen)
  return guidePage(visit, chosen, step)
}

/** Notes that somebody has come so far. */
async function reach(visit: SetupVisit, chosen: Chosen, step: string): Promise<void> {
  const steps = stepsOf(chosen.guide)
  if (!steps.some(({ id }) => id === step))
    throw new ApiError('bad_request', { message: 'There is no such step.' })
  const further = isLater(steps, step, visit.link.step) ? step : visit.link.step
  visit.link = await recordProgress(visit.services, visit.link, { step: further })
}

/** A step of the guide that was done: what was brought is taken, and the next one comes. */
async function submit(visit: SetupVisit): Promise<Response> {
  const { c, chosen, services } = visit
  const step = c.req.param('step') ?? ''
  if (!chosen) return c.redirect('/setup/step/choose', 303)
  const again = async (error: ApiError, kept: boolean) =>
    guidePage(visit, (await chosenOf(services, visit.link)) ?? chosen, step, error, kept)
  try {
    guideStepOf(chosen, step)
    const warning = await takeInput(visit, chosen)
    if (warning) return again(new ApiError('bad_request', { message: warning }), true)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return again(error, false)
  }
  const next = stepAfter(stepsOf(chosen.guide), step)!
  await reach(visit, chosen, next.id)
  return c.redirect(`/setup/step/${next.id}`, 303)
}

async function mapped(visit: SetupVisit, chosen: Chosen): Promise<Response> {
  await saveMapping(visit, chosen)
  await reach(visit, chosen, 'activate')
  return visit.c.redirect('/setup/step/activate', 303)
}
