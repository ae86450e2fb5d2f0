import type { Services } from '../context.ts'
import { statement } from '../db/connect.ts'
import { ApiError } from '../http/errors.ts'
import { canSendMail, sendMail } from '../mail/mail.ts'
import { mailBody } from '../mail/mail-body.ts'
import type { CertificateWarning } from './certificates-due-warnings.ts'

const listed = 20

const whose = {
  verification: 'the certificate of the identity provider',
  signing: 'our certificate that signs requests',
  encryption: 'our certificate that assertions are encrypted for',
} as const

/**
 * Queues a mail about certificates to each active administrator, one a project. Those that another one
 * replaces are left out: nobody has to do anything about them. Give it services on the transaction of the
 * warnings.
 */
export async function mailWarnings(
  services: Services,
  warnings: readonly CertificateWarning[],
): Promise<void> {
  const urgent = Map.groupBy(
    warnings.filter((warning) => !warning.replaced),
    (warning) => warning.project_id,
  )
  if (urgent.size === 0 || !canSendMail(services.config)) return
  const admins = await statement<{ email_address: string }>(
    services.db,
    "select email_address from admins where status = 'active' order by admin_id",
    [],
  )
  for (const [project_id, certificates] of urgent)
    for (const { email_address } of admins)
      await queue(services, { project_id, to: email_address, ...wordsOf(services, certificates) })
}

async function queue(
  services: Services,
  mail: { project_id: string; to: string; subject: string; text: string; html: string },
): Promise<void> {
  try {
    await sendMail(services, { kind: 'certificates_due', ...mail })
  } catch (error) {
    // An address that no mail goes to must not keep the others from their warning.
    if (!(error instanceof ApiError)) throw error
    services.log.warn({ err: error }, 'a certificate warning could not be sent')
  }
}

function wordsOf({ config }: Services, certificates: readonly CertificateWarning[]) {
  const expired = certificates.filter((each) => each.warning === 'expired').length
  const title = [
    counted(expired, 'has ended', 'have ended'),
    counted(certificates.length - expired, 'ends soon', 'end soon'),
  ]
    .filter((text) => text !== '')
    .join(', ')
  const more = certificates.length - listed
  const words = {
    title: `SSO certificates: ${title}`,
    paragraphs: [
      ...certificates.slice(0, listed).map(sentence),
      ...(more > 0 ? [`And ${more} more: the dashboard lists them all.`] : []),
      'Until a certificate is replaced on both sides, logins over its connection can fail from one day to the next. Ask the identity provider for its next certificate, or give it ours, before that.',
    ],
    action: { label: 'Open the dashboard', url: `${config.base_url}/dashboard` },
    footer:
      'You get this because you are an administrator of this server. Each warning is sent once.',
  }
  return { subject: words.title, ...mailBody(words) }
}

function counted(count: number, one: string, many: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? one : many}`
}

function sentence(certificate: CertificateWarning): string {
  const { organization_name, display_name, connection_id, purpose, expires_at } = certificate
  const day = expires_at.toISOString().slice(0, 10)
  const connection = display_name === '' ? connection_id : `${display_name} (${connection_id})`
  const { days_left } = certificate
  const left = days_left === 1 ? 'in 1 day' : `in ${days_left} days`
  const when = days_left < 0 ? `ended on ${day}` : `ends on ${day}, ${left}`
  return `${organization_name}: ${whose[purpose]} ${when}. Connection ${connection}, fingerprint ${certificate.fingerprint.slice(0, 16)}.`
}
