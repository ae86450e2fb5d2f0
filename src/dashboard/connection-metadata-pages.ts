/** The forms about a connection's metadata. */
import { actorOf } from '../admins/admins.ts'
import { ApiError } from '../http/errors.ts'
import { type RefreshOutcome, refreshNow } from '../sso/metadata-refresh.ts'
import {
  approveMetadata,
  type MetadataRefresh,
  rejectMetadata,
  setMetadataRefresh,
} from '../sso/metadata-refresh-approval.ts'
import { certificatesPage } from './connection-certificates.ts'
import { connectionTarget, orAgain, type Shown } from './connection-frame.ts'
import { seeOther } from './frame.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

const path = '/connections/:connection_id/metadata'
const post = { method: 'POST', needs: 'editor' } as const

export const connectionMetadataPages: readonly DashboardPage[] = [
  projectPage({ ...post, path: `${path}/refresh`, run: orAgain(refresh, certificatesPage) }),
  projectPage({ ...post, path: `${path}/mode`, fresh: true, run: orAgain(mode, certificatesPage) }),
  projectPage({
    ...post,
    path: `${path}/approve`,
    fresh: true,
    run: orAgain(approve, certificatesPage),
  }),
  projectPage({ ...post, path: `${path}/reject`, run: orAgain(reject, certificatesPage) }),
]

function by(visit: ProjectVisit) {
  const { admin, services, c, request_id } = visit
  return { actor: actorOf(admin), address: services.limits.addressOf(c), request_id }
}

function back(visit: ProjectVisit, { base }: Shown, message: string): Response {
  return seeOther(visit, `${base}/certificates`, message)
}

const outcomes: Record<Exclude<RefreshOutcome['outcome'], 'failed'>, string> = {
  unchanged: 'The metadata were read; nothing in them is new.',
  taken: 'The metadata were read, and what is new in them was taken.',
  pending: 'The metadata were read. What is new in them waits for approval.',
  gone: 'The connection was changed meanwhile.',
}

async function refresh(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { project_id, connection_id } = shown.row
  const outcome = await refreshNow(visit.services, project_id, connection_id)
  await visit.audit({
    ...connectionTarget(shown),
    action: 'connection.metadata_refresh',
    after: { outcome: outcome.outcome },
  })
  if (outcome.outcome === 'failed')
    throw new ApiError('invalid_saml_metadata_url', { message: outcome.error })
  return back(visit, shown, outcomes[outcome.outcome])
}

function isMode(text: string): text is MetadataRefresh {
  return text === 'off' || text === 'approve' || text === 'automatic'
}

async function mode(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { project_id, connection_id } = shown.row
  const asked = visit.form.text('metadata_refresh')
  if (!isMode(asked))
    throw new ApiError('bad_request', { message: 'Choose what happens when something changes.' })
  await setMetadataRefresh(visit.services, project_id, connection_id, asked, by(visit))
  return back(visit, shown, 'Saved.')
}

async function approve(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { project_id, connection_id } = shown.row
  const pending_id = visit.form.text('pending_id')
  await approveMetadata(visit.services, project_id, connection_id, { ...by(visit), pending_id })
  return back(visit, shown, 'The changes were taken. Test the connection.')
}

async function reject(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const { project_id, connection_id } = shown.row
  const pending_id = visit.form.text('pending_id')
  await rejectMetadata(visit.services, project_id, connection_id, { ...by(visit), pending_id })
  return back(visit, shown, 'The changes were rejected; the connection is as it was.')
}
