import type { Project } from '../model/project.ts'

/** What a service's containers are made from: its image, or what is built for it. */
export function serviceImage({ name, services }: Project, service: string): string {
  return services[service]?.image ?? `${name}-${service}`
}

export function wantedCount(project: Project, service: string): number {
  const { scale, deploy } = project.services[service] ?? {}
  return scale ?? deploy?.replicas ?? 1
}

export function containerName(project: Project, service: string, number: number): string {
  return project.services[service]?.containerName ?? `${project.name}-${service}-${number}`
}
