const scheme = /^postgres(ql)?:\/\//

/**
 * What is wrong with an address of PostgreSQL, naming the setting and quoting nothing of the address;
 * nothing where it can be tried.
 */
export function databaseURLProblem(name: string, url: string): string | undefined {
  if (!scheme.test(url))
    return `${name} must be set, such as postgres://user:password@host:5432/portcullis`
  const [authority = '', ...rest] = url.replace(scheme, '').split(/(?<=^[^/?#]*)[/?#]/)
  // A password with one of these ends the host name early, and another host is asked.
  if (rest.join('').includes('@') || !isEncoded(authority))
    return `${name} has a user or password that is not written for an address: / ? # % and @ in it are %2F %3F %23 %25 and %40`
  return undefined
}

function isEncoded(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined
  } catch {
    return false
  }
}
