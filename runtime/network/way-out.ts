import { networkInterfaces } from 'node:os'

// What leads out of the network namespace of an ordinary user's containers: native/shim/way-out.h.

const wayOutInterface = 'tap0'
/** It passes questions on to the host's name servers, those on 127.0.0.1 included. */
export const wayOutNameServer = '10.0.2.3'

/** Programs that can be one, in the order in which they are looked for. */
export const wayOutPrograms = ['slirp4netns', 'pasta'] as const

/** Whether this process is in the network namespace of an ordinary user's containers, and that has one. */
export function hasWayOut(env: NodeJS.ProcessEnv = process.env): boolean {
  // Interfaces of that name may be anything elsewhere.
  if (env['MYCONTAINER_NETNS'] !== 'shared') return false
  return Object.hasOwn(networkInterfaces(), wayOutInterface)
}
