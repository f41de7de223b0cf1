import type { Container, Engine } from '../../cli/engine.ts'
import { label } from '../plan/labels.ts'

export interface ProjectContainer extends Container {
  readonly service: string
  readonly number: number
  /** Made by `compose run`. */
  readonly isOneOff: boolean
}

/** Those of one project, in the order of their services and numbers. */
export async function projectContainers(
  engine: Engine,
  project: string,
): Promise<ProjectContainer[]> {
  const all = await engine.list({ all: true, size: false })
  return all
    .filter(({ record }) => record.resolved.labels[label.project] === project)
    .map(describe)
    .toSorted((a, b) => a.service.localeCompare(b.service) || a.number - b.number)
}

export function describe(container: Container): ProjectContainer {
  const { labels } = container.record.resolved
  return {
    ...container,
    service: labels[label.service] ?? '',
    number: Number(labels[label.number] ?? 1),
    isOneOff: labels[label.oneOff] === 'True',
  }
}

const live = new Set(['running', 'paused', 'restarting'])
export const isLive = ({ state }: Container): boolean => live.has(state.status)
