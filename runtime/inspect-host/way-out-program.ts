import { accessSync, constants } from 'node:fs'
import { wayOutPrograms } from '../network/way-out.ts'
import { findProgram } from './doctor/probe-host.ts'

const device = '/dev/net/tun'

/** What would lead an ordinary user's containers out. */
export interface WayOutProgram {
  readonly name: (typeof wayOutPrograms)[number]
  readonly file: string
}

/**
 * The program that the launcher takes (native/shim/way-out.c).
 *
 * @param env PATH, and MYCONTAINER_WAY_OUT: the name of one of them, or `none`
 */
export function findWayOut(env: NodeJS.ProcessEnv): WayOutProgram | undefined {
  const wish = env['MYCONTAINER_WAY_OUT'] || undefined
  for (const name of wayOutPrograms) {
    if (wish !== undefined && wish !== name) continue
    const file = findProgram(name, env['PATH'] ?? '')
    if (file !== undefined) return { name, file }
  }
  return undefined
}

/** Why no such program can work for this user; undefined where one can. */
export function tunnelProblem(): string | undefined {
  try {
    accessSync(device, constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return isMissing ? `there is no ${device}` : `${device} is closed to this user`
  }
}
