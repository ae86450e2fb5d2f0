/** The table of contents: every page of the dashboard, in the order of its menu. */
import { homePages } from './home-pages.ts'
import { projectsPages } from './projects-pages.ts'
import type { DashboardPage } from './visit.ts'

export const pages: readonly DashboardPage[] = [...projectsPages, ...homePages]
