import { createHash } from 'node:crypto'

/** Somebody who can sign in at the test identity provider. `id` is the OIDC `sub` and the persistent NameID. */
export interface TestIdPUser {
  id: string
  email: string
  email_verified: boolean
  name: string
  given_name: string
  family_name: string
  department: string
  groups: string[]
}

/** The users of a test identity provider that was given none: three of acme.test and an outsider. */
export const defaultUsers: readonly TestIdPUser[] = [
  {
    id: 'idp-user-ada-lovelace',
    email: 'ada.lovelace@acme.test',
    email_verified: true,
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    department: 'Analytical Engines',
    groups: ['engineering', 'admins'],
  },
  {
    id: 'idp-user-grace-hopper',
    email: 'grace.hopper@acme.test',
    email_verified: true,
    name: 'Grace Hopper',
    given_name: 'Grace',
    family_name: 'Hopper',
    department: 'Compilers',
    groups: ['engineering'],
  },
  {
    id: 'idp-user-alan-turing',
    email: 'alan.turing@acme.test',
    email_verified: true,
    name: 'Alan Turing',
    given_name: 'Alan',
    family_name: 'Turing',
    department: 'Computability',
    groups: ['research'],
  },
  {
    id: 'idp-user-mallory-outsider',
    email: 'mallory@elsewhere.test',
    email_verified: false,
    name: 'Mallory Outsider',
    given_name: 'Mallory',
    family_name: 'Outsider',
    department: '',
    groups: [],
  },
]

/**
 * The user that a login hint or a NameID names: one of `users` by id or e-mail address, else somebody made up
 * for any other e-mail address. Undefined where `hint` is neither.
 */
export function findUser(users: readonly TestIdPUser[], hint: string): TestIdPUser | undefined {
  const wanted = hint.trim().toLowerCase()
  return (
    users.find((user) => user.id === hint.trim() || user.email.toLowerCase() === wanted) ??
    makeUpUser(wanted, '', '')
  )
}

/**
 * Somebody who is not on the list, from what was typed: an e-mail address, a name (made from the address where
 * empty) and groups separated by commas. The id depends on the address alone, so that the same address is the
 * same person again. Undefined where `email` is not an e-mail address.
 */
export function makeUpUser(email: string, name: string, groups: string): TestIdPUser | undefined {
  const address = email.trim().toLowerCase()
  if (address.length > 254 || !/^[^\s@<>"]+@[^\s@<>"]+$/.test(address)) return undefined
  const words = (name.trim() || nameFromEmail(address)).split(/\s+/)
  return {
    id: `idp-user-${createHash('sha256').update(address).digest('hex').slice(0, 16)}`,
    email: address,
    email_verified: true,
    name: words.join(' '),
    given_name: words[0] ?? '',
    family_name: words.slice(1).join(' '),
    department: '',
    groups: [...new Set(groups.split(',').map((group) => group.trim()))].filter(Boolean),
  }
}

function nameFromEmail(email: string): string {
  const words = email.slice(0, email.indexOf('@')).split(/[._-]+/)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
}
