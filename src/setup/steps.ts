/** The steps of the portal, in order: the choice, those of the guide, the test, the mapping, the end. */
import type { Guide } from './guides-shape.ts'

export interface Step {
  /** Its place in the portal's addresses, and in a link's progress. */
  id: string
  title: string
}

const choose: Step = { id: 'choose', title: 'Choose your identity provider' }
const last: readonly Step[] = [
  { id: 'test', title: 'Test the login' },
  { id: 'mapping', title: 'Check who people are' },
  { id: 'activate', title: 'Switch it on' },
]

/** The steps with this guide; without one, the choice and what will come after it. */
export function stepsOf(guide: Guide | null): Step[] {
  const own = guide?.steps.map(({ id, title }) => ({ id: `guide-${id}`, title })) ?? []
  return [choose, ...own, ...last]
}

/** The step after this one; the last has none. */
export function stepAfter(steps: readonly Step[], id: string): Step | undefined {
  return steps[steps.findIndex((step) => step.id === id) + 1]
}

/** Whether a step comes later than another. */
export function isLater(steps: readonly Step[], id: string, than: string): boolean {
  const at = (each: string) => steps.findIndex((step) => step.id === each)
  return at(id) > at(than)
}
