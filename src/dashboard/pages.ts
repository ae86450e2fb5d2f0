/** The table of contents: every page of the dashboard, in the order of its menu. */
import { apiKeysPages } from './api-keys-pages.ts'
import { homePages } from './home-pages.ts'
import { loginsPages } from './logins-pages.ts'
import { projectsPages } from './projects-pages.ts'
import { redirectURLsPages } from './redirect-urls-pages.ts'
import { secretPages } from './secret-pages.ts'
import type { DashboardPage } from './visit.ts'

export const pages: readonly DashboardPage[] = [
  ...projectsPages,
  ...homePages,
  ...loginsPages,
  ...redirectURLsPages,
  ...apiKeysPages,
  ...secretPages,
]
