import type { ContainerState } from '../../container/state.ts'
import { humanAgo, humanDuration } from './human-duration.ts'

/** The STATUS column of ps: "Up 3 seconds (healthy)", "Exited (137) 2 minutes ago". */
export function statusText(state: ContainerState, nowMs: number): string {
  const { status, startedAt, finishedAt, exitCode } = state
  const since = humanDuration(nowMs - Date.parse(startedAt ?? ''))
  const ago = finishedAt === undefined ? '' : ` ${humanAgo(finishedAt, nowMs)}`
  switch (status) {
    case 'running':
      return `Up ${since}${healthText(state)}`
    case 'paused':
      return `Up ${since} (Paused)`
    case 'restarting':
      return `Restarting (${exitCode})${ago}`
    case 'exited':
      return `Exited (${exitCode})${ago}`
    case 'created':
      return 'Created'
    case 'dead':
      return 'Dead'
  }
}

function healthText({ health }: ContainerState): string {
  if (!health) return ''
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`
}
