/** What pages call the fields that the API has names for. */
const nouns: Readonly<Record<string, string>> = {
  organization_name: 'name',
  organization_slug: 'slug',
  organization_external_id: 'external id',
  organization_logo_url: 'logo URL',
  email_allowed_domains: 'allowed e-mail domains',
  email_invites: 'choice for invitations',
  email_jit_provisioning: 'choice for people who prove an address',
  rbac_email_implicit_role_assignments: 'roles by e-mail domain',
  email_address: 'e-mail address',
  external_id: 'external id',
  display_name: 'name',
  identity_provider: 'identity provider',
  attribute_mapping: 'attribute mapping',
  idp_entity_id: 'entity ID',
  idp_sso_url: 'single sign-on address',
  x509_certificate: 'certificate',
  metadata_url: 'metadata address',
  alternative_acs_url: 'other ACS URL',
  alternative_audience_uri: 'other entity ID',
  signing_private_key: 'private key',
  client_id: 'client ID',
  client_secret: 'client secret',
  authorization_url: 'authorization address',
  token_url: 'token address',
  userinfo_url: 'userinfo address',
  jwks_url: 'JWKS address',
  custom_scopes: 'scopes',
}

/** A message of the API as a page says it: the names of its fields are those that stand beside them there. */
export function inPlainNames(message: string): string {
  // `name: reason` is how the API says which field of a call it means.
  const sentence = message
    .replace(/^[a-z0-9_]+: (?=[A-Z])/, '')
    .replace(/^([a-z0-9_]+): (?=(must|cannot|may)\b)/, '$1 ')
  return sentence.replace(
    /\b(?:(the) )?([a-z0-9]+(?:_[a-z0-9]+)+)\b/gi,
    (all, article: string | undefined, name: string, offset: number) => {
      const noun = Object.hasOwn(nouns, name) ? nouns[name] : undefined
      if (!noun) return all
      const begins = offset === 0 || /[.!?:] $/.test(sentence.slice(0, offset))
      return `${article ?? (begins ? 'The' : 'the')} ${noun}`
    },
  )
}

/** The first field that a message of the API names, for the form that holds it. */
export function fieldNamed(message: string): string | undefined {
  return message.match(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/g)?.find((name) => Object.hasOwn(nouns, name))
}
