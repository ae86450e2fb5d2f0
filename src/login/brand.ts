/** A project's name, logo and colour on its login pages. */
import { html, type Markup } from '../http/html.ts'
import type { Project } from '../projects/projects.ts'

/** The line above the box: whose login page this is. */
export function projectBrand(project: Project, logo: boolean): Markup {
  const { project_name, project_slug } = project
  return html`<p class="project">${logo ? html`<img src="/logos/${project_slug}" alt=""> ` : ''}<span>${project_name}</span></p>`
}

/** The rules of the project's colour, with black or white upon it, whichever can be read (WCAG 2.2, 1.4.3). */
export function brandStyle({ project_color }: Project): string {
  if (!/^#[0-9a-f]{6}$/.test(project_color)) return ''
  const ink = luminance(project_color) > 0.179 ? '#000' : '#fff'
  return `.way.first, form button { background: ${project_color}; color: ${ink}; border-color: ${project_color}; }
.project { border-bottom: 4px solid ${project_color}; }`
}

/** Relative luminance as WCAG defines it, 0 to 1. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
