/** The forms about administrators. */
import { TOTP } from 'otpauth'
import { giveTOTP, password } from '../src/admins/admins.test-kit.ts'
import { danger, type Fill, typed, type Writer } from './dashboard-filled.ts'
import { send } from './dashboard-visitor.ts'
import { server } from './harness.ts'

const admin = '/dashboard/admins/:admin_id'
const account = '/dashboard/account'

/** The code of the key that the page shows. */
async function enrol(_: unknown, { token }: Writer) {
  const { html } = await send(token, `${account}/authenticator`)
  const [, sealed = ''] = /name="sealed" value="([^"]+)"/.exec(html) ?? []
  const [, secret = ''] = /data-copy="([A-Z2-7]+)"/.exec(html) ?? []
  return { fields: { sealed, totp: new TOTP({ secret }).generate(), password } }
}

async function takeOff(_: unknown, writer: Writer) {
  const app = await giveTOTP((await server()).services, writer.admin)
  return { fields: { totp: app.code(), password } }
}

/** It is set up once. */
async function setUpSSO() {
  const { db } = (await server()).services
  await db.deleteFrom('projects').where('project_slug', '=', 'portcullis-administrators').execute()
  return { fields: {} }
}

export const accountForms: [string, Fill][] = [
  ['POST /dashboard/admins/sso', setUpSSO],
  ['POST /dashboard/admins/invite', typed({ email_address: 'kay@example.com', role: 'editor' })],
  ['POST /dashboard/admins/invitations/:invitation_id/revoke', typed()],
  [`POST ${admin}/role`, typed({ role: 'viewer' })],
  [`POST ${admin}/sessions`, typed()],
  [`POST ${admin}/reset`, typed()],
  [`POST ${admin}/disable`, danger(admin, `${admin}/disable`)],
  [`POST ${admin}/enable`, typed()],
  [`POST ${account}/name`, typed({ name: 'Ada' })],
  [`POST ${account}/sessions`, typed()],
  [
    `POST ${account}/password`,
    typed({ current_password: password, new_password: 'another battery, another horse' }),
  ],
  [`POST ${account}/authenticator`, enrol],
  [`POST ${account}/authenticator/remove`, takeOff],
  ['POST /dashboard/confirm', typed({ password })],
  ['POST /dashboard/sign-out', typed()],
]
