/** How a form of the dashboard is filled in; dashboard-forms.ts holds them all. */
import type { Admin } from '../src/admins/admins.ts'
import type { Estate } from './dashboard-estate.ts'
import { type Fields, send } from './dashboard-visitor.ts'

/** A form, filled in. */
export interface Filled {
  fields: Fields
  /** Parameters of the path, where they are not the estate's. */
  ids?: Record<string, string>
  query?: Record<string, string>
}

/** Who fills it in: an administrator with a session and a password. */
export interface Writer {
  admin: Admin
  token: string
}

export type Fill = (estate: Estate, writer: Writer) => Filled | Promise<Filled>

/** A form whose fields need nothing of the estate. */
export function typed(fields: Fields = {}): Fill {
  return () => ({ fields })
}

/** The form of a danger zone: `from` is the page on which it stands, `to` where it posts to. */
export function danger(from: string, to: string, fields: Fields = {}): Fill {
  return async ({ ids }, { token }) => {
    const at = (path: string) => path.replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? '')
    const base = from.startsWith('/dashboard') ? '' : `/dashboard/projects/${ids.project_slug}`
    const form = await formOf(token, base + at(from), base + at(to))
    const [, name = ''] = /data-confirm-name="([^"]*)"/.exec(form) ?? []
    return { fields: { ...fields, confirm_name: name } }
  }
}

/** The HTML of the form on `page` that posts to `action`; empty where there is none. */
export async function formOf(token: string, page: string, action: string): Promise<string> {
  const { html } = await send(token, page)
  return html.split('<form').find((each) => each.includes(`action="${action}`)) ?? ''
}

/** The value of a field of that form. */
export function fieldIn(form: string, name: string): string {
  return new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? ''
}
