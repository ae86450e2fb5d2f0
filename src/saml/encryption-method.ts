import { strictBase64 } from './encoding.ts'
import { DSIG, XENC, XENC11 } from './namespaces.ts'
import type { OAEPHash, OAEPParameters } from './oaep.ts'
import {
  attributeValue,
  childElements,
  childrenNamed,
  textContent,
  type XMLElement,
} from './xml-tree.ts'

const RSA_OAEP_MGF1P = `${XENC}rsa-oaep-mgf1p`
const RSA_OAEP = `${XENC11}rsa-oaep`
const MAX_LABEL = 256

const DIGESTS = new Map<string, OAEPHash>([
  [`${DSIG}sha1`, 'sha1'],
  [`${XENC}sha256`, 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#sha384', 'sha384'],
  [`${XENC}sha512`, 'sha512'],
])

// These names exist in no specification. The one library that writes them (crewjam/saml, Go) means
// the same hash for MGF1, whatever the algorithm of the key says.
const GO_DIGESTS = new Map<string, OAEPHash>([
  [`${DSIG}sha256`, 'sha256'],
  [`${DSIG}sha512`, 'sha512'],
])

const MGFS = new Map<string, OAEPHash>([
  [`${XENC11}mgf1sha1`, 'sha1'],
  [`${XENC11}mgf1sha256`, 'sha256'],
  [`${XENC11}mgf1sha384`, 'sha384'],
  [`${XENC11}mgf1sha512`, 'sha512'],
])

/**
 * The parameters of RSA-OAEP in the EncryptionMethod of a key (XML Encryption 1.1, 5.5.2); else the
 * name of what is not supported.
 */
export function readOAEPMethod(method: XMLElement): OAEPParameters | string {
  const algorithm = attributeValue(method, 'Algorithm') ?? ''
  if (algorithm !== RSA_OAEP && algorithm !== RSA_OAEP_MGF1P) return algorithm
  const children = childElements(method)
  const digests = childrenNamed(method, DSIG, 'DigestMethod')
  const mgfs = childrenNamed(method, XENC11, 'MGF')
  const labels = childrenNamed(method, XENC, 'OAEPparams')
  const sizes = childrenNamed(method, XENC, 'KeySize')
  const all = [digests, mgfs, labels, sizes]
  const known = all.reduce((sum, list) => sum + list.length, 0) === children?.length
  if (!known || all.some((list) => list.length > 1)) return `${algorithm} with unknown parameters`
  const [digestMethod] = digests
  const [mgfMethod] = mgfs
  if (mgfMethod !== undefined && algorithm === RSA_OAEP_MGF1P) return `${algorithm} with an MGF`
  const digestURI = digestMethod === undefined ? `${DSIG}sha1` : uriOf(digestMethod)
  const mgfURI = mgfMethod === undefined ? `${XENC11}mgf1sha1` : uriOf(mgfMethod)
  const go = mgfMethod === undefined ? GO_DIGESTS.get(digestURI) : undefined
  const digest = go ?? DIGESTS.get(digestURI)
  const mgf = go ?? MGFS.get(mgfURI)
  if (digest === undefined) return `${algorithm} ${digestURI}`
  if (mgf === undefined) return `${algorithm} ${mgfURI}`
  const label =
    labels[0] === undefined ? Buffer.alloc(0) : strictBase64(textContent(labels[0]) ?? '!')
  if (label === null || label.length > MAX_LABEL) return `${algorithm} with unusable OAEPparams`
  return { digest, mgf, label }
}

function uriOf(element: XMLElement): string {
  return attributeValue(element, 'Algorithm') ?? ''
}
