/** Whose request it is, as far as limits are concerned: an IPv4 address, or the /64 of an IPv6 address. */
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = [Address, number]

/** What is known of an address, once it was read; no prefix where it is none. */
interface Known {
  prefix: string | undefined
  trusted: boolean
}

const maxKnown = 10_000
/** No address with a port is longer, and what a client writes is kept. */
const maxLength = 64

/** Reads what PORTCULLIS_TRUSTED_PROXIES lists, addresses and CIDR ranges; the others are `problems`. */
export function readTrustedProxies(entries: readonly string[], problems: string[]): string[] {
  return entries.filter((entry) => {
    if (toRange(entry)) return true
    problems.push(
      `PORTCULLIS_TRUSTED_PROXIES must list addresses and ranges such as 10.0.0.0/8, not "${entry}"`,
    )
    return false
  })
}

function toRange(entry: string): Range | undefined {
  const [text = '', bits, ...rest] = entry.split('/')
  const address = parseAddress(text)
  if (!address || rest.length > 0) return undefined
  const width = address.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return [address, width]
  // A range of all addresses would believe what anybody writes of themselves.
  return /^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= width
    ? [address, Number(bits)]
    : undefined
}

/** An address in its usual spelling; IPv4 within IPv6 (RFC 4291 section 2.5.5.2) is IPv4. */
function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  return text.includes(':') && ipaddr.IPv6.isValid(text) ? ipaddr.process(text) : undefined
}

/** The part of an address that one subscriber has: IPv4 /32, IPv6 /64. */
function prefixOf(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString()
  const groups = (address as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16))
  return `${groups.join(':')}::/64`
}

/**
 * Makes a function of the socket's remote address and the X-Forwarded-For header to the client's prefix.
 * The header is believed from trusted proxies alone, and of it the right-most address that is none of
 * theirs: everything further left is what that client wrote. `onUnbelieved` gets the peers whose header
 * was passed over; `nameOf` may give another name than the prefix, such as the whole address.
 */
export function createAddressReader(
  trusted_proxies: readonly string[],
  onUnbelieved: (peer: string) => void = () => {},
  nameOf: (address: Address) => string = prefixOf,
): (peer: string | undefined, forwardedFor: string | null | undefined) => string {
  const ranges = trusted_proxies.map((entry) => toRange(entry)).filter((each) => each !== undefined)
  const known = new Map<string, Known>()

  function look(text: string): Known {
    const found = known.get(text)
    if (found) return found
    const address = text.length <= maxLength ? parseAddress(withoutPort(text)) : undefined
    const trusted = ranges.some(
      ([range, bits]) => address && range.kind() === address.kind() && address.match(range, bits),
    )
    const entry = { prefix: address && nameOf(address), trusted }
    if (known.size >= maxKnown) known.clear()
    if (text.length <= maxLength) known.set(text, entry)
    return entry
  }

  return (peer = '', forwardedFor) => {
    const { prefix = 'unknown', trusted } = look(peer)
    if (!forwardedFor) return prefix
    if (trusted) return forwarded(forwardedFor, prefix, look)
    onUnbelieved(peer)
    return prefix
  }
}

function forwarded(header: string, peer: string, look: (text: string) => Known): string {
  let nearest = peer
  for (const entry of header.split(',').reverse()) {
    const { prefix, trusted } = look(entry.trim())
    // A trusted proxy wrote what is no address: only what came after it is known.
    if (prefix === undefined) return nearest
    nearest = prefix
    if (!trusted) return nearest
  }
  return nearest
}

/** Some proxies write `192.0.2.1:5678` and `[2001:db8::1]:5678`. */
function withoutPort(entry: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry
}
