/** The table of contents: every page of the dashboard, in the order of its menu. */
import { accountPages } from './admins-account.ts'
import { adminPages } from './admins-one.ts'
import { adminsPages } from './admins-pages.ts'
import { adminsSSOPages } from './admins-sso-pages.ts'
import { apiKeysPages } from './api-keys-pages.ts'
import { auditPages } from './audit-page.ts'
import { certificatesPages } from './certificates-pages.ts'
import { connectionsPages } from './connections-pages.ts'
import { eventsPages } from './events-pages.ts'
import { homePages } from './home-pages.ts'
import { loginsPages } from './logins-pages.ts'
import { mailPages } from './mail-pages.ts'
import { memberPages } from './member-pages.ts'
import { membersPages } from './members-pages.ts'
import { organizationActivity } from './organization-activity.ts'
import { organizationSettings } from './organization-details.ts'
import { organizationMembers } from './organization-members.ts'
import { organizationOverview } from './organization-overview.ts'
import { organizationPolicies } from './organization-policies.ts'
import { organizationSSO } from './organization-sso.ts'
import { organizationsPages } from './organizations-pages.ts'
import { projectsPages } from './projects-pages.ts'
import { redirectURLsPages } from './redirect-urls-pages.ts'
import { rolesPages } from './roles-pages.ts'
import { secretPages } from './secret-pages.ts'
import { settingsPages } from './settings-pages.ts'
import { setupLinksPages } from './setup-links-pages.ts'
import { signInPages } from './sign-in-confirm.ts'
import { testIdPPages } from './test-idp-pages.ts'
import type { DashboardPage } from './visit.ts'
import { webhooksPages } from './webhooks-pages.ts'

export const pages: readonly DashboardPage[] = [
  ...projectsPages,
  ...homePages,
  ...organizationsPages,
  ...organizationOverview,
  ...organizationSSO,
  ...setupLinksPages,
  ...organizationMembers,
  ...organizationPolicies,
  ...organizationActivity,
  ...organizationSettings,
  ...connectionsPages,
  ...loginsPages,
  ...mailPages,
  ...webhooksPages,
  ...eventsPages,
  ...membersPages,
  ...memberPages,
  ...rolesPages,
  ...redirectURLsPages,
  ...apiKeysPages,
  ...secretPages,
  ...settingsPages,
  ...testIdPPages,
  ...certificatesPages,
  ...adminsPages,
  ...adminsSSOPages,
  ...adminPages,
  ...auditPages,
  ...accountPages,
  ...signInPages,
]
