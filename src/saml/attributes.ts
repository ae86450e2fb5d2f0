import type { CheckList } from './checks.ts'
import { ASSERTION } from './namespaces.ts'
import {
  attributeValue,
  childElements,
  childrenNamed,
  isElement,
  textContent,
  type XMLElement,
} from './xml-tree.ts'

/** One <Attribute> element, in document order; the caller decides what several of one name mean. */
export type SAMLAttribute = {
  name: string
  name_format: string | null
  friendly_name: string | null
  /** whether every value is text; where one holds an element there are no values, and nothing may use it */
  plain: boolean
  values: readonly string[]
}

/**
 * The attributes of all AttributeStatements. Values are text; an empty or nil one is ''. Core 2.7.3.
 * Those that are not plain are named in a check. Throws SAMLError for anything that is no Attribute with a
 * Name and values.
 */
export function readAttributes(assertion: XMLElement, checks: CheckList): SAMLAttribute[] {
  const attributes: SAMLAttribute[] = []
  for (const statement of childrenNamed(assertion, ASSERTION, 'AttributeStatement')) {
    const children = childElements(statement)
    if (children === null) return refuse('text beside the attributes', checks)
    for (const child of children) {
      if (isElement(child, ASSERTION, 'EncryptedAttribute')) {
        return refuse('an encrypted attribute', checks)
      }
      if (!isElement(child, ASSERTION, 'Attribute')) {
        return refuse(`an unexpected ${child.local}`, checks)
      }
      const attribute = readAttribute(child)
      if (typeof attribute === 'string') return refuse(attribute, checks)
      attributes.push(attribute)
    }
  }
  checks.pass('attributes', { actual: String(attributes.length) })
  const odd = attributes.flatMap(({ name, plain }) => (plain ? [] : [name]))
  if (odd.length > 0) checks.skip('attributes_not_plain', `left out: ${odd.join(', ')}`)
  return attributes
}

function readAttribute(element: XMLElement): SAMLAttribute | string {
  const name = attributeValue(element, 'Name')
  if (name === null || name === '') return 'an attribute without a Name'
  const children = childElements(element)
  if (children === null) return `text beside the values of ${name}`
  const values: string[] = []
  for (const child of children) {
    if (!isElement(child, ASSERTION, 'AttributeValue')) return `an unexpected child of ${name}`
    const text = textContent(child)
    if (text !== null) values.push(text)
  }
  const plain = values.length === children.length
  return {
    name,
    name_format: attributeValue(element, 'NameFormat'),
    friendly_name: attributeValue(element, 'FriendlyName'),
    plain,
    values: plain ? values : [],
  }
}

function refuse(problem: string, checks: CheckList): never {
  return checks.fail('attributes', {
    error_type: 'invalid_saml_response',
    message: 'The attributes in the Assertion cannot be used.',
    expected: 'attributes with a Name and a list of values',
    actual: problem,
    fix: {
      who: 'it_admin',
      what: 'In the identity provider, release only attributes that have a name and are not encrypted to this application. Remove what is named here.',
    },
  })
}
