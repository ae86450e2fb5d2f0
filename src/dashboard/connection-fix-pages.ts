/** Applying the fix that a failed test proposes. */
import { ApiError } from '../http/errors.ts'
import { applyConfirmed } from './connection-fixes.ts'
import { orAgain, type Shown } from './connection-frame.ts'
import { saved } from './connection-save.ts'
import { testOf, testPage } from './connection-test.ts'
import { type DashboardPage, type ProjectVisit, projectPage } from './visit.ts'

export const connectionFixPages: readonly DashboardPage[] = [
  projectPage({
    method: 'POST',
    path: '/connections/:connection_id/test/fix',
    needs: 'editor',
    fresh: true,
    run: orAgain(apply, testPage),
  }),
]

async function apply(visit: ProjectVisit, shown: Shown): Promise<Response> {
  const flow_id = visit.form.text('flow_id')
  if (!(await testOf(visit, shown, flow_id)))
    throw new ApiError('bad_request', { message: 'That is no test of this connection.' })
  const { kind } = await applyConfirmed(visit, shown)
  const message = 'The fix was applied. Test the connection again.'
  return saved(visit, shown, { action: `connection.fix_${kind}`, at: '/test', message })
}
