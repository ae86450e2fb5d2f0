import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseXML } from './xml.ts'
import { textContent, XMLError } from './xml-tree.ts'

// XML 1.0 (fifth edition), section 2: characters, ends of lines, names and what refers to a character

const text = (content: string) => textContent(parseXML(`<r>${content}</r>`))
const value = (content: string) => parseXML(`<r a="${content}"/>`).attributes[0]!.value

function refused(xml: string, options = {}): void {
  const isSyntax = (error: unknown) => error instanceof XMLError && error.problem === 'syntax'
  assert.throws(() => parseXML(xml, options), isSyntax, JSON.stringify(xml))
}

test('an end of line is a line feed in text, and each white space a blank in an attribute', () => {
  assert.equal(text('a\r\nb\rc\n\rd\r\r\ne\tf'), 'a\nb\nc\n\nd\n\ne\tf')
  assert.equal(value('a\r\nb\rc\n\rd\r\r\ne\tf'), 'a b c  d  e f')
})

test('white space that is written as a reference stays what it is', () => {
  const all = '&#13;&#10;&#xd;&#xA;&#9;&#32;'
  assert.equal(text(all), '\r\n\r\n\t ')
  assert.equal(value(all), '\r\n\r\n\t ')
  assert.equal(text('\r&#10;'), '\n\n')
  assert.equal(value('\r&#10;'), ' \n')
})

test('the five entities and every character can be referred to, and are not read again', () => {
  const all = '&lt;&gt;&amp;&quot;&apos;&#65;&#0065;&#x41;&#x00041;&#x1f600;&#X41'.slice(0, -5)
  for (const read of [text, value]) {
    assert.equal(read(all), '<>&"\'AAAA😀')
    assert.equal(read('&amp;lt;&#38;#60;'), '&lt;&#60;')
    assert.equal(
      read('&#xD7FF;&#xE000;&#xFFFD;&#x10000;&#x10FFFF;'),
      '\ud7ff\ue000\ufffd\u{10000}\u{10ffff}',
    )
    assert.equal(read(`&#${'0'.repeat(60_000)}65;`), 'A')
  }
})

test('every character of XML may stand in text and values, every other may not', () => {
  const allowed = [
    0x9, 0xa, 0x20, 0x7f, 0x80, 0x85, 0x9f, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0x10000, 0x1fffe,
    0x10ffff,
  ]
  for (const code of allowed)
    assert.equal(text(String.fromCodePoint(code)), String.fromCodePoint(code))
  const refusedCodes = [0xfffe, 0xffff, 0xd800, 0xdbff, 0xdc00, 0xdfff]
  for (let code = 0; code < 0x20; code += 1) {
    if (code !== 0x9 && code !== 0xa && code !== 0xd) refusedCodes.push(code)
  }
  for (const code of refusedCodes) {
    const character = String.fromCharCode(code)
    for (const xml of [`<r>${character}</r>`, `<r a="${character}"/>`, `<r/>${character}`])
      refused(xml)
    for (const reference of [`&#${code};`, `&#x${code.toString(16)};`])
      refused(`<r>${reference}</r>`)
    refused(`<!--${character}--><r/>`, { comments: true })
  }
})

// the first and the last character of each range of section 2.3, and what is beside them
const codes = (list: string) => list.split(' ').map((code) => Number.parseInt(code, 16))
const STARTS = codes(
  '41 5a 5f 61 7a c0 d6 d8 f6 f8 2ff 370 37d 37f 1fff 200c 200d 2070 218f 2c00 2fef 3001 d7ff f900 fdcf fdf0 fffd 10000 effff',
)
const PARTS = codes('2d 2e 30 39 b7 300 36f 203f 2040')
const NEITHER = codes(
  '24 2b 2c 3b 40 5b 5e 60 7b 7e 7f aa b5 b6 b8 bf d7 f7 37e 2000 200b 200e 203e 2041 206f 2190 2bff 2ff0 3000 e000 f8ff fdd0 fdef f0000 10ffff',
)

test('a name is of the characters that names have', () => {
  const names = (character: string) => [character, `a:${character}`]
  const longer = (character: string) => [
    `n${character}`,
    `n${character}n`,
    `é${character}`,
    `a:n${character}`,
  ]
  const places = (name: string) => [
    `<${name} xmlns:a="urn:a"></${name}>`,
    `<r xmlns:a="urn:a" ${name}="1"/>`,
  ]
  for (const code of [...STARTS, ...PARTS, ...NEITHER]) {
    const character = String.fromCodePoint(code)
    const isStart = STARTS.includes(code)
    for (const xml of names(character).flatMap(places)) {
      if (isStart) parseXML(xml)
      else refused(xml)
    }
    for (const xml of longer(character).flatMap(places)) {
      if (isStart || PARTS.includes(code)) parseXML(xml)
      else refused(xml)
    }
  }
})
