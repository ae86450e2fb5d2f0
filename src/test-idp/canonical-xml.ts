/** XML text that is well-formed and in the form that exclusive canonicalisation gives it. */
export type CanonicalXML = string & { readonly canonical: unique symbol }

/** No XML at all: what stands in place of an element that is left out. */
export const nothing = '' as CanonicalXML

/**
 * An element in Exclusive XML Canonicalization 1.0 form: namespace declarations first, then attributes in order of
 * their names, everything escaped, no empty-element tags. The caller declares each namespace prefix on the
 * outermost element that uses it. Attributes that are undefined are left out; attribute names have no prefix.
 */
export function element(
  name: string,
  attributes: Record<string, string | undefined>,
  ...content: CanonicalXML[]
): CanonicalXML {
  const written = Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .sort(([a], [b]) => (sortKey(a) < sortKey(b) ? -1 : 1))
    .map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`)
  return `<${name}${written.join('')}>${content.join('')}</${name}>` as CanonicalXML
}

/** A text node. Characters that XML 1.0 has no way to write become U+FFFD. */
export function text(value: string): CanonicalXML {
  return onlyXMLCharacters(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;') as CanonicalXML
}

function escapeAttribute(value: string): string {
  return onlyXMLCharacters(value)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#x9;')
    .replaceAll('\n', '&#xA;')
    .replaceAll('\r', '&#xD;')
}

function sortKey(attribute: string): string {
  return attribute.startsWith('xmlns') ? `0${attribute}` : `1${attribute}`
}

function onlyXMLCharacters(value: string): string {
  return value
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
}
