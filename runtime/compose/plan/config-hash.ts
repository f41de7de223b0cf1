import { createHash } from 'node:crypto'
import { contentDigests } from '../act/contents.ts'
import { fileVariables, withFileLabels } from '../act/service-variables.ts'
import type { Project } from '../model/project.ts'
import { containerWords } from './container-words.ts'
import { linkedNames } from './linked-names.ts'
import { serviceImage } from './service-image.ts'

/** Changes when a service's containers have to be made anew: what `run` would be told, names of containers apart. */
export function configHash(project: Project, name: string): string {
  const service = project.services[name] ?? {}
  const words = containerWords(
    project,
    { ...service, labels: withFileLabels(project, service) },
    {
      service: name,
      container: '',
      linkedAs: linkedNames(project, name),
      containerOf: (other) => other,
      contents: contentDigests(project, service),
      keptVolumes: new Map(),
      fileVariables: fileVariables(project, service),
      labels: {},
      image: serviceImage(project, name),
    },
  )
  return createHash('sha256').update(JSON.stringify(words)).digest('hex')
}
