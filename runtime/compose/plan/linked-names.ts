import type { Project } from '../model/project.ts'

/** What `links` of other services call this one. */
export function linkedNames({ services }: Project, name: string): string[] {
  const names = Object.values(services).flatMap(({ links = [] }) =>
    links.flatMap((link) => {
      const [target, as] = link.split(':')
      return target === name && as !== undefined ? [as] : []
    }),
  )
  return [...new Set(names)]
}
