/** How far the work of a setup link is, for both sides: the step reached, and how its last test went. */
import type { Services } from '../context.ts'
import { getLogin } from '../sso/login-trace.ts'
import { type LoginTrace, listLogins } from '../sso/traces.ts'
import { chosenOf } from './portal-visit.ts'
import type { SetupLink } from './setup-links.ts'
import { stepsOf } from './steps.ts'

export interface Progress {
  /** The furthest step, from 1. */
  at: number
  of: number
  title: string
  last_test: LoginTrace | undefined
}

/** The progress of a link. */
export async function progressOf(services: Services, link: SetupLink): Promise<Progress> {
  const chosen = await chosenOf(services, link)
  const steps = stepsOf(chosen?.guide ?? null)
  const at = Math.max(
    0,
    steps.findIndex((step) => step.id === link.step),
  )
  const last_test = await lastTest(services, link)
  return { at: at + 1, of: steps.length, title: steps[at]!.title, last_test }
}

/** A test that this link began: the one asked for, or the newest. */
export async function lastTest(
  services: Services,
  link: SetupLink,
  flow_id?: string,
): Promise<LoginTrace | undefined> {
  const { project_id, connection_id, setup_link_id } = link
  if (connection_id === null) return undefined
  const now = services.now()
  const filter = { connection_id, tested_by: setup_link_id, limit: 20 }
  const { logins: own } = await listLogins(services.db, project_id, filter, now)
  const found = own.find((login) => login.flow_id === flow_id) ?? own[0]
  return found && getLogin(services.db, project_id, found.flow_id, now)
}
