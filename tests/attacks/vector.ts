import { type Exchange, GENUINE } from './exchange.ts'

/** Makes the answer to one login. */
export type Build = (exchange: Exchange) => string

/** One answer that must be refused: what it tries, and the check that must stop it. */
export interface Vector {
  name: string
  /** Of security.md: X1 to X21, P1 to P15, E (encrypted assertions), L (resource exhaustion). */
  class: string
  /** The name of the check that fails. */
  check: string
  /** The message; `encode` makes the form field of it, base64 of UTF-8 by default. */
  build: (exchange: Exchange) => string
  encode?: (xml: string) => string
}

/** Vectors of one class that one check must stop, by name. */
export function refused(
  className: string,
  check: string,
  builders: Record<string, (exchange: Exchange) => string>,
  encode?: (xml: string) => string,
): Vector[] {
  return Object.entries(builders).map(([name, build]) => ({
    name,
    class: className,
    check,
    build,
    ...(encode && { encode }),
  }))
}

/** The form field of a message. */
export function fieldOf(xml: string, encode?: (xml: string) => string): string {
  return encode ? encode(xml) : Buffer.from(xml).toString('base64')
}

/** An answer that must be accepted, and who it is about. */
export interface Honest {
  name: string
  build: (exchange: Exchange) => string
  /** Base64 of UTF-8 by default. */
  encode?: (xml: string) => string
  email: string
  subject: string
}

/** Answers about the usual person, by name. */
export function accepted(
  builders: Record<string, Build>,
  encode?: (xml: string) => string,
): Honest[] {
  return Object.entries(builders).map(([name, build]) => ({
    name,
    build,
    email: GENUINE,
    subject: GENUINE,
    ...(encode && { encode }),
  }))
}
