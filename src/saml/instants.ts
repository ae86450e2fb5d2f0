const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?Z$/

/**
 * Milliseconds of an xs:dateTime in UTC with the suffix Z, the only form that SAML allows
 * (Core 1.3.3); null for anything else, dates that do not exist included.
 */
export function parseInstant(text: string): number | null {
  const match = INSTANT.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second, fraction] = match
  const date = new Date(Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!))
  // Date.UTC carries what is out of range over, and reads years below 100 as 19xx
  const exists =
    date.getUTCFullYear() === +year! &&
    date.getUTCMonth() === +month! - 1 &&
    date.getUTCDate() === +day! &&
    date.getUTCHours() === +hour! &&
    date.getUTCMinutes() === +minute! &&
    date.getUTCSeconds() === +second!
  if (!exists) return null
  return date.getTime() + Number(`${fraction ?? ''}000`.slice(0, 3))
}

/** An instant as SAML writes it, in whole seconds. */
export function formatInstant(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

/** "3 minutes 20 seconds", for people. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(Math.abs(milliseconds) / 1000))
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)} days`
  if (seconds >= 7200) return `${Math.floor(seconds / 3600)} hours`
  if (seconds < 120) return seconds === 1 ? '1 second' : `${seconds} seconds`
  return `${Math.floor(seconds / 60)} minutes ${seconds % 60} seconds`
}
