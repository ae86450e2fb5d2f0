import { isUtf8 } from 'node:buffer'
import { XMLError } from './xml-tree.ts'

/**
 * Decodes standard base64 with correct padding; ASCII whitespace is dropped, anything else that is
 * not of the alphabet, base64url and non-zero trailing bits give null.
 */
export function strictBase64(text: string): Buffer | null {
  const compact = /[ \t\r\n]/.test(text) ? text.replace(/[ \t\r\n]+/g, '') : text
  const bytes = Buffer.from(compact, 'base64')
  return bytes.toString('base64') === compact ? bytes : null
}

/** Decodes UTF-8 strictly and drops one byte order mark. Throws XMLError. */
export function decodeUTF8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new XMLError('encoding', 'The message is not valid UTF-8.')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
