import { deflateRawSync } from 'node:zlib'
import { replace } from './exchange.ts'
import { type Build, refused, type Vector } from './vector.ts'

const mark =
  (insert: string): Build =>
  (e) =>
    replace(e.genuine, '<samlp:Status>', `${insert}<samlp:Status>`)
const prolog =
  (text: string): Build =>
  (e) =>
    text + e.genuine

const bytes = (make: (xml: string) => Buffer) => (xml: string) => make(xml).toString('base64')
const spliced = (...octets: number[]) =>
  bytes((xml) => {
    const [start = '', end = ''] = xml.split('>Mallory<')
    return Buffer.concat([Buffer.from(`${start}>Ma`), Buffer.from(octets), Buffer.from(`<${end}`)])
  })
const genuine: Build = (e) => e.genuine
const padded: Build = (e) =>
  `${e.genuine} `.padEnd(e.genuine.length + 3 - (e.genuine.length % 3) + 1)

/** X21: encodings. */
export const ENCODINGS: readonly Vector[] = [
  ...refused(
    'X21',
    'xml_encoding',
    { 'UTF-16': genuine },
    bytes((xml) => Buffer.from(`\ufeff${xml}`, 'utf16le')),
  ),
  ...refused('X21', 'xml_encoding', { 'invalid UTF-8': genuine }, spliced(0xff)),
  ...refused('X21', 'xml_encoding', { 'overlong UTF-8': genuine }, spliced(0xc0, 0xbc)),
  ...refused(
    'X21',
    'xml_encoding',
    { 'half a surrogate pair in UTF-8': genuine },
    spliced(0xed, 0xa0, 0x80),
  ),
  ...refused('X21', 'xml_encoding', { 'Latin-1': genuine }, spliced(0xe9)),
  ...refused('X21', 'xml_encoding', {
    'UTF-16 declared': prolog('<?xml version="1.0" encoding="UTF-16"?>'),
    'Latin-1 declared': prolog('<?xml version="1.0" encoding="ISO-8859-1"?>'),
    'UTF-7 declared': prolog('<?xml version="1.0" encoding="UTF-7"?>'),
    'XML 1.1': prolog('<?xml version="1.1"?>'),
    'the encoding before the version': prolog('<?xml encoding="UTF-8" version="1.0"?>'),
    'a declaration with something more': prolog('<?xml version="1.0" x="1"?>'),
  }),
  ...refused('X21', 'xml_forbidden_markup', {
    'a declaration after white space': prolog(' <?xml version="1.0"?>'),
    'two declarations': prolog('<?xml version="1.0"?><?xml version="1.0"?>'),
  }),
  ...refused('X21', 'xml', {
    'two byte order marks': prolog('\ufeff\ufeff'),
    NUL: mark('\0'),
    'a NUL at the end': (e) => `${e.genuine}\0`,
  }),
  ...refused(
    'X21',
    'base64',
    { 'a character that is not base64': genuine },
    (xml) => `!${Buffer.from(xml).toString('base64')}`,
  ),
  ...refused(
    'X21',
    'base64',
    { base64url: (e) => replace(e.genuine, 'Mallory', 'ÿÿÿ¿¿¿>>>???'.replaceAll('>', '&gt;')) },
    (xml) => `${Buffer.from(xml).toString('base64').replaceAll('/', '_').replaceAll('+', '-')}-_`,
  ),
  ...refused('X21', 'base64', { 'a missing pad': padded }, (xml) =>
    Buffer.from(xml).toString('base64').replace(/=+$/, ''),
  ),
  ...refused('X21', 'base64', { 'bits beyond the end': padded }, (xml) =>
    Buffer.from(xml)
      .toString('base64')
      .replace(/(.)==$/, 'h=='),
  ),
  ...refused('X21', 'base64', { 'two base64 texts': padded }, (xml) =>
    Buffer.from(xml).toString('base64').repeat(2),
  ),
  ...refused(
    'X21',
    'base64',
    { 'a form feed in base64': genuine },
    (xml) => `\f${Buffer.from(xml).toString('base64')}`,
  ),
  ...refused(
    'X21',
    'base64',
    { 'base64 in percent escapes': genuine },
    (xml) => `${encodeURIComponent(Buffer.from(xml).toString('base64'))}%3D`,
  ),
  ...refused('X21', 'xml', { 'base64 twice': genuine }, (xml) =>
    Buffer.from(Buffer.from(xml).toString('base64')).toString('base64'),
  ),
  ...refused('X21', 'xml_encoding', { 'deflated, as in a redirect': genuine }, (xml) =>
    deflateRawSync(xml).toString('base64'),
  ),
  ...refused('X21', 'saml_response', { 'white space alone': genuine }, () => ' \r\n'),
]
