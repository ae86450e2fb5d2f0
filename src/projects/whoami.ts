import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { findProject } from './projects.ts'

export const whoami = endpoint({
  method: 'GET',
  path: '/v1/debug/whoami',
  summary: 'Which project these credentials belong to',
  input: z.object({}),
  output: z.object({ project_id: z.string(), name: z.string() }),
  async run(_input, context) {
    const project = await findProject(context, context.project.project_id)
    return { project_id: project.project_id, name: project.project_name }
  },
})
